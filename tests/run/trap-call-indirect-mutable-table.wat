;; The entry was there, and is taken away.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: uninitialized element
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}inner
;; STDERR: 1: {{.*}}outer
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: uninitialized element
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: uninitialized element
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
(module
  (type $t (func (param i32) (result i32))) (table $table (export "table") 4 funcref) (elem (i32.const 0) $outer)
  (func $inner (param i32) (result i32)
    (table.set $table (i32.const 0) (ref.null func)) (call_indirect $table (type $t) (local.get 0) (local.get 0)))
  (func $outer (param i32) (result i32)
    (i32.add (call $inner (local.get 0)) (i32.const 1)))
  (func $_start (export "_start")
    (drop (call $outer (i32.const 0)))))
