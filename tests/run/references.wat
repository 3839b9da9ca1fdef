;; Tables of external references and of functions; ref.func, ref.is_null, table.grow.
;; EXIT: 42
;; RUN: wasmc
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (type $number (func (result i32)))
  (table $functions 1 100 funcref)
  (table $externals 2 100 externref)
  (elem declare func $answer)
  (func $answer (type $number) (i32.const 40))
  (func (export "_start")
    (if (i32.ne (table.grow $functions (ref.func $answer) (i32.const 9)) (i32.const 1)) (then unreachable))
    (if (i32.ne (table.grow $functions (ref.null func) (i32.const 91)) (i32.const -1)) (then unreachable))
    (table.fill $externals (i32.const 0) (ref.null extern) (i32.const 2))
    (call $proc_exit
      (i32.add
        (call_indirect $functions (type $number) (i32.const 9))
        (i32.add
          (ref.is_null (table.get $externals (i32.const 1)))
          (ref.is_null (table.get $functions (i32.const 0))))))))
