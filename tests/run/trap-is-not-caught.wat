;; A trap is no exception.
;; RUN: wasmc
;; STDERR: wasmc: trap: integer divide by zero
;; EXIT: 134
(module
  (func $divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (func (export "_start")
    (block $caught (try_table (catch_all $caught) (drop (call $divide (i32.const 0)))))))
