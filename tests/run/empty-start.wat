;; The least that a program can be.
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module (func (export "_start")))
