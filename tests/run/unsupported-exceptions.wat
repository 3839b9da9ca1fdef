;; RUN: wasmc
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}exceptions{{.*}}
(module (tag $e) (func (export "_start") (throw $e)))
