;; A WASI function answers a pointer outside of the memory with EFAULT (21); it neither traps nor writes.
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\00\ff\00\00\00\02\00\00")
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    ;; The buffer reaches beyond the end.
    (call $expect (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)) (i32.const 21))
    ;; The list lies beyond the end.
    (call $expect (call $fd_write (i32.const 1) (i32.const 65532) (i32.const 1) (i32.const 16)) (i32.const 21))
    (call $expect (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 16)) (i32.const 21))
    (call $expect (call $random (i32.const 65535) (i32.const 2)) (i32.const 21))
    (call $expect (call $random (i32.const -1) (i32.const 2)) (i32.const 21))
    (call $expect (call $sizes (i32.const 0) (i32.const 65533)) (i32.const 21))
    (call $expect (call $random (i32.const 65535) (i32.const 1)) (i32.const 0))))
