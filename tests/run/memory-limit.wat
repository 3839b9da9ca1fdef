;; --max-memory limits what a memory may grow to; the program sees that growing fails.
;; RUN: wasmc --max-memory 196608
;; EXIT: 3
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (call $proc_exit (memory.size))))
