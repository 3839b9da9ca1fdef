;; Ends with 1 + 2 + 3 + 4 + 5, half of 8, and how often a function was called, which is 2.
(module
  (import "native" "sum" (func $sum (param i32 i32) (result i64)))
  (import "native" "half" (func $half (param f64) (result f64)))
  (import "native" "count" (func $count (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (table funcref (elem $count))
  (memory (export "memory") 1)
  (data (i32.const 16) "\01\02\03\04\05")
  (func (export "_start")
    (drop (call $count))
    (if (i64.ne (call $sum (i32.const 65535) (i32.const 2)) (i64.const -1)) (then (unreachable)))
    (call $exit (i32.add
      (i32.add (i32.wrap_i64 (call $sum (i32.const 16) (i32.const 5))) (i32.trunc_f64_s (call $half (f64.const 8))))
      (call_indirect (result i32) (i32.const 0))))))
