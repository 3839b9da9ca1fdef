;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}'wasi.thread-spawn' is imported as function [] -> [], but WASI defines function [i32] -> [i32]
(module
  (import "wasi" "thread-spawn" (func))
  (func (export "_start")))
