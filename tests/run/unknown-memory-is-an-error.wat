;; --allow-unknown-imports is for functions: a memory cannot be made up.
;; RUN: wasmc --allow-unknown-imports
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}env.memory{{.*}}
(module (import "env" "memory" (memory 1)) (func (export "_start")))
