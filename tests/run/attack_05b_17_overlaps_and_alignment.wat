;; Buffers may overlap their own list and the place of the result, and need no alignment. What reaches beyond the end is
;; a fault until the memory grows.
;; STDIN: 0123456789abcdef0123456789ABCDEF
;; STDOUT: done
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  ;; A list of one buffer at 8: the 16 bytes from 8 on, so itself, and what is behind it.
  (data (i32.const 8) "\08\00\00\00\10\00\00\00")
  ;; At an odd address: two buffers that overlap, {41, 4} and {43, 4}.
  (data (i32.const 65) "\29\00\00\00\04\00\00\00\2b\00\00\00\04\00\00\00")
  (data (i32.const 128) "\88\00\00\00\05\00\00\00done\0a")
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    ;; The count is written last, into the buffer.
    (call $expect (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 12)) (i32.const 0))
    (call $expect (i32.load (i32.const 8)) (i32.const 0x33323130))
    (call $expect (i32.load (i32.const 12)) (i32.const 16))
    (call $expect (i32.load (i32.const 20)) (i32.const 0x66656463))
    ;; The second buffer's bytes come later; the count at an odd address.
    (call $expect (call $fd_read (i32.const 0) (i32.const 65) (i32.const 2) (i32.const 97)) (i32.const 0))
    (call $expect (i32.load (i32.const 97)) (i32.const 8))
    (call $expect (i32.load16_u (i32.const 41)) (i32.const 0x3130))
    (call $expect (i32.load (i32.const 43)) (i32.const 0x37363534))
    (call $expect (call $time (i32.const 0) (i64.const 0) (i32.const 1001)) (i32.const 0))
    ;; Growing.
    (call $expect (call $random (i32.const 65530) (i32.const 12)) (i32.const 21))
    (call $expect (call $time (i32.const 0) (i64.const 0) (i32.const 65532)) (i32.const 21))
    (call $expect (memory.grow (i32.const 1)) (i32.const 1))
    (call $expect (call $random (i32.const 65530) (i32.const 12)) (i32.const 0))
    (call $expect (call $time (i32.const 0) (i64.const 0) (i32.const 65532)) (i32.const 0))
    (call $expect (call $random (i32.const 131066) (i32.const 12)) (i32.const 21))
    (call $expect (call $fd_write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 0)) (i32.const 0))))
