;;! targets = "x86_64 aarch64"

;; No bounds check: the index and the constant base of the memory are all that the address needs. The key line is the
;; one `mov` with the base as displacement; a compare or a second load would be a mistake.
(module
  (memory 1)
  (func $load (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func $store (export "store") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
  (func $load_byte (export "load_byte") (param i32) (result i32) (i32.load8_s (local.get 0))))
