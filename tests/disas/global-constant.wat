;;! targets = "x86_64 aarch64"

;; A global that nothing writes is its value, declared mutable or not: no load, and the addition is folded.
(module
  (global $constant i32 (i32.const 40))
  (global $never_written (mut i32) (i32.const 2))
  (func $sum (export "sum") (result i32) (i32.add (global.get $constant) (global.get $never_written))))

;; function sum on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movl $0x2a, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function sum on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   movz w0, #42
;;   ldp fp, lr, [sp], #16
;;   ret
