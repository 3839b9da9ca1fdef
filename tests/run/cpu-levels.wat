;; An executable starts where the CPU has what it was compiled for, and says so where not. (The Cortex-A53 has Armv8.0.)
;; STDOUT: here
;; RUN: wasmc --target aarch64
;; QEMU-CPU: cortex-a53
;; RUN: wasmc --target arm64 --cpu armv8.1-a
;; QEMU-CPU: max
;; RUN: wasmc --target aarch64-unknown-linux-gnu --cpu armv8.4-a
;; QEMU-CPU: max
;; RUN: wasmc --target aarch64-unknown-linux-musl --cpu armv8.6-a
;; QEMU-CPU: max
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\05\00\00\00here\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
