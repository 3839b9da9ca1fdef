;; Without -o the output has the name of the input, in the current directory.
;; RUN: wasmc %s
;; OUTPUT: default-output
(module (func (export "_start")))
