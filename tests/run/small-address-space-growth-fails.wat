;; A memory that cannot grow because address space is short says so to the program, and goes on.
;; RUN: wasmc --bounds-checks=explicit
;; ADDRESS-SPACE: 400000
;; EXIT: 1
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.ne (memory.grow (i32.const 16384)) (i32.const -1)) (then unreachable))
    (i32.store (i32.const 65532) (i32.const 1))
    (call $proc_exit (i32.load (i32.const 65532)))))
