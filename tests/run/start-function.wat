;; The start function runs before `_start`, after the segments.
;; RUN: wasmc
;; EXIT: 42
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\28")
  (func $first (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 2))))
  (start $first)
  (func (export "_start") (call $proc_exit (i32.load (i32.const 8)))))
