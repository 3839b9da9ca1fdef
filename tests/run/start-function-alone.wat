;; A module whose start function does all needs no `_start`.
;; RUN: wasmc
;; EXIT: 42
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $main (call $proc_exit (i32.const 42)))
  (start $main))
