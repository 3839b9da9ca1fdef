;; A call through a table in which one function only has the type is one of that, or a trap. The number of arguments is
;; the index.
;; RUN: wasmc
;; EXIT: 49
;; RUN: wasmc
;; ARGS: a
;; STDERR: wasmc: trap: indirect call type mismatch
;; EXIT: 134
;; RUN: wasmc
;; ARGS: a b
;; STDERR: wasmc: trap: uninitialized element
;; EXIT: 134
;; RUN: wasmc
;; ARGS: a b c
;; STDERR: wasmc: trap: undefined element
;; EXIT: 134
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory 1)
  (type $unary (func (param i32) (result i32)))
  (table 4 funcref)
  (elem (i32.const 1) $square $two)
  (func $square (type $unary) (i32.mul (local.get 0) (local.get 0)))
  (func $two (result i32) (i32.const 2))
  (func (export "_start")
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (call $proc_exit (call_indirect (type $unary) (i32.const 7) (i32.load (i32.const 0))))))
