;; A trap of a thread ends the process while the first one waits; the report says whose it is.
;; RUN: wasmc
;; EXIT: 134
;; STDERR: wasmc: trap: integer divide by zero
;; STDERR: wasm backtrace of thread 3:
;; STDERR: {{.*}}wasi_thread_start
;; STDERR-NOT: _start{{.*}}
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (func $forever (loop (br 0)))
  (func $sleep (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))))
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (if (i32.ne (local.get $argument) (i32.const 2)) (then (call $forever)))
    (drop (i32.div_u (i32.const 1) (i32.const 0))))
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
