;; Growing gives the old size, zeroed pages at the end, and keeps what was there; beyond the maximum it gives -1.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
;; RUN: wasmc -O0
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1 10)
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    (i32.store (i32.const 65532) (i32.const 0x12345678))
    (call $expect (memory.grow (i32.const 3)) (i32.const 1))
    (call $expect (memory.size) (i32.const 4))
    (call $expect (i32.load (i32.const 65532)) (i32.const 0x12345678))
    (call $expect (i32.load (i32.const 65536)) (i32.const 0))
    (call $expect (i32.load (i32.const 262140)) (i32.const 0))
    (i32.store (i32.const 262140) (i32.const 42))
    (call $expect (memory.grow (i32.const 7)) (i32.const -1))
    (call $expect (memory.grow (i32.const 0)) (i32.const 4))
    (call $expect (memory.grow (i32.const 6)) (i32.const 4))
    (call $expect (memory.grow (i32.const 1)) (i32.const -1))
    (call $expect (memory.grow (i32.const -1)) (i32.const -1))
    (call $proc_exit (i32.load (i32.const 262140)))))
