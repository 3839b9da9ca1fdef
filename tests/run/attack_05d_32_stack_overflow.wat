;; A stack that is used up is a trap, wherever that is noticed: in the guest's frames, or in a host function, which looks
;; for room before it does anything. (Infinite recursion alone: stack-overflow.wat; large frames: large.rs.)
;; EXIT: 134
;; STDERR: wasmc: trap: call stack exhausted
;; STDERR: {{.*}}recurse
;; STDERR: {{.*}}_start
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --stack-size 131072
;; RUN: wasmc --bounds-checks=explicit
;; RUN: wasmc --no-harden
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $recurse (param i64) (result i64)
    (drop (call $random (i32.const 0) (i32.const 8)))
    (i64.add (call $recurse (i64.add (local.get 0) (i64.const 1))) (local.get 0)))
  (func $_start (export "_start") (drop (call $recurse (i64.const 0)))))
