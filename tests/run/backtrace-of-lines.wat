;; With debug information each line of the backtrace has its offset.
;; RUN: wasmc -g
;; STDERR: 0: 0x{{.*}} - inner
;; STDERR: 1: 0x{{.*}} - _start
;; EXIT: 134
(module
  (func $inner unreachable)
  (func $_start (export "_start") (call $inner)))
