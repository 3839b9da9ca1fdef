;;! targets = "x86_64 aarch64"

;; A conditional move, no branch; the comparison is not made into a number first.
(module
  (func $maximum (export "maximum") (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.gt_s (local.get 0) (local.get 1))))
  (func $floats (export "floats") (param f64 f64 i32) (result f64) (select (local.get 0) (local.get 1) (local.get 2))))

;; function maximum on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   cmpl %edi, %esi
;;   movq %rdi, %rax
;;   cmovgel %esi, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function maximum on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   subs wzr, w0, w1
;;   csel x0, x0, x1, gt
;;   ldp fp, lr, [sp], #16
;;   ret

;; function floats on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   testl %edi, %edi
;;   movdqa %xmm0, %xmm7
;;   movdqa %xmm1, %xmm0
;;   movsd %xmm0, %xmm0; jz $next; movsd %xmm7, %xmm0; $next:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function floats on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   subs wzr, w0, wzr
;;   fcsel d0, d0, d1, ne
;;   ldp fp, lr, [sp], #16
;;   ret
