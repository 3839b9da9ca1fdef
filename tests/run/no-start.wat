;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}_start{{.*}}
(module (func (export "main")))
