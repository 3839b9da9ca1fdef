;; RUN: wasmc
;; LINK: library=link/library.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.nothing{{.*}}
(module (import "library" "nothing" (func)) (func (export "_start")))
