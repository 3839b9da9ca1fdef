;; Memories that are counted in bytes: contents up to the last one, growth by single ones.
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --bounds-checks=explicit
(module
  (memory $m 100000 100010 (pagesize 1))
  (memory $empty 0 (pagesize 1))
  (data (memory $m) (i32.const 99996) "last")
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    (call $expect (memory.size $m) (i32.const 100000))
    (call $expect (i32.load $m (i32.const 99996)) (i32.const 0x7473616c))
    (call $expect (memory.grow $m (i32.const 10)) (i32.const 100000))
    (call $expect (memory.grow $m (i32.const 1)) (i32.const -1))
    (call $expect (memory.grow $m (i32.const -1)) (i32.const -1))
    (call $expect (i32.load16_u $m (i32.const 100008)) (i32.const 0))
    (call $expect (memory.size $empty) (i32.const 0))
    (call $expect (memory.grow $empty (i32.const 1)) (i32.const 0))
    (i32.store8 $empty (i32.const 0) (i32.const 7))
    (call $expect (i32.load8_u $empty (i32.const 0)) (i32.const 7))))
