;; Conversions between floats and integers: traps at the edges, saturation, rounding, and what minimum and maximum do with NaN
;; and zero.
(module
  (func (export "i32.trunc_f32_s") (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
  (func (export "i32.trunc_f64_u") (param f64) (result i32) (i32.trunc_f64_u (local.get 0)))
  (func (export "i64.trunc_f64_s") (param f64) (result i64) (i64.trunc_f64_s (local.get 0)))
  (func (export "i64.trunc_f32_u") (param f32) (result i64) (i64.trunc_f32_u (local.get 0)))
  (func (export "i32.trunc_sat_f64_s") (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0)))
  (func (export "i64.trunc_sat_f32_u") (param f32) (result i64) (i64.trunc_sat_f32_u (local.get 0)))
  (func (export "f32.convert_i64_u") (param i64) (result f32) (f32.convert_i64_u (local.get 0)))
  (func (export "f64.convert_i64_u") (param i64) (result f64) (f64.convert_i64_u (local.get 0)))
  (func (export "edge_below") (result i32) (i32.trunc_f64_s (f64.const -2147483648.9)))
  (func (export "edge_beyond") (result i32) (i32.trunc_f64_s (f64.const -2147483649)))
  (func (export "minus_almost_one") (result i32) (i32.trunc_f32_u (f32.const -0.99)))
  (func (export "min_zero") (result i32) (i32.reinterpret_f32 (f32.min (f32.const 0) (f32.const -0))))
  (func (export "max_zero") (result i32) (i32.reinterpret_f32 (f32.max (f32.const -0) (f32.const 0))))
  (func (export "copysign") (param f64 f64) (result f64) (f64.copysign (local.get 0) (local.get 1)))
  (func (export "nearest") (result f64) (f64.nearest (f64.const -2.5))))
