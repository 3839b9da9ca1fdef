;; RUN: wasmc --version %s
;; COMPILE-FAIL: 0
;; STDOUT: wasmc {{.*}}
(module)
