;; `_initialize` of a library is called before anything else of the program runs.
;; RUN: wasmc
;; LINK: library=link/reactor.wat
;; EXIT: 42
(module
  (import "library" "state" (func $state (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func $start (call $exit (call $state)))
  (func (export "_start") unreachable)
  (start $start))
