;; Infinite recursion ends in a trap, whatever the size of the frames and of the stack.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: call stack exhausted
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}recurse
;; STDERR: {{.*}}frames left out
;; STDERR: {{.*}}recurse
;; STDERR: {{.*}}_start
;; RUN: wasmc -O0
;; STDERR: wasmc: trap: call stack exhausted
;; RUN: wasmc --stack-size 131072
;; STDERR: wasmc: trap: call stack exhausted
;; RUN: wasmc --stack-size 268435456
;; STDERR: wasmc: trap: call stack exhausted
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: call stack exhausted
(module
  (func $recurse (param i64) (result i64)
    (i64.add (call $recurse (i64.add (local.get 0) (i64.const 1))) (local.get 0)))
  (func $_start (export "_start") (drop (call $recurse (i64.const 0)))))
