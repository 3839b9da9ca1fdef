;; A call through a null reference is a trap.
;; RUN: wasmc
;; STDERR: wasmc: trap: null reference
;; EXIT: 134
(module
  (type $none (func))
  (table 1 (ref null $none))
  (func (export "_start") (call_ref $none (table.get (i32.const 0)))))
