;; Remainder by zero.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: integer divide by zero
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}inner
;; STDERR: 1: {{.*}}outer
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: integer divide by zero
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: integer divide by zero
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
(module
  (func $inner (param i32) (result i32)
    (i32.wrap_i64 (i64.rem_u (i64.const 1) (i64.extend_i32_u (local.get 0)))))
  (func $outer (param i32) (result i32)
    (i32.add (call $inner (local.get 0)) (i32.const 1)))
  (func $_start (export "_start")
    (drop (call $outer (i32.const 0)))))
