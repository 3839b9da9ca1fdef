;; Lists of millions cost the host nothing: address space for the memory, the stack and little else is enough.
;; ADDRESS-SPACE: 84000
;; (The CPU is named so that this does not run in an emulator, which needs more than that for itself.)
;; RUN: wasmc --bounds-checks=explicit --cpu native
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1024 1024)
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    ;; The memory is zero: 8,388,608 empty buffers; 500,000 clocks, all of which have come.
    (call $expect (call $fd_write (i32.const 2) (i32.const 0) (i32.const 0x800000) (i32.const 0)) (i32.const 0))
    (call $expect
      (call $poll (i32.const 0) (i32.const 0x2000000) (i32.const 500000) (i32.const 0x3fffff0)) (i32.const 0))
    (call $expect (i32.load (i32.const 0x3fffff0)) (i32.const 500000))
    (call $expect (call $random (i32.const 0) (i32.const 0x4000000)) (i32.const 0))
    (call $expect (call $random (i32.const 0) (i32.const 0x4000001)) (i32.const 21))))
