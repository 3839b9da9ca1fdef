;; Branch tables: dense, beyond the end, with values.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc -O0
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $pick (param i32) (result i32)
    (block $default (result i32)
      (block $two (result i32)
        (block $one (result i32)
          (br_table $one $two $one $default (i32.const 10) (local.get 0)))
        (return (i32.add (i32.const 1))))
      (return (i32.add (i32.const 2)))))
  (func (export "_start")
    (call $pick (i32.const 0))
    (i32.add (call $pick (i32.const 1)))
    (i32.add (call $pick (i32.const 2)))
    (i32.add (call $pick (i32.const -1)))
    (i32.sub (i32.const 2))
    (call $proc_exit)))
