;; Passive data and element segments are copied when asked for, and gone when dropped.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (table $table 4 funcref)
  (data $data "abc\2a")
  (elem $elem func $wrong $right)
  (func $wrong (result i32) (i32.const 1))
  (func $right (result i32) (i32.load8_u (i32.const 101)))
  (func (export "_start")
    (memory.init $data (i32.const 100) (i32.const 2) (i32.const 2))
    (data.drop $data)
    (data.drop $data)
    (memory.init $data (i32.const 65536) (i32.const 0) (i32.const 0))
    (table.init $table $elem (i32.const 3) (i32.const 1) (i32.const 1))
    (elem.drop $elem)
    (table.init $table $elem (i32.const 4) (i32.const 0) (i32.const 0))
    (if (i32.eqz (ref.is_null (table.get $table (i32.const 0)))) (then unreachable))
    (call $proc_exit (call_indirect $table (result i32) (i32.const 3)))))
