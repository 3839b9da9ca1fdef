;; A function is not of the types below its own, although their parameters and results are the same.
;; RUN: wasmc
;; STDERR: wasmc: trap: indirect call type mismatch
;; EXIT: 134
(module
  (type $base (sub (func (result i32))))
  (type $leaf (sub $base (func (result i32))))
  (type $sibling (sub final $base (func (result i32))))
  (func $f (type $sibling) (i32.const 1))
  (table funcref (elem $f))
  (func (export "_start")
    (drop (call_indirect (type $base) (i32.const 0)))
    (drop (call_indirect (type $leaf) (i32.const 0)))))
