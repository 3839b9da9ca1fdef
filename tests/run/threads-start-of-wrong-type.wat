;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}'wasi_thread_start' must be a function [i32 i32] -> [], not function [i32] -> []
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (func (export "wasi_thread_start") (param i32))
  (func (export "_start") (drop (call $spawn (i32.const 0)))))
