;;! targets = "x86_64 aarch64"

;; The comparison is the branch's condition: no `setcc`, no test of its result, also through `i32.eqz`.
(module
  (func $is_less (export "is_less") (param i32 i32) (result i32)
    (if (result i32) (i32.eqz (i32.ge_u (local.get 0) (local.get 1))) (then (i32.const 10)) (else (i32.const 20)))))

;; function is_less on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl %esi, %edi
;;   jb      label2; j label1
;; block1:
;;   movl $0x14, %eax
;;   jmp     label3
;; block2:
;;   movl $0xa, %eax
;; block3:
;; block4:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function is_less on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs wzr, w0, w1
;;   b.lo label2 ; b label1
;; block1:
;;   movz w0, #20
;;   b label3
;; block2:
;;   movz w0, #10
;; block3:
;; block4:
;;   ldp fp, lr, [sp], #16
;;   ret
