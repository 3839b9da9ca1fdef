;; RUN: wasmc
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}component{{.*}}
(component)
