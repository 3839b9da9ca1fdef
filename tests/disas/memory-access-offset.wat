;;! targets = "x86_64 aarch64"

;; A constant offset is folded into the displacement, with the base; so is a constant address. An offset too large for
;; that costs one addition.
(module
  (memory 1)
  (func $field (export "field") (param i32) (result i32) (i32.load offset=16 (local.get 0)))
  (func $constant (export "constant") (result i32) (i32.load offset=8 (i32.const 1024)))
  (func $far (export "far") (param i32) (result i32) (i32.load offset=0x90000000 (local.get 0)))
  (func $two_fields (export "two_fields") (param i32) (result i32)
    (i32.add (i32.load offset=4 (local.get 0)) (i32.load offset=8 (local.get 0)))))
