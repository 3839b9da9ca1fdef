;; RUN: wasmc --emit asm --target x86_64
;; CONTENT: {{.*}}_start{{.*}}
;; CONTENT: {{.*}}imul{{.*}}
;; CONTENT: {{.*}}ret{{.*}}
(module
  (memory 1)
  (func $_start (export "_start")
    (i32.store (i32.const 0) (i32.mul (i32.load (i32.const 4)) (i32.load (i32.const 8))))))
