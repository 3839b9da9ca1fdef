;; The instruction that always traps.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: wasm `unreachable` instruction executed
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}inner
;; STDERR: 1: {{.*}}outer
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: wasm `unreachable` instruction executed
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: wasm `unreachable` instruction executed
;; STDERR: 0: {{.*}}inner
;; STDERR: 2: {{.*}}_start
(module
  (func $inner (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then unreachable)) (i32.const 1))
  (func $outer (param i32) (result i32)
    (i32.add (call $inner (local.get 0)) (i32.const 1)))
  (func $_start (export "_start")
    (drop (call $outer (i32.const 0)))))
