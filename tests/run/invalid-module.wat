;; The function and the offset are named.
;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}type mismatch{{.*}}in function broken{{.*}}at offset 0x{{.*}}
(module
  (func $broken (result i32) (i64.const 1))
  (func (export "_start")))
