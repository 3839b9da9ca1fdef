;; A thread for whose stack there is no room is not started, and that is a negative result; the program goes on.
;; EXIT: 43
;; ADDRESS-SPACE: 1200000
;; RUN: wasmc --bounds-checks=explicit --stack-size 700M
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func (export "wasi_thread_start") (param i32 i32))
  (func (export "_start")
    (if (i32.ge_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
    (if (i32.ge_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
    (call $exit (i32.const 43))))
