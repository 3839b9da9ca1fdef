;;! targets = "x86_64 aarch64"

;; A tail call is a jump: no frame is left behind.
(module
  (func $count (export "count") (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $other (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 3))))
  (func $other (export "other") (param i32 i32) (result i32)
    (return_call $count (local.get 0) (local.get 1))))

;; function count on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl %edi, %edi
;;   jz      label3; j label1
;; block1:
;; block2:
;;   subl $0x1, %edi
;;   leal 3(%rsi), %esi
;;   return_call_known User(userextname0) (0) tmp=%r11 %rdi=%rdi %rsi=%rsi
;; block3:
;;   movq %rsi, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function count on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbz w2, label3 ; b label1
;; block1:
;; block2:
;;   sub w2, w2, #1
;;   add w3, w3, #3
;;   return_call User(userextname0) new_stack_arg_size:0 x2=x2 x3=x3
;; block3:
;;   mov x2, x3
;;   ldp fp, lr, [sp], #16
;;   ret

;; function other on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   return_call_known User(userextname0) (0) tmp=%r11 %rdi=%rdi %rsi=%rsi

;; function other on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   return_call User(userextname0) new_stack_arg_size:0 x2=x2 x3=x3
