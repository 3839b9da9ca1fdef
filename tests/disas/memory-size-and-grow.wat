;;! targets = "x86_64 aarch64"

;; `memory.size` is a load and a shift; `memory.grow` a direct call of the runtime.
(module
  (memory 1)
  (func $size (export "size") (result i32) (memory.size))
  (func $grow (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))

;; function size on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %edx
;;   movq 8(%rdx), %rax
;; block1:
;;   shrq $0x10, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function size on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x2, #65535, LSL #16
;;   ldr x2, [x2, #8]
;; block1:
;;   lsr x0, x2, #16
;;   ldp fp, lr, [sp], #16
;;   ret

;; function grow on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rsi
;;   movl $0xfff0000, %edi
;;   movl %esi, %esi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function grow on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x6, x0
;;   movz x0, #65535, LSL #16
;;   mov w1, w6
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
