;;! targets = "x86_64 aarch64"

;; What is unlikely lies behind the return; what is likely is reached without a jump.
(module
  (func $if_unlikely (export "if_unlikely") (param i32) (result i32)
    (@metadata.code.branch_hint "\00")
    (if (result i32) (local.get 0) (then (i32.div_u (i32.const 7) (local.get 0))) (else (i32.const 5))))
  (func $if_likely (export "if_likely") (param i32) (result i32)
    (@metadata.code.branch_hint "\01")
    (if (result i32) (local.get 0) (then (i32.const 5)) (else (i32.div_u (i32.const 7) (local.get 0)))))
  ;; As LLVM lays out an unlikely case: the block is reached from unlikely branches only, so what follows it is cold.
  (func $out_of_line (export "out_of_line") (param i32 i32) (result i32)
    (block $rare
      (@metadata.code.branch_hint "\00") (br_if $rare (i32.eqz (local.get 0)))
      (@metadata.code.branch_hint "\00") (br_if $rare (i32.eqz (local.get 1)))
      (return (i32.mul (local.get 0) (local.get 1))))
    (i32.div_u (local.get 1) (local.get 0)))
  ;; The destination is reached from elsewhere too: only the way to it is cold.
  (func $shared (export "shared") (param i32 i32) (result i32)
    (block $end (result i32)
      (i32.const 3)
      (@metadata.code.branch_hint "\00") (br_if $end (local.get 0))
      drop
      (i32.add (local.get 1) (i32.const 4))))
  ;; A loop whose branch back is likely.
  (func $loop (export "loop") (param i32)
    (loop $again
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (@metadata.code.branch_hint "\01") (br_if $again (local.get 0)))))

;; function if_unlikely on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl %edi, %edi
;;   jnz     label2; j label1
;; block1:
;;   movl $0x5, %eax
;; block3:
;; block4:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block2:
;;   movl $0x7, %eax
;;   xorq %rdx, %rdx
;;   divl %edi ;; implicit: %eax, %edx, trap=254
;;   jmp     label3

;; function if_unlikely on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbnz w0, label2 ; b label1
;; block1:
;;   movz w0, #5
;; block3:
;; block4:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block2:
;;   movz w8, #7
;;   cbz w0, #trap=int_divz
;;   udiv w0, w8, w0
;;   b label3

;; function if_likely on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl %edi, %edi
;;   jnz     label2; j label1
;; block2:
;;   movl $0x5, %eax
;; block3:
;; block4:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   movl $0x7, %eax
;;   xorq %rdx, %rdx
;;   divl %edi ;; implicit: %eax, %edx, trap=254
;;   jmp     label3

;; function if_likely on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbnz w0, label2 ; b label1
;; block2:
;;   movz w0, #5
;; block3:
;; block4:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block1:
;;   movz w7, #7
;;   cbz w0, #trap=int_divz
;;   udiv w0, w7, w0
;;   b label3

;; function out_of_line on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl %edi, %edi
;;   jz      label4; j label1
;; block1:
;;   testl %esi, %esi
;;   jz      label3; j label2
;; block2:
;;   movq %rdi, %rax
;;   imull %esi, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block3:
;;   movq %rsi, %rax
;;   jmp     label5
;; block4:
;;   movq %rsi, %rax
;; block5:
;;   xorq %rdx, %rdx
;;   divl %edi ;; implicit: %eax, %edx, trap=254
;; block6:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function out_of_line on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbz w0, label4 ; b label1
;; block1:
;;   cbz w1, label3 ; b label2
;; block2:
;;   madd w0, w0, w1, wzr
;;   ldp fp, lr, [sp], #16
;;   ret
;; block3:
;;   b label5
;; block4:
;; block5:
;;   cbz w0, #trap=int_divz
;;   udiv w0, w1, w0
;; block6:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function shared on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl %edi, %edi
;;   jnz     label2; j label1
;; block1:
;;   leal 4(%rsi), %eax
;; block3:
;; block4:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block2:
;;   movl $0x3, %eax
;;   jmp     label3

;; function shared on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbnz w0, label2 ; b label1
;; block1:
;;   add w0, w1, #4
;; block3:
;; block4:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block2:
;;   movz w0, #3
;;   b label3

;; function loop on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   cmpl $0x1, %edi
;;   jz      label5; j label2
;; block2:
;;   subl $0x2, %edi
;;   testl %edi, %edi
;;   jnz     label3; j label4
;; block3:
;;   jmp     label1
;; block4:
;;   jmp     label6
;; block5:
;; block6:
;; block7:
;; block8:
;; block9:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function loop on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   subs wzr, w0, #1
;;   b.eq label5 ; b label2
;; block2:
;;   sub w0, w0, #2
;;   cbnz w0, label3 ; b label4
;; block3:
;;   b label1
;; block4:
;;   b label6
;; block5:
;; block6:
;; block7:
;; block8:
;; block9:
;;   ldp fp, lr, [sp], #16
;;   ret
