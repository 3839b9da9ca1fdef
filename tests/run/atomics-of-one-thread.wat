;; Shared memories and waiting need no second thread: a timeout, a value that differs, nobody to wake; growth.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
;; RUN: wasmc -O0
(module
  (import "env" "memory" (memory 1 3 shared))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory $own 1)
  (func (export "_start")
    (if (i32.ne (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 1000)) (i32.const 2)) (then unreachable))
    (if (i32.ne (memory.atomic.wait64 (i32.const 8) (i64.const 1) (i64.const -1)) (i32.const 1)) (then unreachable))
    (if (i32.ne (memory.atomic.wait64 (i32.const 8) (i64.const 0) (i64.const 0)) (i32.const 2)) (then unreachable))
    (if (memory.atomic.notify (i32.const 8) (i32.const -1)) (then unreachable))
    (if (memory.atomic.notify $own (i32.const 8) (i32.const -1)) (then unreachable))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const 1)) (then unreachable))
    (if (i32.ne (memory.grow (i32.const 2)) (i32.const -1)) (then unreachable))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const 2)) (then unreachable))
    (if (i32.ne (memory.size) (i32.const 3)) (then unreachable))
    (i64.atomic.store (i32.const 0x2fff8) (i64.const 0x1122334455667788))
    (if (i32.ne (i32.atomic.rmw8.cmpxchg_u (i32.const 0x2ffff) (i32.const 0xf11) (i32.const 0x199)) (i32.const 0x11))
      (then unreachable))
    (if (i64.ne (i64.atomic.load (i32.const 0x2fff8)) (i64.const 0x9922334455667788)) (then unreachable))
    (atomic.fence)
    (call $exit (i32.const 42))))
