;; As many threads at a time as `--max-threads` says; one more is a negative result, and when one has ended there is room
;; again.
;; RUN: wasmc --max-threads 2
;; EXIT: 42
;; RUN: wasmc --max-threads 0
;; EXIT: 43
;; RUN: wasmc --max-threads 70000
;; COMPILE-FAIL: 2
;; STDERR: {{.*}}70000{{.*}}
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func (export "wasi_thread_start") (param $thread i32) (param i32)
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
  (func (export "_start")
    (if (i32.lt_s (call $spawn (i32.const 0)) (i32.const 0)) (then (call $exit (i32.const 43))))
    (if (i32.lt_s (call $spawn (i32.const 0)) (i32.const 1)) (then unreachable))
    (if (i32.ge_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
    (i32.atomic.store (i32.const 0) (i32.const 1))
    (drop (memory.atomic.notify (i32.const 0) (i32.const -1)))
    (loop $again (br_if $again (i32.lt_s (call $spawn (i32.const 0)) (i32.const 0))))
    (call $exit (i32.const 42))))
