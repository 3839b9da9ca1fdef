;;! targets = "x86_64 aarch64"

;; Four destinations, three of them by entries that are neighbours: three comparisons and no table.
(module
  (func $pick (export "pick") (param i32) (result i32)
    (block $c (block $b (block $a (br_table $a $a $a $a $b $c $c (local.get 0)))
      (return (i32.const 11))) (return (i32.const 22))) (i32.const 33)))

;; function pick on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x4, %edi
;;   jb      label6; j label1
;; block1:
;;   cmpl $0x5, %edi
;;   jb      label5; j label2
;; block2:
;; block3:
;; block4:
;;   movl $0x21, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block5:
;;   movl $0x16, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block6:
;;   movl $0xb, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function pick on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs wzr, w0, #4
;;   b.lo label6 ; b label1
;; block1:
;;   subs wzr, w0, #5
;;   b.lo label5 ; b label2
;; block2:
;; block3:
;; block4:
;;   movz w0, #33
;;   ldp fp, lr, [sp], #16
;;   ret
;; block5:
;;   movz w0, #22
;;   ldp fp, lr, [sp], #16
;;   ret
;; block6:
;;   movz w0, #11
;;   ldp fp, lr, [sp], #16
;;   ret
