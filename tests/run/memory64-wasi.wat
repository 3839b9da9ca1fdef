;; WASI preview 1 has 32-bit pointers. To a program whose memory has 64-bit indices they mean its first 4 GiB, and what
;; is not inside of the memory is EFAULT (21), as ever.
;; STDOUT: low
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") i64 1 0x20000)
  (data (i64.const 0) "\10\00\00\00\04\00\00\00")
  (data (i64.const 16) "low\n")
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    (call $expect (call $random (i32.const 65535) (i32.const 2)) (i32.const 21))
    (call $expect (call $random (i32.const -1) (i32.const 1)) (i32.const 21))
    (call $expect (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 65533)) (i32.const 21))
    ;; With 5 GiB every pointer is inside; the last one's bytes go beyond 4 GiB and no others are written.
    (drop (memory.grow (i64.const 0x13fff)))
    (call $expect (call $random (i32.const -1) (i32.const 64)) (i32.const 0))
    (call $expect (i64.eqz (i64.load (i64.const 0x100000008))) (i32.const 0))
    (call $expect (i32.load (i64.const 0)) (i32.const 16))
    (call $expect (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)) (i32.const 0))))
