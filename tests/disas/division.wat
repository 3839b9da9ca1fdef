;;! target = "x86_64"

;; Division traps by itself on zero; only signed division needs a compare for the overflow. By a constant there is no
;; division.
(module
  (func $unsigned (export "unsigned") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func $signed (export "signed") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $by_ten (export "by_ten") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10))))

;; function unsigned:
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
;; function signed:
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
;; function by_ten:
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
