;;! targets = "x86_64 aarch64"

;; The comparison is the branch's condition: no `setcc`, no test of its result, also through `i32.eqz`.
(module
  (func $is_less (export "is_less") (param i32 i32) (result i32)
    (if (result i32) (i32.eqz (i32.ge_u (local.get 0) (local.get 1))) (then (i32.const 10)) (else (i32.const 20)))))
