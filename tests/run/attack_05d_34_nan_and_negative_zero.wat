;; Bits of floats: what moves them keeps them, what computes makes a NaN quiet, and zero has a sign.
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --cpu x86-64
;; RUN: wasmc --cpu native
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "\01\00\a0\7f")
  (data (i32.const 16) "\01\00\00\00\00\00\f4\7f")
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func $bits (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))
  (func (export "_start")
    (local $nan f32)
    ;; A signalling NaN, moved.
    (local.set $nan (f32.load (i32.const 0)))
    (f32.store (i32.const 4) (local.get $nan))
    (call $expect (i32.load (i32.const 4)) (i32.const 0x7fa00001))
    (call $expect (call $bits (f32.neg (local.get $nan))) (i32.const 0xffa00001))
    (call $expect (call $bits (f32.copysign (local.get $nan) (f32.const -1))) (i32.const 0xffa00001))
    (f64.store (i32.const 24) (f64.load (i32.const 16)))
    (call $expect (i64.eq (i64.load (i32.const 24)) (i64.const 0x7ff4000000000001)) (i32.const 1))
    ;; Computed with, it is quiet.
    (call $expect (i32.and (call $bits (f32.add (local.get $nan) (f32.const 1))) (i32.const 0x7fc00000))
                  (i32.const 0x7fc00000))
    (call $expect (i32.and (call $bits (f32.min (local.get $nan) (f32.const 1))) (i32.const 0x7fc00000))
                  (i32.const 0x7fc00000))
    (call $expect (i32.and (call $bits (f32.ceil (local.get $nan))) (i32.const 0x7fc00000)) (i32.const 0x7fc00000))
    (call $expect (i32.and (call $bits (f32.demote_f64 (f64.load (i32.const 16)))) (i32.const 0x7fc00000))
                  (i32.const 0x7fc00000))
    ;; Zero.
    (call $expect (call $bits (f32.neg (f32.const 0))) (i32.const 0x80000000))
    (call $expect (call $bits (f32.min (f32.const 0) (f32.const -0))) (i32.const 0x80000000))
    (call $expect (call $bits (f32.max (f32.const 0) (f32.const -0))) (i32.const 0))
    (call $expect (call $bits (f32.mul (f32.const -1) (f32.const 0))) (i32.const 0x80000000))
    (call $expect (call $bits (f32.sub (f32.const 0) (f32.const 0))) (i32.const 0))
    (call $expect (call $bits (f32.ceil (f32.const -0.5))) (i32.const 0x80000000))
    ;; Subnormals are not flushed.
    (call $expect (call $bits (f32.mul (f32.reinterpret_i32 (i32.const 1)) (f32.const 3))) (i32.const 3))))
