;;! targets = "x86_64 aarch64"

;; Division traps by itself on zero; only signed division needs a compare for the overflow. By a constant there is no
;; division.
(module
  (func $unsigned (export "unsigned") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func $signed (export "signed") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $by_ten (export "by_ten") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10))))
