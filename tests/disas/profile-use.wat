;;! targets = "x86_64 aarch64"
;;! flags = "--profile-use"

;; What did not run lies behind the return, and so does what an entry of the tables was hardly ever. An index of a table
;; that never changes is compared with a constant; of one that can change the entry is compared with a funcref. Behind
;; the comparison there is a direct call, and where it fails all checks.
(module
  (type $f (func (param i32) (result i32)))
  (table $fixed funcref (elem $twice $half))
  (table $changing 2 funcref)
  (elem (table $changing) (i32.const 0) func $twice $half)
  (memory 1)
  (func $twice (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $half (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 2)))
  (func $choose (param i32) (result i32)
    (if (result i32) (i32.gt_u (local.get 0) (i32.const 5000))
      (then (i32.rem_u (i32.const 7) (local.get 0)))
      (else (i32.const 5))))
  (func $fixed (param i32 i32) (result i32) (call_indirect $fixed (type $f) (local.get 1) (local.get 0)))
  (func $changing (param i32 i32) (result i32) (call_indirect $changing (type $f) (local.get 1) (local.get 0)))
  (func $reference (param (ref null $f) i32) (result i32) (call_ref $f (local.get 1) (local.get 0)))
  (func $last (param i32 i32) (result i32) (return_call_indirect $fixed (type $f) (local.get 1) (local.get 0)))
  (func (export "_start") (local $n i32) (local $odd i32)
    (table.set $changing (i32.const 0) (ref.func $twice))
    (loop $again
      (drop (call $choose (local.get $n)))
      ;; `fixed` goes elsewhere once in six cases, `last` once in ten, the others never.
      (drop (call $fixed (i32.eqz (i32.rem_u (local.get $n) (i32.const 6))) (local.get $n)))
      (drop (call $changing (i32.const 1) (local.get $n)))
      (drop (call $reference (ref.func $half) (local.get $n)))
      (drop (call $last (i32.eqz (i32.rem_u (local.get $n) (i32.const 10))) (local.get $n)))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3000))))))

;; function twice on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   leal (%rdi, %rdi), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function twice on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   add w2, w2, w2
;;   ldp fp, lr, [sp], #16
;;   ret

;; function half on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movq %rdi, %rax
;;   shrl $1, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function half on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   lsr w2, w2, #1
;;   ldp fp, lr, [sp], #16
;;   ret

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
;;   subs wzr, w2, w8
;;   b.hi label2 ; b label1
;; block1:
;;   movz w2, #5
;; block3:
;; block4:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block2:
;;   movz w11, #7
;;   cbz w2, #trap=int_divz
;;   udiv w12, w11, w2
;;   msub w2, w12, w2, w11
;;   b label3

;; function fixed on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl %edi, %edi
;;   jnz     label2; j label1
;; block1:
;;   movq %rsi, %rdi
;;   call    User(userextname0)
;;   jmp     label5
;; block2:
;;   cmpl $0x2, %edi
;;   jnb #trap=user11
;;   load_ext_name userextname1+0, %rax
;;   movl %edi, %ecx
;;   movl 4(%rax, %rcx, 8), %edx
;;   cmpl $0x1, %edx
;;   jz      label4; j label3
;; block4:
;;   movslq (%rax, %rcx, 8), %rax
;;   load_ext_name userextname2+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   movq %rsi, %rdi
;;   call    *%rax
;; block5:
;; block6:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block3:
;;   testl %edx, %edx
;;   jz #trap=user4
;;   ud2

