;; A constant global is no mutable one.
;; RUN: wasmc
;; LINK: library=link/library.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}library.constant{{.*}}mutable global i32{{.*}}global i32{{.*}}
(module (import "library" "constant" (global (mut i32))) (func (export "_start")))
