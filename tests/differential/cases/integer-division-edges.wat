;; Division and remainder at the edges: by 0, of the smallest number by -1, by constants that become multiplications.
(module
  (func (export "div_s32") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "div_u32") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func (export "rem_s32") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (export "rem_u32") (param i32 i32) (result i32) (i32.rem_u (local.get 0) (local.get 1)))
  (func (export "div_s64") (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))
  (func (export "rem_s64") (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1)))
  (func (export "rem_minus_one") (param i32) (result i32) (i32.rem_s (local.get 0) (i32.const -1)))
  (func (export "div_minus_one") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const -1)))
  (func (export "div_seven") (param i64) (result i64) (i64.div_s (local.get 0) (i64.const 7)))
  (func (export "both") (param i32 i32) (result i32 i32)
    (i32.div_s (local.get 0) (local.get 1))
    (i32.rem_s (local.get 0) (local.get 1))))
