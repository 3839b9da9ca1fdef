;; RUN: wasmc --emit clif
;; CONTENT: {{.*}}function{{.*}}
;; CONTENT: {{.*}}imul{{.*}}
(module
  (memory 1)
  (func $_start (export "_start")
    (i32.store (i32.const 0) (i32.mul (i32.load (i32.const 4)) (i32.load (i32.const 8))))))
