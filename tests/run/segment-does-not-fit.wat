;; An active segment beyond the end of the memory traps at the start; `_start` is not reached.
;; RUN: wasmc
;; STDERR: wasmc: trap: out of bounds memory access{{.*}}
;; EXIT: 134
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 65535) "ab")
  (func (export "_start") (call $proc_exit (i32.const 1))))
