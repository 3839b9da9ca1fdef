;; Code behind a branch has no types of its own; compiled away, but valid.
;; RUN: wasmc
(module
  (func $f (result i32)
    (block $b (result i32)
      (br $b (i32.const 1))
      (i32.add) (drop) (select) (i64.const 5) (drop)
      (loop (result f32) (unreachable) (f32.neg))
      (drop) (unreachable)))
  (func (export "_start") (if (i32.ne (call $f) (i32.const 1)) (then unreachable))))
