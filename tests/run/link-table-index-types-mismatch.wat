;; And of a table's.
;; RUN: wasmc
;; LINK: library=link/wide.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.table{{.*}}table 4..=100 of funcref{{.*}}table i64 4..=100 of funcref{{.*}}
(module (import "library" "table" (table 4 100 funcref)) (func (export "_start")))
