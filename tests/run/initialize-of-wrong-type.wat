;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}'_initialize' must be a function without parameters and results, not function [i32] -> []
(module (func (export "_initialize") (param i32)))
