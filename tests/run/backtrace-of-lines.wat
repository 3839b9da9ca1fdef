;; With debug information each line of the backtrace has its offset, and its place in the text.
;; RUN: wasmc -g
;; STDERR: 0: 0x{{.*}} - inner at {{.*}}/backtrace-of-lines.wat:7:16
;; STDERR: 1: 0x{{.*}} - _start at {{.*}}/backtrace-of-lines.wat:8:36
;; EXIT: 134
(module
  (func $inner unreachable)
  (func $_start (export "_start") (call $inner)))
