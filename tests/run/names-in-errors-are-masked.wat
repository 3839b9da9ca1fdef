;; A name comes from the input, and so a message shows no control characters of it.
;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}(in function a�[31mb�c, at offset {{.*}}
(module (func $f (@name "a\1b[31mb\c2\9bc") (result i32)) (func (export "_start")))
