;; Recursion that is deep, but fits into the default stack of 8 MiB: 50 000 calls.
;; RUN: wasmc
;; EXIT: 42
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $count (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $count (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (i32.const 0))))
  (func (export "_start") (call $proc_exit (i32.sub (call $count (i32.const 50042)) (i32.const 50000)))))
