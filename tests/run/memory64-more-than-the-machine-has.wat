;; A maximum and a limit beyond all addresses reserve nothing: accesses are compared with the size.
;; RUN: wasmc --max-memory 1048576G
(module
  (memory i64 1)
  (memory $large i64 1 0x1000000000000)
  (func $expect (param i64 i64) (if (i64.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    (call $expect (memory.grow (i64.const 0x1000000000)) (i64.const -1))
    (call $expect (memory.grow $large (i64.const 0x1000000000)) (i64.const -1))
    (call $expect (memory.grow $large (i64.const 1)) (i64.const 1))
    (i64.store $large (i64.const 0x1fff8) (i64.const 7))
    (call $expect (i64.load $large offset=0x1fff0 (i64.const 8)) (i64.const 7))))
