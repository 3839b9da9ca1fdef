;; As link-table-stays-too-small.wat, for a memory.
;; RUN: wasmc
;; LINK: library=link/grown-by-nobody.wat
;; EXIT: 134
;; STDERR: wasmc: trap: out of bounds memory access
(module
  (import "library" "memory" (memory 10 20))
  (func (export "_start")))
