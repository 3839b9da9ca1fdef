;; A backtrace crosses modules.
;; RUN: wasmc
;; LINK: library=link/library.wat
;; STDERR: wasmc: trap: integer divide by zero
;; STDERR: 0: {{.*}}fail
;; STDERR: 1: {{.*}}caller
;; EXIT: 134
(module
  (import "library" "fail" (func $fail (param i32) (result i32)))
  (func $caller (param i32) (drop (call $fail (local.get 0))))
  (func (export "_start") (call $caller (i32.const 0))))
