;; Copies standard input to standard output, seven bytes at a time.
;; STDIN: The quick brown fox
;; STDIN:
;; STDIN: jumps over the lazy dog.
;; STDOUT: The quick brown fox
;; STDOUT:
;; STDOUT: jumps over the lazy dog.
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (loop $next
      (i32.store (i32.const 4) (i32.const 7))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.load (i32.const 8))
        (then
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (br $next))))))
