;; So is the size of a page.
;; RUN: wasmc
;; LINK: library=link/wide.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.bytes{{.*}}memory i64 of 10.. pages{{.*}}memory i64 of 10.. bytes{{.*}}
(module (import "library" "bytes" (memory i64 10)) (func (export "_start")))
