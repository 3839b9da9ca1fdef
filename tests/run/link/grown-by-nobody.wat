;; A table and a memory that only a function grows which nobody calls.
(module
  (table (export "table") 2 20 funcref)
  (memory (export "memory") 2 20)
  (func (drop (table.grow (ref.null func) (i32.const 18))))
  (func (drop (memory.grow (i32.const 18)))))
