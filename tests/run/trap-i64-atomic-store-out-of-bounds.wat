;; The access is a trap site.
;; EXIT: 134
;; STDERR: wasmc: trap: out of bounds memory access{{.*}}
;; STDERR: {{.*}}_start
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (memory 1 2 shared)
  (memory $own 1)
  (func (export "_start") (i64.atomic.store (i32.const 65536) (i64.const 1))))
