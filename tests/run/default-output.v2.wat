;; Without -o the output has the name of the input without its extension: what is before that stays.
;; RUN: wasmc %s
;; OUTPUT: default-output.v2
(module (func (export "_start")))
