;; What a library misses is reported, not what others would import from it.
;; RUN: wasmc
;; LINK: library=link/unsatisfied.wat
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}nothing satisfies these imports:
;; STDERR: nowhere.function: function [i32] -> []
;; STDERR: nowhere.global: global i32
;; STDERR-NOT: internal
(module
  (import "library" "global" (global $at i32))
  (import "library" "run" (func $run))
  (memory 1)
  (data (offset (global.get $at)) "x")
  (func (export "_start") (call $run)))
