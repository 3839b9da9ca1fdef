;; RUN: wasmc
;; LINK: library=link/library.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.memory{{.*}}function{{.*}}memory{{.*}}
(module (import "library" "memory" (func)) (func (export "_start")))
