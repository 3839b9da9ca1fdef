;; NaN is no integer.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: invalid conversion to integer
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}inner
;; STDERR: 1: {{.*}}outer
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: invalid conversion to integer
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: invalid conversion to integer
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
(module
  (func $inner (param i32) (result i32)
    (i32.trunc_f32_u (f32.div (f32.const 0) (f32.convert_i32_s (local.get 0)))))
  (func $outer (param i32) (result i32)
    (i32.add (call $inner (local.get 0)) (i32.const 1)))
  (func $_start (export "_start")
    (drop (call $outer (i32.const 0)))))
