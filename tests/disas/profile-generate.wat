;;! targets = "x86_64 aarch64"
;;! flags = "--profile-generate"

;; The function itself, its loop and the `then` are counted; how often the only branch to the loop is taken follows. A
;; call through a table leaves who was called, without a branch.
(module
  (type $f (func (param i32) (result i32)))
  (table funcref (elem $same))
  (func $same (param i32) (result i32) (local.get 0))
  (func $count (export "count") (param i32)
    (loop $again
      (if (local.get 0) (then (i32.store (i32.const 0) (local.get 0))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $call (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0) (i32.const 0)))
  (memory 1))

;; function same on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   load_ext_name userextname0+0, %rdx
;;   addq $0x1, (%rdx)
;; block1:
;;   movq %rdi, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function same on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   load_ext_name_near x4, User(userextname0)+0
;;   ldr x5, [x4]
;;   add x5, x5, #1
;;   str x5, [x4]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function count on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   load_ext_name userextname0+0, %rsi
;;   addq $0x1, (%rsi)
;; block1:
;;   addq $0x1, 8(%rsi)
;;   testl %edi, %edi
;;   jnz     label3; j label2
;; block2:
;;   jmp     label4
;; block3:
;;   addq $0x1, 0x10(%rsi)
;;   movl $0x10000000, %eax
;;   movl %edi, (%rax)
;; block4:
;;   subl $0x1, %edi
;;   testl %edi, %edi
;;   jnz     label5; j label6
;; block5:
;;   jmp     label1
;; block6:
;; block7:
;; block8:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function count on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   load_ext_name_near x11, User(userextname0)+0
;;   ldr x12, [x11]
;;   add x12, x12, #1
;;   str x12, [x11]
;; block1:
;;   ldr x13, [x11, #8]
;;   add x13, x13, #1
;;   str x13, [x11, #8]
;;   cbnz w0, label3 ; b label2
;; block2:
;;   b label4
;; block3:
;;   ldr x1, [x11, #16]
;;   add x1, x1, #1
;;   str x1, [x11, #16]
;;   movz x1, #1, LSL #32
;;   str w0, [x1]
;; block4:
;;   sub w0, w0, #1
;;   cbnz w0, label5 ; b label6
;; block5:
;;   b label1
;; block6:
;; block7:
;; block8:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function call on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   load_ext_name userextname0+0, %rax
;;   addq $0x1, (%rax)
;;   load_ext_name userextname1+0, %rcx
;;   movl 4(%rcx), %edx
;;   cmpl $0x1, %edx
;;   jz      label2; j label1
;; block2:
;;   movslq (%rcx), %rcx
;;   movq 8(%rax), %rdx
;;   movq 0x10(%rax), %r8
;;   movq 0x18(%rax), %rsi
;;   cmpq %rcx, %rdx
;;   setne %r9b
;;   movzbq %r9b, %r9
;;   leaq (%rsi, %r9), %rsi
;;   cmpq %rcx, %rdx
;;   sete %r9b
;;   movzbq %r9b, %r9
;;   leaq (%r8, %r9), %r8
;;   cmpq %r8, %rsi
;;   cmovaq %rcx, %rdx
;;   movq %rdx, 8(%rax)
;;   cmpq %r8, %rsi
;;   movq %r8, %rdx
;;   cmovaq (%rip), %rdx
;;   movq %rdx, 0x10(%rax)
;;   cmpq %r8, %rsi
;;   cmovaq (%rip), %rsi
;;   movq %rsi, 0x18(%rax)
;;   load_ext_name userextname2+0, %rax
;;   leaq (%rax, %rcx), %rax
;;   call    *%rax
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   testl %edx, %edx
;;   jz #trap=user4
;;   ud2

;; function call on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   load_ext_name_near x1, User(userextname0)+0
;;   ldr x2, [x1]
;;   add x2, x2, #1
;;   str x2, [x1]
;;   load_ext_name_near x2, User(userextname1)+0
;;   ldr w3, [x2, #4]
;;   subs wzr, w3, #1
;;   b.eq label2 ; b label1
;; block2:
;;   ldrsw x2, [x2]
;;   ldr x4, [x1, #8]
;;   ldr x5, [x1, #16]
;;   ldr x3, [x1, #24]
;;   subs xzr, x4, x2
;;   cset x6, ne
;;   add x3, x3, x6, UXTB
;;   subs xzr, x4, x2
;;   cset x6, eq
;;   add x5, x5, x6, UXTB
;;   subs xzr, x3, x5
;;   csel x4, x2, x4, hi
;;   str x4, [x1, #8]
;;   movz x4, #1
;;   subs xzr, x3, x5
;;   csel x4, x4, x5, hi
;;   str x4, [x1, #16]
;;   movz x4, #0
;;   subs xzr, x3, x5
;;   csel x3, x4, x3, hi
;;   str x3, [x1, #24]
;;   load_ext_name_near x1, User(userextname2)+0
;;   add x1, x1, x2
;;   blr x1
;; block3:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block1:
;;   cbz w3, #trap=user4
;;   udf #0xc11f
