;; Nothing of the environment is granted by default.
;; ENV: SECRET=42
;; ENV: HOME=/root
;; RUN: wasmc
;; EXIT: 0
(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\ff\ff\ff\ff\ff\ff\ff\ff")
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (call $proc_exit (i32.or (i32.load (i32.const 0)) (i32.load (i32.const 4))))))
