;; A function that is invoked runs in the first thread's instance: its globals are not those of what runs before it.
;; RUN: wasmc --invoke main
;; STDOUT: 999002
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "env" "memory" (memory 1 2 shared))
  (export "memory" (memory 0))
  (global $sum (mut i32) (i32.const 1))
  (func $add (param i32) (global.set $sum (i32.add (global.get $sum) (local.get 0))))
  (func $work (local $number i32)
    (loop $next
      (call $add (local.get $number))
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (br_if $next (i32.ne (local.get $number) (i32.const 1000)))))
  (func (export "wasi_thread_start") (param i32 i32)
    (call $work)
    (i32.atomic.store (i32.const 8) (global.get $sum))
    (drop (memory.atomic.notify (i32.const 8) (i32.const 1))))
  (func (export "main") (result i32)
    (call $work)
    (drop (call $spawn (i32.const 0)))
    (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1)))
    (i32.add (i32.atomic.load (i32.const 8)) (global.get $sum))))
