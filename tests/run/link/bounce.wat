;; Calls back, in place of itself, whatever the other module has put into the table.
(module
  (type $two (func (param i64 i64) (result i64)))
  (table (export "table") 1 funcref)
  (func (export "bounce") (type $two)
    (return_call_indirect (type $two) (local.get 0) (i64.add (local.get 1) (i64.const 1)) (i32.const 0))))
