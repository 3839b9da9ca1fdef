;; Standard output, in every way to compile that changes code.
;; STDOUT: Hello, world!
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc -O1
;; RUN: wasmc -Os
;; RUN: wasmc --bounds-checks=explicit
;; RUN: wasmc --cpu native
;; RUN: wasmc --max-memory 65536
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\0e\00\00\00Hello, world!\0a")
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24)))))
