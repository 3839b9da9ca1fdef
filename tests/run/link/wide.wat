(module
  (memory (export "memory") i64 1 4)
  (memory (export "bytes") i64 10 (pagesize 1))
  (table (export "table") i64 4 100 funcref)
  (func (export "size") (result i64) (memory.size)))
