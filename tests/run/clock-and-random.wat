;; The clock does not stand still or go back, and random bytes are not all zero; the exit status has a bit for each that
;; fails.
;; RUN: wasmc
;; EXIT: 0
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 0)))
    (drop (call $yield))
    (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 8)))
    (drop (call $clock (i32.const 0) (i64.const 0) (i32.const 16)))
    (drop (call $random (i32.const 32) (i32.const 16)))
    (call $proc_exit
      (i32.or
        (i64.le_u (i64.load (i32.const 8)) (i64.load (i32.const 0)))
        (i32.or
          ;; Not before 2020.
          (i32.shl (i64.lt_u (i64.load (i32.const 16)) (i64.const 1577836800000000000)) (i32.const 1))
          (i32.shl (i64.eqz (i64.or (i64.load (i32.const 32)) (i64.load (i32.const 40)))) (i32.const 2)))))))
