;;! targets = "x86_64 aarch64"

;; One instruction for each operator; the second operand is loaded first, as unaligned vectors cannot be operands before
;; AVX.
(module
  (memory 1)
  (func $add (export "add") (param v128 v128) (result v128) (i32x4.add (local.get 0) (local.get 1)))
  (func $add_memory (export "add_memory") (param i32) (v128.store (local.get 0) (f32x4.add (v128.load (local.get 0)) (v128.load offset=16 (local.get 0))))))
