;;! targets = "x86_64 aarch64"

;; A direct call is one `call` of the function; arguments and results are in registers, up to eight results too.
(module
  (func $callee (export "callee") (param i32 i64) (result i64) (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))
  (func $caller (export "caller") (param i32) (result i64) (call $callee (local.get 0) (i64.const 5)))
  (func $swap (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
  (func $swap_twice (export "swap_twice") (param i32 i32) (result i32 i32) (call $swap (call $swap (local.get 0) (local.get 1)))))
