;;! target = "x86_64"

;; A jump table: the index is clamped by a compare, the offset loaded, and one indirect jump made.
(module
  (func $switch (export "switch") (param i32) (result i32)
    (block $c (block $b (block $a (br_table $a $b $c $a $b $c (local.get 0)))
      (return (i32.const 11))) (return (i32.const 22))) (i32.const 33)))

;; function switch:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %r11
;;   movl $0x5, %edi
;;   movl %r11d, %r8d
;;   cmpl %edi, %r8d
;;   cmovbl %r8d, %edi
;;   br_table %rdi, %rcx, %rax
;; block1:
;;   jmp     label9
;; block2:
;;   jmp     label8
;; block3:
;;   jmp     label7
;; block4:
;;   jmp     label9
;; block5:
;;   jmp     label8
;; block6:
;; block7:
;;   movl $0x16, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block8:
;;   movl $0xb, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block9:
;; block10:
;;   movl $0x21, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
