;; Numbers of 128 bits: carries, borrows, signs.
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --cpu native
(module
  (func $expect (param i64 i64 i64 i64)
    (if (i64.ne (local.get 0) (local.get 2)) (then unreachable))
    (if (i64.ne (local.get 1) (local.get 3)) (then unreachable)))
  (func $add (param i64 i64 i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $sub (param i64 i64 i64 i64) (result i64 i64)
    (i64.sub128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $mul_s (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1)))
  (func $mul_u (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1)))
  ;; The low bits of 25!, a product of three words reduced to two.
  (func $factorial (param i64) (result i64 i64) (local $low i64) (local $high i64)
    (local.set $low (i64.const 1))
    (loop $next
      (i64.mul_wide_u (local.get $low) (local.get 0))
      (i64.add (i64.mul (local.get $high) (local.get 0)))
      local.set $high
      local.set $low
      (local.set 0 (i64.sub (local.get 0) (i64.const 1)))
      (br_if $next (i64.ne (local.get 0) (i64.const 0))))
    (local.get $low) (local.get $high))
  (func (export "_start")
    (call $expect (call $add (i64.const -1) (i64.const 0) (i64.const 1) (i64.const 0)) (i64.const 0) (i64.const 1))
    (call $expect (call $add (i64.const -1) (i64.const -1) (i64.const 1) (i64.const 0)) (i64.const 0) (i64.const 0))
    (call $expect (call $sub (i64.const 0) (i64.const 0) (i64.const 1) (i64.const 0)) (i64.const -1) (i64.const -1))
    (call $expect (call $sub (i64.const 0) (i64.const 1) (i64.const 1) (i64.const 0)) (i64.const -1) (i64.const 0))
    (call $expect (call $mul_s (i64.const -1) (i64.const -1)) (i64.const 1) (i64.const 0))
    (call $expect (call $mul_u (i64.const -1) (i64.const -1)) (i64.const 1) (i64.const -2))
    (call $expect (call $mul_s (i64.const 0x8000000000000000) (i64.const 2)) (i64.const 0) (i64.const -1))
    (call $expect (call $mul_u (i64.const 0x8000000000000000) (i64.const 2)) (i64.const 0) (i64.const 1))
    (call $expect (call $factorial (i64.const 25)) (i64.const 0x619fb0907bc00000) (i64.const 0x0cd4a0))))
