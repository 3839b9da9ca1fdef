;;! targets = "x86_64 aarch64"

;; One instruction for each operator; the second operand is loaded first, as unaligned vectors cannot be operands before
;; AVX.
(module
  (memory 1)
  (func $add (export "add") (param v128 v128) (result v128) (i32x4.add (local.get 0) (local.get 1)))
  (func $add_memory (export "add_memory") (param i32) (v128.store (local.get 0) (f32x4.add (v128.load (local.get 0)) (v128.load offset=16 (local.get 0))))))

;; function add on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   paddd %xmm1, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function add on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   add v0.4s, v0.4s, v1.4s
;;   ldp fp, lr, [sp], #16
;;   ret

;; function add_memory on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movdqu 0x10000000(%rsi), %xmm3
;;   movdqu 0x10000010(%rsi), %xmm5
;;   addps %xmm5, %xmm3
;;   movups %xmm3, 0x10000000(%rsi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function add_memory on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x6, #1, LSL #32
;;   add x7, x6, x0, UXTW
;;   ldr q6, [x6, w0, UXTW]
;;   ldr q7, [x7, #16]
;;   fadd v6.4s, v6.4s, v7.4s
;;   str q6, [x6, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
