;; With --allow-unknown-imports the program compiles, and traps when it calls one, naming it.
;; RUN: wasmc --allow-unknown-imports
;; STDERR: wasmc: trap: unknown import called: env.missing
;; STDERR: {{.*}}caller
;; EXIT: 134
(module
  (import "env" "missing" (func $missing (param i32) (result i64)))
  (func $caller (drop (call $missing (i32.const 1))))
  (func (export "_start") (call $caller)))
