;; A vector that reaches beyond the end of the memory by one byte.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: out of bounds memory access{{.*}}
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}inner
;; STDERR: 1: {{.*}}outer
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: out of bounds memory access{{.*}}
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: out of bounds memory access{{.*}}
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
(module
  (memory (export "memory") 1)
  (func $inner (param i32) (result i32)
    (i32x4.extract_lane 0 (v128.load offset=65521 (local.get 0))))
  (func $outer (param i32) (result i32)
    (i32.add (call $inner (local.get 0)) (i32.const 1)))
  (func $_start (export "_start")
    (drop (call $outer (i32.const 0)))))
