;; RUN: wasmc
;; LINK: library=link/library.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.memory{{.*}}2{{.*}}1{{.*}}
(module (import "library" "memory" (memory 2)) (func (export "_start")))
