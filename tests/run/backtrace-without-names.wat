;; Functions without names are shown by index, and so are those whose name is only the index.
;; RUN: wasmc
;; STDERR: 0: {{.*}}1{{.*}}
;; STDERR: 1: {{.*}}
;; EXIT: 134
(module
  (func (param i32))
  (func unreachable)
  (func (export "_start") (call 1) (call 0 (i32.const 1))))
