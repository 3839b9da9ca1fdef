;; The upper half of a table's index counts.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: undefined element
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: undefined element
(module
  (table i64 2 funcref)
  (elem (i64.const 0) func $one $one)
  (func $one)
  (func (export "_start") (call_indirect (i64.const 0x100000001))))
