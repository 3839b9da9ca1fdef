;;! targets = "x86_64 aarch64"

;; The sum of an array. What matters is the loop's body: one load with the address folded in, two additions, one compare
;; and one branch back.
(module
  (memory 1)
  (func $sum (export "sum") (param $at i32) (param $end i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $sum)))

;; function sum on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   xorl %eax, %eax
;;   movl %edi, %edi
;; block1:
;;   movl 0x10000000(%rdi), %ecx
;;   leal 4(%rdi), %edx
;;   cmpl %esi, %edx
;;   jnb     label5; j label2
;; block2:
;;   movl 0x10000004(%rdi), %edx
;;   leal 8(%rdi), %edi
;;   leal (%rax, %rcx), %eax
;;   leal (%rax, %rdx), %eax
;;   cmpl %esi, %edi
;;   jb      label3; j label4
;; block3:
;;   jmp     label1
;; block4:
;;   jmp     label6
;; block5:
;;   leal (%rax, %rcx), %eax
;; block6:
;; block7:
;; block8:
;; block9:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function sum on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz w6, #0
;;   mov x5, x6
;; block1:
;;   movz x2, #1, LSL #32
;;   add x3, x2, x0, UXTW
;;   ldr w2, [x2, w0, UXTW]
;;   add w4, w0, #4
;;   subs wzr, w4, w1
;;   b.hs label5 ; b label2
;; block2:
;;   ldr w3, [x3, #4]
;;   add w0, w0, #8
;;   mov x4, x5
;;   add w2, w4, w2
;;   add w2, w2, w3
;;   mov x5, x2
;;   subs wzr, w0, w1
;;   b.lo label3 ; b label4
;; block3:
;;   b label1
;; block4:
;;   b label6
;; block5:
;;   mov x0, x5
;;   add w0, w0, w2
;;   mov x5, x0
;; block6:
;; block7:
;; block8:
;; block9:
;;   mov x0, x5
;;   ldp fp, lr, [sp], #16
;;   ret
