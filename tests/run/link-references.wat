;; Types of different modules are the same if they say the same, whatever their indices; what is only read may be of a
;; subtype. Exceptions cross instances.
;; RUN: wasmc
;; LINK: library=link/references.wat
;; EXIT: 42
(module
  (type (func))
  (type $f (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "library" "twice" (func $twice (param (ref $f) i32) (result i32)))
  (import "library" "table" (table 1 (ref null $f)))
  (import "library" "increment" (global $increment funcref))
  (import "library" "increment" (global $typed (ref null $f)))
  (import "library" "tag" (tag $tag (param (ref $f))))
  (import "library" "throw" (func $throw))
  (func $ten_times (type $f) (i32.mul (local.get 0) (i32.const 10)))
  (elem declare func $ten_times)
  (func (export "_start")
    (local $caught (ref null $f))
    (table.set (i32.const 0) (ref.func $ten_times))
    (if (i32.ne (call $twice (ref.as_non_null (table.get (i32.const 0))) (i32.const 2)) (i32.const 200)) (then unreachable))
    (if (i32.ne (call $twice (ref.as_non_null (global.get $typed)) (i32.const 2)) (i32.const 4)) (then unreachable))
    (if (ref.is_null (global.get $increment)) (then unreachable))
    (local.set $caught
      (block $handler (result (ref $f)) (try_table (catch $tag $handler) (call $throw)) (unreachable)))
    (call $proc_exit (call_ref $f (i32.const 41) (local.get $caught)))))
