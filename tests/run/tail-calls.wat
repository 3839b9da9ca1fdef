;; Tail calls take no stack: a hundred million of them, to itself, to another function and through a table, and with more
;; arguments than the caller has.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc -O0 --stack-size 128K
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (type $two (func (param i64 i64) (result i64)))
  (table funcref (elem $odd))
  (func $even (type $two)
    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call_indirect (type $two) (i64.sub (local.get 0) (i64.const 1)) (local.get 1) (i32.const 0)))
  (func $odd (type $two)
    (if (i64.eqz (local.get 0)) (then (return (i64.const -1))))
    (return_call $wide (i64.sub (local.get 0) (i64.const 1)) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)
      (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (local.get 1)))
  (func $wide (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
    (return_call $even (local.get 0) (i64.add (local.get 11) (local.get 10))))
  (func (export "_start")
    (if (i64.ne (call $even (i64.const 100000000) (i64.const 0)) (i64.const 500000000))
      (then (call $proc_exit (i32.const 1))))
    (return_call $proc_exit (i32.const 42))))
