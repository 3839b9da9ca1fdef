;; Valid, but not supported: status 3, and the proposal is named.
;; RUN: wasmc
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}memory64{{.*}}
(module (memory i64 1) (func (export "_start")))
