;; Descriptors that are not open give EBADF (8).
;; RUN: wasmc
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $expect_bad (param i32) (if (i32.ne (local.get 0) (i32.const 8)) (then unreachable)))
  (func (export "_start")
    (call $expect_bad (call $fd_write (i32.const 99) (i32.const 0) (i32.const 0) (i32.const 16)))
    (call $expect_bad (call $fd_write (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 16)))
    (call $expect_bad (call $fd_read (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 16)))
    ;; What programs look for directories with.
    (call $expect_bad (call $fd_prestat_get (i32.const 3) (i32.const 0)))
    (if (call $fd_close (i32.const 1)) (then unreachable))
    (call $expect_bad (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 16)))
    (call $expect_bad (call $fd_close (i32.const 1)))))
