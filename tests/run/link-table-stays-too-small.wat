;; An import needs more than its table has at first, and nothing that runs grows it.
;; RUN: wasmc
;; LINK: library=link/grown-by-nobody.wat
;; EXIT: 134
;; STDERR: wasmc: trap: out of bounds table access
(module
  (import "library" "table" (table 10 20 funcref))
  (func (export "_start")))
