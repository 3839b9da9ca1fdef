;; A memory of more than 4 GiB, which --max-memory allows: every 64-bit index is a place of its own.
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --bounds-checks=explicit
;; RUN: wasmc --max-memory 128G
(module
  (memory (export "memory") i64 1)
  (func $expect (param i64 i64) (if (i64.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    (call $expect (memory.grow (i64.const 0x1ffff)) (i64.const 1))
    (call $expect (memory.size) (i64.const 0x20000))
    (i64.store (i64.const 0x10) (i64.const 1))
    (i64.store (i64.const 0x100000010) (i64.const 2))
    (i64.store offset=0x100000000 (i64.const 0x80000010) (i64.const 3))
    (i64.store (i64.const 0x1fffffff8) (i64.const 4))
    (call $expect (i64.load (i64.const 0x10)) (i64.const 1))
    (call $expect (i64.load offset=0x100000010 (i64.const 0)) (i64.const 2))
    (call $expect (i64.load (i64.const 0x180000010)) (i64.const 3))
    (call $expect (i64.load offset=0x1fffffff0 (i64.const 8)) (i64.const 4))
    ;; Bulk operations across 4 GiB.
    (memory.fill (i64.const 0xfffffffe) (i32.const 0xff) (i64.const 4))
    (call $expect (i64.load (i64.const 0xfffffffc)) (i64.const 0x0000ffffffff0000))
    (memory.copy (i64.const 0x1fffffff8) (i64.const 0xfffffffc) (i64.const 8))
    (call $expect (i64.load (i64.const 0x1fffffff8)) (i64.const 0x0000ffffffff0000))))
