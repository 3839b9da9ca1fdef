;;! targets = "x86_64 aarch64"

;; A jump table: the index is clamped by a compare, the offset loaded, and one indirect jump made.
(module
  (func $switch (export "switch") (param i32) (result i32)
    (block $c (block $b (block $a (br_table $a $b $c $a $b $c (local.get 0)))
      (return (i32.const 11))) (return (i32.const 22))) (i32.const 33)))

;; function switch on x86_64:
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

;; function switch on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   emit_island 56
;;   subs wzr, w0, #5
;;   mov x8, #5 ; csel x8, x0, x8, lo ; csdb ; adr x7, pc+16 ; ldrsw x8, [x7, x8, uxtw #2] ; add x7, x7, x8 ; br x7 ; jt_entries [MachLabel(2), MachLabel(3), MachLabel(4), MachLabel(5), MachLabel(6)] ; default label1
;; block1:
;;   b label9
;; block2:
;;   b label8
;; block3:
;;   b label7
;; block4:
;;   b label9
;; block5:
;;   b label8
;; block6:
;; block7:
;;   movz w0, #22
;;   ldp fp, lr, [sp], #16
;;   ret
;; block8:
;;   movz w0, #11
;;   ldp fp, lr, [sp], #16
;;   ret
;; block9:
;; block10:
;;   movz w0, #33
;;   ldp fp, lr, [sp], #16
;;   ret
