;;! target = "x86_64"

;; A conditional move, no branch; the comparison is not made into a number first.
(module
  (func $maximum (export "maximum") (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.gt_s (local.get 0) (local.get 1))))
  (func $floats (export "floats") (param f64 f64 i32) (result f64) (select (local.get 0) (local.get 1) (local.get 2))))

;; function maximum:
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
;; function floats:
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
