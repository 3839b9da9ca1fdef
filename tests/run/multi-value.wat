;; Several results of functions, blocks, loops and branches.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc -O0
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $pair (param i32) (result i32 i64) (local.get 0) (i64.const 5))
  (func $many (result i32 i64 f32 f64 i32 i32 i32 i32 i32 i32 i32 i32)
    (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4) (i32.const 5) (i32.const 6)
    (i32.const 7) (i32.const 8) (i32.const 9) (i32.const 10) (i32.const 11) (i32.const 12))
  (func $sum (result i32) (local i32 i64 f32 f64)
    (call $many)
    (i32.add) (i32.add) (i32.add) (i32.add) (i32.add) (i32.add) (i32.add) (local.set 0)
    (local.set 3) (local.set 2) (local.set 1)
    (i32.add (local.get 0))
    (i32.add (i32.wrap_i64 (local.get 1)))
    (i32.add (i32.trunc_f32_s (local.get 2)))
    (i32.add (i32.trunc_f64_s (local.get 3))))
  (func (export "_start") (local $count i32)
    ;; 78 - 36 = 42
    (call $sum)
    (i32.const 6) (i32.const 0)
    (loop $next (param i32 i32) (result i32)
      (i32.add)
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (i32.const 6)
      (br_if $next (i32.lt_u (local.get $count) (i32.const 5)))
      (i32.add))
    (call $pair)
    (i32.wrap_i64) (i32.const 5) (i32.sub) (i32.add)
    (i32.sub)
    (call $proc_exit)))
