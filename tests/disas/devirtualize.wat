;;! targets = "x86_64 aarch64"

;; In a table that never changes one function only has the type of the call: it is called if the index is its own, and
;; replaces the call, being small. Otherwise the call would trap, and does.
(module
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $two $square))
  (func $square (type $unary) (i32.mul (local.get 0) (local.get 0)))
  (func $two (result i32) (i32.const 2))
  (func $apply (export "apply") (param i32 i32) (result i32) (call_indirect (type $unary) (local.get 1) (local.get 0))))
