;; 10,000 threads one after the other, in address space for a dozen: each gives its own back when it ends.
;; (For this machine only: QEMU 7.2 keeps what it notes of addresses that a program has had, until it has no room.)
;; EXIT: 42
;; ADDRESS-SPACE: 4000000
;; RUN: wasmc --cpu native --bounds-checks=explicit
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  ;; A table that can grow and an exception have mappings of their own.
  (tag $caught)
  (table $growing 1 1000 externref)
  (func (export "wasi_thread_start") (param i32) (param $argument i32)
    (drop (table.grow $growing (ref.null extern) (i32.const 100)))
    (block $done (try_table (catch $caught $done) (throw $caught)))
    (i32.atomic.store (i32.const 0) (local.get $argument))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "_start")
    (local $n i32) (local $tries i32)
    (loop $next
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (local.set $tries (i32.const 0))
      ;; The one before may not be gone quite yet.
      (loop $try
        (if (i32.lt_s (call $spawn (local.get $n)) (i32.const 0))
          (then
            (drop (call $yield))
            (br_if $try (i32.lt_u (local.tee $tries (i32.add (local.get $tries) (i32.const 1))) (i32.const 10000)))
            unreachable)))
      (loop $wait
        (drop (memory.atomic.wait32 (i32.const 0) (i32.sub (local.get $n) (i32.const 1)) (i64.const -1)))
        (br_if $wait (i32.ne (i32.atomic.load (i32.const 0)) (local.get $n))))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 10000))))
    (call $exit (i32.const 42))))
