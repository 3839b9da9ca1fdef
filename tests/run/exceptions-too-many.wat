;; The store of exceptions is as large as it is, whatever lives in it when it is searched: here first much, then only the
;; newest, far up, and then more than there is room for.
;; RUN: wasmc
;; STDERR: wasmc: trap: too many live exceptions
;; EXIT: 134
(module
  (tag $t (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64))
  (table $kept 2000000 exnref)
  (func $throw
    (throw $t (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)
      (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11) (i64.const 12) (i64.const 13) (i64.const 14)
      (i64.const 15)))
  ;; Keeps so many exceptions, or only one at a time.
  (func $make (param $count i32) (param $keep i32)
    (local $i i32)
    (loop $again
      (table.set $kept (select (local.get $i) (i32.const 0) (local.get $keep))
        (block $caught (result exnref)
          (try_table (catch_all_ref $caught) (call $throw))
          (unreachable)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count)))))
  (func (export "_start")
    (call $make (i32.const 100000) (i32.const 1))
    (table.fill $kept (i32.const 0) (ref.null exn) (i32.const 100000))
    (call $make (i32.const 300000) (i32.const 0))
    (call $make (i32.const 2000000) (i32.const 1))))
