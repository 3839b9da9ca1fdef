;;! targets = "x86_64 aarch64"

;; Division traps by itself on zero; only signed division needs a compare for the overflow. By a constant there is no
;; division.
(module
  (func $unsigned (export "unsigned") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func $signed (export "signed") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $by_ten (export "by_ten") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10))))

;; function unsigned on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   xorq %rdx, %rdx
;;   movq %rdi, %rax
;;   divl %esi ;; implicit: %eax, %edx, trap=254
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function unsigned on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbz w1, #trap=int_divz
;;   udiv w0, w0, w1
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function signed on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rax
;;   cltd  ;; implicit: %edx, %eax
;;   testl %esi, %esi
;;   jz #trap=int_divz
;;   idivl %esi ;; implicit: %eax, %edx, trap=252
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function signed on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbz w1, #trap=int_divz
;;   adds wzr, w1, #1
;;   ccmp w0, #1, #nzcv, eq
;;   b.vs #trap=int_ovf
;;   sdiv w0, w0, w1
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function by_ten on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movq %rdi, %rax
;;   mull (%rip) ;; implicit: %eax, %edx
;;   movq %rdx, %rax
;;   shrl $0x3, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function by_ten on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   movz w9, #52429
;;   movk w9, w9, #52428, LSL #16
;;   mov w6, w0
;;   mov w8, w9
;;   madd x10, x6, x8, xzr
;;   lsr x12, x10, #32
;;   lsr w0, w12, #3
;;   ldp fp, lr, [sp], #16
;;   ret
