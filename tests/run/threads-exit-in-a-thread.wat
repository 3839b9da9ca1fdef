;; `proc_exit` of a thread ends the process, whatever the others do, and there is no report.
;; RUN: wasmc
;; EXIT: 3
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func $forever (loop (br 0)))
  (func $sleep (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))))
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (if (i32.eq (local.get $argument) (i32.const 1)) (then (call $sleep)))
    (if (i32.eq (local.get $argument) (i32.const 0)) (then (call $forever)))
    (call $exit (i32.const 3)))
  ;; Starts three, and waits until they run.
  (func $start
    (local $n i32)
    (loop $again
      (if (i32.lt_s (call $spawn (local.get $n)) (i32.const 1)) (then unreachable))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3))))
    (loop $wait (br_if $wait (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 3)))))
  (func (export "_start")
    (call $start)
    (call $sleep)))