;; function fixed on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x15, x3
;;   cbnz w2, label2 ; b label1
;; block1:
;;   mov x2, x15
;;   bl 0
;;   b label5
;; block2:
;;   subs wzr, w2, #2
;;   b.hs #trap=user11
;;   load_ext_name_near x0, User(userextname1)+0
;;   mov w2, w2
;;   lsl x1, x2, #3
;;   add x2, x0, x2, LSL 3
;;   ldr w2, [x2, #4]
;;   subs wzr, w2, #1
;;   b.eq label4 ; b label3
;; block4:
;;   ldrsw x0, [x0, x1]
;;   load_ext_name_near x1, User(userextname2)+0
;;   add x0, x1, x0
;;   mov x2, x15
;;   blr x0
;; block5:
;; block6:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block3:
;;   cbz w2, #trap=user4
;;   udf #0xc11f

;; function changing on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x2, %edi
;;   jnb #trap=user11
;;   movl %edi, %eax
;;   shlq $0x3, %rax
;;   movq 0xfff0028(%rax), %rcx
;;   load_ext_name userextname0+0, %rdx
;;   movq (%rdx), %rdx
;;   cmpq %rdx, %rcx
;;   jnz     label2; j label1
;; block1:
;;   movq %rsi, %rdi
;;   call    User(userextname1)
;; block5:
;; block6:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block2:
;;   movq %rsi, %rdi
;;   movl 0xfff002c(%rax), %ecx
;;   cmpl $0x1, %ecx
;;   jz      label4; j label3
;; block3:
;;   testl %ecx, %ecx
;;   jz #trap=user4
;;   ud2
;; block4:
;;   movslq 0xfff0028(%rax), %rax
;;   load_ext_name userextname2+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   call    *%rax
;;   jmp     label5

;; function changing on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x5, x3
;;   subs wzr, w2, #2
;;   b.hs #trap=user11
;;   mov w3, w2
;;   lsl x0, x3, #3
;;   movn w1, #65495
;;   ldr x2, [x1, w2, UXTW #3]
;;   load_ext_name_near x4, User(userextname0)+0
;;   ldr x4, [x4]
;;   subs xzr, x2, x4
;;   b.ne label2 ; b label1
;; block1:
;;   mov x2, x5
;;   bl 0
;; block5:
;; block6:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block2:
;;   add x2, x1, x3, LSL 3
;;   ldr w2, [x2, #4]
;;   subs wzr, w2, #1
;;   b.eq label4 ; b label3
;; block3:
;;   cbz w2, #trap=user4
;;   udf #0xc11f
;; block4:
;;   ldrsw x0, [x0, x1]
;;   load_ext_name_near x1, User(userextname2)+0
;;   add x0, x1, x0
;;   mov x2, x5
;;   blr x0
;;   b label5

;; function reference on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rsi, %rdx
;;   load_ext_name userextname0+0, %r11
;;   movq (%r11), %r11
;;   cmpq %r11, %rdi
;;   jnz     label2; j label1
;; block1:
;;   movq %rdx, %rdi
;;   call    User(userextname1)
;; block3:
;; block4:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block2:
;;   testq %rdi, %rdi
;;   jz #trap=user12
;;   load_ext_name userextname2+0, %rax
;;   movslq %edi, %rcx
;;   leaq (%rax, %rcx), %rax
;;   movq %rdx, %rdi
;;   call    *%rax
;;   jmp     label3

;; function reference on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x11, x3
;;   load_ext_name_near x10, User(userextname0)+0
;;   ldr x10, [x10]
;;   subs xzr, x2, x10
;;   b.ne label2 ; b label1
;; block1:
;;   mov x2, x11
;;   bl 0
;; block3:
;; block4:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block2:
;;   cbz x2, #trap=user12
;;   load_ext_name_near x14, User(userextname2)+0
;;   add x14, x14, x2, SXTW
;;   mov x2, x11
;;   blr x14
;;   b label3

;; function last on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rsi, %r11
;;   testl %edi, %edi
;;   jnz     label2; j label1
;; block1:
;;   movq %r11, %rdi
;;   return_call_known User(userextname0) (0) tmp=%r11 %rdi=%rdi
;; block2:
;;   cmpl $0x2, %edi
;;   jnb #trap=user11
;;   load_ext_name userextname1+0, %rax
;;   movl %edi, %ecx
;;   movl 4(%rax, %rcx, 8), %edx
;;   cmpl $0x1, %edx
;;   jz      label4; j label3
;; block4:
;;   movslq (%rax, %rcx, 8), %rax
;;   load_ext_name userextname2+0, %rcx
;;   leaq (%rcx, %rax), %r10
;;   movq %r11, %rdi
;;   return_call_unknown %r10 (0) tmp=%r11 %rdi=%rdi
;; block3:
;;   testl %edx, %edx
;;   jz #trap=user4
;;   ud2

;; function last on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x11, x3
;;   cbnz w2, label2 ; b label1
;; block1:
;;   mov x2, x11
;;   return_call User(userextname0) new_stack_arg_size:0 x2=x2
;; block2:
;;   subs wzr, w2, #2
;;   b.hs #trap=user11
;;   load_ext_name_near x14, User(userextname1)+0
;;   mov w0, w2
;;   lsl x15, x0, #3
;;   add x0, x14, x0, LSL 3
;;   ldr w0, [x0, #4]
;;   subs wzr, w0, #1
;;   b.eq label4 ; b label3
;; block4:
;;   ldrsw x0, [x14, x15]
;;   load_ext_name_near x1, User(userextname2)+0
;;   add x1, x1, x0
;;   mov x2, x11
;;   return_call_ind x1 new_stack_arg_size:0 x2=x2
;; block3:
;;   cbz w0, #trap=user4
;;   udf #0xc11f
