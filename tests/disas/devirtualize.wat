;;! targets = "x86_64 aarch64"

;; In a table that never changes one function only has the type of the call: it is called if the index is its own, and
;; replaces the call, being small. Otherwise the call would trap, and does.
(module
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $two $square))
  (func $square (type $unary) (i32.mul (local.get 0) (local.get 0)))
  (func $two (result i32) (i32.const 2))
  (func $apply (export "apply") (param i32 i32) (result i32) (call_indirect (type $unary) (local.get 1) (local.get 0))))

;; function square on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movq %rdi, %rax
;;   imull %edi, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function square on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   madd w0, w0, w0, wzr
;;   ldp fp, lr, [sp], #16
;;   ret

;; function two on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movl $0x2, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function two on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   movz w0, #2
;;   ldp fp, lr, [sp], #16
;;   ret

;; function apply on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x1, %edi
;;   jz      label2; j label1
;; block2:
;; block3:
;; block4:
;;   movq %rsi, %rax
;;   imull %esi, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   cmpl $0x2, %edi
;;   jnb #trap=user11
;;   load_ext_name userextname0+0, %r10
;;   movl %edi, %r11d
;;   movl 4(%r10, %r11, 8), %r10d
;;   testl %r10d, %r10d
;;   jz #trap=user4
;;   ud2

;; function apply on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs wzr, w0, #1
;;   b.eq label2 ; b label1
;; block2:
;; block3:
;; block4:
;;   madd w0, w1, w1, wzr
;;   ldp fp, lr, [sp], #16
;;   ret
;; block1:
;;   subs wzr, w0, #2
;;   b.hs #trap=user11
;;   load_ext_name_near x11, User(userextname0)+0
;;   mov w12, w0
;;   add x11, x11, x12, LSL 3
;;   ldr w11, [x11, #4]
;;   cbz w11, #trap=user4
;;   udf #0xc11f
