;; A call of a function of another type.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: indirect call type mismatch
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}inner
;; STDERR: 1: {{.*}}outer
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: indirect call type mismatch
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: indirect call type mismatch
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
(module
  (table $table 4 funcref) (elem (i32.const 0) $outer)
  (func $inner (param i32) (result i32)
    (call_indirect $table (param i64) (result i32) (i64.const 1) (local.get 0)))
  (func $outer (param i32) (result i32)
    (i32.add (call $inner (local.get 0)) (i32.const 1)))
  (func $_start (export "_start")
    (drop (call $outer (i32.const 0)))))
