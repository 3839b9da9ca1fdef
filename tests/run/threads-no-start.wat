;; Threads need something to begin with, of the right type, and memories that they share.
;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}exports no function 'wasi_thread_start'{{.*}}
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (func (export "_start") (drop (call $spawn (i32.const 0)))))
