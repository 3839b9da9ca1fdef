;;! targets = "x86_64 aarch64"

;; A table that changes: the index is compared with its size, the entry is loaded, its type compared with a constant,
;; and what is left of it is the address. Null has no type, so that one compare finds both null and a wrong type.
(module
  (type $t (func (param i32) (result i32)))
  (table $table 4 funcref)
  (elem (i32.const 0) $double $square)
  (func $double (type $t) (i32.add (local.get 0) (local.get 0)))
  (func $square (type $t) (i32.mul (local.get 0) (local.get 0)))
  (func $clear (export "clear") (param i32) (table.set $table (local.get 0) (ref.null func)))
  (func $call (export "call") (param i32 i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (local.get 1))))
