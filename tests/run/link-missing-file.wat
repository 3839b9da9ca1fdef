;; RUN: wasmc --link library=/nonexistent/library.wasm
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}/nonexistent/library.wasm{{.*}}
(module (func (export "_start")))
