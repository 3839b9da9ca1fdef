;; A module without memory or tables; WASI functions have nothing to read from, and say so (EFAULT or EINVAL), or
;; succeed.
;; RUN: wasmc
;; EXIT: 5
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (func (export "_start") (call $proc_exit (i32.const 5))))
