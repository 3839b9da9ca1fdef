;;! targets = "x86_64 aarch64"
;;! flags = "--profile-use --disable-pass=inline"

;; What hardly ran lies behind the return: an arm of an if, what rare branches lead to, labels of a table.
(module
  (memory 1)
  (func $choose (param i32) (result i32)
    (if (result i32) (i32.gt_u (local.get 0) (i32.const 5000))
      (then (i32.rem_u (i32.const 7) (local.get 0)))
      (else (i32.const 5))))
  (func $leave (param i32) (result i32)
    (block $rare
      (br_if $rare (i32.eq (local.get 0) (i32.const 1)))
      (return (i32.mul (local.get 0) (local.get 0))))
    (i32.load (local.get 0)))
  (func $switch (param i32) (result i32)
    (block $c (block $b (block $a (br_table $a $b $c (local.get 0))) (return (i32.load (i32.const 4))))
      (return (i32.load (i32.const 8))))
    (i32.const 12))
  (func (export "_start") (local $n i32)
    (loop $again
      (drop (call $choose (local.get $n)))
      (drop (call $leave (local.get $n)))
      (drop (call $switch (i32.const 2)))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3000))))))

;; function choose on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x1388, %edi
;;   jnbe    label2; j label1
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
;;   movq %rdx, %rax
;;   jmp     label3

;; function choose on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz w8, #5000
;;   subs wzr, w0, w8
;;   b.hi label2 ; b label1
;; block1:
;;   movz w0, #5
;; block3:
;; block4:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block2:
;;   movz w11, #7
;;   cbz w0, #trap=int_divz
;;   udiv w12, w11, w0
;;   msub w0, w12, w0, w11
;;   b label3

;; function leave on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x1, %edi
;;   jz      label2; j label1
;; block1:
;;   movq %rdi, %rax
;;   imull %edi, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block2:
;; block3:
;;   movl %edi, %r8d
;;   movl 0x10000000(%r8), %eax
;; block4:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function leave on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs wzr, w0, #1
;;   b.eq label2 ; b label1
;; block1:
;;   madd w0, w0, w0, wzr
;;   ldp fp, lr, [sp], #16
;;   ret
;; block2:
;; block3:
;;   movz x8, #1, LSL #32
;;   ldr w0, [x8, w0, UXTW]
;; block4:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function switch on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl %edi, %edi
;;   jz      label6; j label1
;; block1:
;;   cmpl $0x2, %edi
;;   jb      label5; j label2
;; block2:
;; block3:
;; block4:
;;   movl $0xc, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block5:
;;   movl $0x10000008, %eax
;;   movl (%rax), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block6:
;;   movl $0x10000004, %eax
;;   movl (%rax), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function switch on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbz w0, label6 ; b label1
;; block1:
;;   subs wzr, w0, #2
;;   b.lo label5 ; b label2
;; block2:
;; block3:
;; block4:
;;   movz w0, #12
;;   ldp fp, lr, [sp], #16
;;   ret
;; block5:
;;   movz x12, #1, LSL #32
;;   ldr w0, [x12, #8]
;;   ldp fp, lr, [sp], #16
;;   ret
;; block6:
;;   movz x13, #1, LSL #32
;;   ldr w0, [x13, #4]
;;   ldp fp, lr, [sp], #16
;;   ret
