;; One fd_write takes several pieces, also empty ones, and says how much it wrote; the exit status is that number.
;; RUN: wasmc
;; STDOUT: one two three
;; EXIT: 14
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\64\00\00\00\04\00\00\00" "\00\00\00\00\00\00\00\00" "\68\00\00\00\04\00\00\00" "\6c\00\00\00\06\00\00\00")
  (data (i32.const 100) "one two three\0a")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 40)))
    (call $proc_exit (i32.load (i32.const 40)))))
