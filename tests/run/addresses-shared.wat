;; An access at the address of an earlier one reaches what it should, also where the sum of index and constant wraps.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --disable-pass share-addresses
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $equal (param $is i32) (param $shall i32)
    (if (i32.ne (local.get $is) (local.get $shall)) (then (unreachable))))
  ;; The second at the address of the first.
  (func $up (param $i i32) (result i32)
    (i32.add
      (i32.load (i32.add (local.get $i) (i32.const 8)))
      (i32.load offset=4 (i32.add (local.get $i) (i32.const 12)))))
  ;; The second would be before the memory.
  (func $down (param $i i32) (result i32)
    (i32.add (i32.load (i32.add (local.get $i) (i32.const 8))) (i32.load (i32.add (local.get $i) (i32.const 4)))))
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 32))
    (i32.store (i32.const 4) (i32.const 6))
    (call $equal (call $up (i32.const -8)) (i32.const 32))
    (call $equal (call $up (i32.const -4)) (i32.const 6))
    (call $equal (call $down (i32.const -4)) (i32.const 38))
    (call $proc_exit (i32.const 42))))
