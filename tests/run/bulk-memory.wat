;; memory.copy of overlapping ranges in both directions, and memory.fill.
;; STDOUT: ababcdefgh
;; STDOUT: cdefghghgh
;; STDOUT: ---
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
;; RUN: wasmc -O0
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "abcdefgh")
  (func $print (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (i32.store8 (i32.add (local.get $at) (i32.sub (local.get $length) (i32.const 1))) (i32.const 10))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (memory.copy (i32.const 102) (i32.const 100) (i32.const 8))
    (call $print (i32.const 100) (i32.const 11))
    (memory.copy (i32.const 100) (i32.const 104) (i32.const 6))
    (memory.copy (i32.const 106) (i32.const 104) (i32.const 2))
    (call $print (i32.const 100) (i32.const 11))
    (memory.fill (i32.const 200) (i32.const 0x1ff2d) (i32.const 4))
    (call $print (i32.const 200) (i32.const 4))))
