;; Types of garbage-collected objects may be declared, but there are no instructions for them: status 3, and the proposal
;; is named.
;; RUN: wasmc
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}'gc': StructNewDefault{{.*}}
(module
  (type $pair (struct (field i32) (field (ref null $pair))))
  (func (export "_start") (drop (struct.new_default $pair))))
