;; Throwing a null reference is a trap that nothing catches.
;; RUN: wasmc
;; STDERR: wasmc: trap: null reference
;; EXIT: 134
(module
  (func (export "_start")
    (block $caught (try_table (catch_all $caught) (throw_ref (ref.null exn))))))
