;; RUN: wasmc - -o %t/out --link unused=%s
;; COMPILE-STDIN: exit-42.wat
;; EXIT: 42
(module)
