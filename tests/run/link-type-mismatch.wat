;; Both sides are named: what is imported, and what is there.
;; RUN: wasmc
;; LINK: library=link/library.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.peek{{.*}}[i64] -> [i32]{{.*}}[i32] -> [i32]{{.*}}
(module (import "library" "peek" (func (param i64) (result i32))) (func (export "_start")))
