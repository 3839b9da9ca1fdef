;; Nobody could end a wait in a memory that is not shared.
;; EXIT: 134
;; STDERR: wasmc: trap: expected shared memory
;; STDERR: {{.*}}_start
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (memory 1 2 shared)
  (memory $own 1)
  (func (export "_start") (drop (memory.atomic.wait32 $own (i32.const 0) (i32.const 0) (i64.const 0)))))
