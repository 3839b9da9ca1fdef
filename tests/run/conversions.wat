;; Saturating conversions never trap; exact ones do not at the edges.
;; RUN: wasmc
;; RUN: wasmc -O0
(module
  (memory 1)
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func $nan (result f64) (f64.load (i32.const 0)))
  (data (i32.const 0) "\00\00\00\00\00\00\f8\7f")
  (func (export "_start")
    (call $expect (i32.trunc_sat_f64_s (call $nan)) (i32.const 0))
    (call $expect (i32.trunc_sat_f64_u (f64.sub (f64.const -1e300) (f64.const 0))) (i32.const 0))
    (call $expect (i32.trunc_sat_f64_s (f64.const 1e300)) (i32.const 0x7fffffff))
    (call $expect (i32.trunc_f64_s (f64.const -2147483648.9)) (i32.const 0x80000000))
    (call $expect (i32.trunc_f64_u (f64.const 4294967295.9)) (i32.const -1))
    (call $expect (i32.trunc_f64_u (f64.const -0.9)) (i32.const 0))
    (call $expect (i32.extend8_s (i32.const 0x180)) (i32.const -128))))
