;; Types in references are compared over the whole program, and spelt out. (See link-references.wat for what fits.)
;; RUN: wasmc
;; LINK: library=link/references.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.table{{.*}}(ref null function [i64] -> []){{.*}}(ref null function [i32] -> [i32]){{.*}}
(module
  (type (func))
  (type $other (func (param i64)))
  (import "library" "table" (table 1 (ref null $other)))
  (func (export "_start")))
