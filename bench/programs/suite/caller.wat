;; Calls a program that is linked with it as `app`. So the memory of the program is not at the fixed address of the main
;; module, where Valgrind itself is.
(module
  (import "app" "_start" (func $start))
  (export "_start" (func $start)))
