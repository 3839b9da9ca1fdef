;; Tail calls between instances take no stack either.
;; EXIT: 42
;; RUN: wasmc
;; LINK: library=link/bounce.wat
;; RUN: wasmc -O0 --stack-size 128K
;; LINK: library=link/bounce.wat
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (type $two (func (param i64 i64) (result i64)))
  (import "library" "table" (table 1 funcref))
  (import "library" "bounce" (func $bounce (type $two)))
  (func $back (type $two)
    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $bounce (i64.sub (local.get 0) (i64.const 1)) (local.get 1)))
  (elem declare func $back)
  (func (export "_start")
    (table.set (i32.const 0) (ref.func $back))
    (if (i64.ne (call $back (i64.const 10000000) (i64.const 0)) (i64.const 10000000))
      (then (call $proc_exit (i32.const 1))))
    (call $proc_exit (i32.const 42))))
