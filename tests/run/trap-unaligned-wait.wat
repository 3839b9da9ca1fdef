;; So must waiting.
;; EXIT: 134
;; STDERR: wasmc: trap: unaligned atomic
;; STDERR: {{.*}}_start
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (memory 1 2 shared)
  (memory $own 1)
  (func (export "_start") (drop (memory.atomic.wait64 (i32.const 4) (i64.const 0) (i64.const 0)))))
