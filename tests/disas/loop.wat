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
;;   movl 0x10000000(%rdi), %r11d
;;   leal 4(%rdi), %edi
;;   leal (%rax, %r11), %eax
;;   cmpl %esi, %edi
;;   jb      label2; j label3
;; block2:
;;   jmp     label1
;; block3:
;; block4:
;; block5:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function sum on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz w3, #0
;;   mov x11, x3
;; block1:
;;   movz x10, #1, LSL #32
;;   ldr w10, [x10, w0, UXTW]
;;   add w0, w0, #4
;;   mov x15, x11
;;   add w15, w15, w10
;;   mov x11, x15
;;   subs wzr, w0, w1
;;   b.lo label2 ; b label3
;; block2:
;;   b label1
;; block3:
;; block4:
;; block5:
;;   mov x0, x11
;;   ldp fp, lr, [sp], #16
;;   ret
