;;! targets = "x86_64 aarch64"

;; A conditional move, no branch; the comparison is not made into a number first.
(module
  (func $maximum (export "maximum") (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.gt_s (local.get 0) (local.get 1))))
  (func $floats (export "floats") (param f64 f64 i32) (result f64) (select (local.get 0) (local.get 1) (local.get 2))))
