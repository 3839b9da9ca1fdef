;; An atomic access must be aligned.
;; EXIT: 134
;; STDERR: wasmc: trap: unaligned atomic
;; STDERR: {{.*}}_start
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (memory 1 2 shared)
  (memory $own 1)
  (func (export "_start") (drop (i32.atomic.load offset=2 (i32.const 4)))))
