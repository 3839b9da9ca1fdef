;;! targets = "x86_64 aarch64"

;; A table that nothing changes after its segments: the bound is a constant, and the entries are read-only data. Not
;; yet: all entries have the one type, so that no compare of types is needed; and `call_known` can only call `square`.
(module
  (type $t (func (param i32) (result i32)))
  (table $table 2 2 funcref)
  (elem (i32.const 0) $double $square)
  (func $double (type $t) (i32.add (local.get 0) (local.get 0)))
  (func $square (type $t) (i32.mul (local.get 0) (local.get 0)))
  (func $call (export "call") (param i32 i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (local.get 1)))
  (func $call_known (export "call_known") (param i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (i32.const 1))))
