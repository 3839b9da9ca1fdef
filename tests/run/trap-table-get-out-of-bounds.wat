;; Beyond the end of a table.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: out of bounds table access{{.*}}
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}inner
;; STDERR: 1: {{.*}}outer
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: out of bounds table access{{.*}}
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: out of bounds table access{{.*}}
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
(module
  (table $table 4 funcref)
  (func $inner (param i32) (result i32)
    (ref.is_null (table.get $table (i32.add (local.get 0) (i32.const 4)))))
  (func $outer (param i32) (result i32)
    (i32.add (call $inner (local.get 0)) (i32.const 1)))
  (func $_start (export "_start")
    (drop (call $outer (i32.const 0)))))
