;; Names come from the guest: a control character in one must not reach the terminal.
;; RUN: wasmc
;; STDERR: 0: {{.*}}bad?[31mname
;; EXIT: 134
(module
  (@custom "name" "\01\0f\01\00\0cbad\1b[31mname")
  (func (export "_start") unreachable))
