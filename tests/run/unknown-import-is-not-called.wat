;; RUN: wasmc --allow-unknown-imports
(module
  (import "env" "missing" (func $missing (param i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start") (if (i32.load (i32.const 0)) (then (drop (call $missing (i32.const 1)))))))
