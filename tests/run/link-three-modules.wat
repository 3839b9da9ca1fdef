;; Linked modules may import from those before them; a function that is passed on keeps its module's state.
;; RUN: wasmc
;; LINK: library=link/library.wat
;; LINK: middle=link/middle.wat
;; EXIT: 6
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "library" "count" (func $count (result i32)))
  (import "middle" "count" (func $same (result i32)))
  (import "middle" "count_twice" (func $twice (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $count))
    (drop (call $same))
    (if (i32.ne (call $twice) (i32.const 7)) (then unreachable))
    (drop (call $count))
    (call $proc_exit (call $same))))
