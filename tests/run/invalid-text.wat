;; An error in the text says where: line and column.
;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}6:{{.*}}
(module
  (func (export "_start") (i32.plus)))
