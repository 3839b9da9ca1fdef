;; The type of the indices is part of a memory's type.
;; RUN: wasmc
;; LINK: library=link/wide.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.memory{{.*}}memory of 1..=4 pages{{.*}}memory i64 of 1..=4 pages{{.*}}
(module (import "library" "memory" (memory 1 4)) (func (export "_start")))
