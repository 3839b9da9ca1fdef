;; Exports items whose types refer to function types.
(module
  (type $unary (func (param i32) (result i32)))
  (type $higher (func (param (ref $unary) i32) (result i32)))
  (func $twice (export "twice") (type $higher)
    (call_ref $unary (call_ref $unary (local.get 1) (local.get 0)) (local.get 0)))
  (func $increment (type $unary) (i32.add (local.get 0) (i32.const 1)))
  (table (export "table") 1 (ref null $unary))
  (global (export "increment") (ref $unary) (ref.func $increment))
  (tag (export "tag") (param (ref $unary)))
  (func (export "throw") (throw 0 (ref.func $increment))))
