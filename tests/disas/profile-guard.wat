;;! targets = "x86_64 aarch64"
;;! flags = "--profile-use"

;; Where a profile says that a call nearly always goes to one function that is small, its body is there, behind a
;; comparison: of the index, where the table never changes, or else of the entry. What hardly runs calls as without.
(module
  (type $t (func (param i32 i32) (result i32)))
  (table $fixed 3 3 funcref)
  (elem (table $fixed) (i32.const 0) func $less $more)
  (table $changes 3 3 funcref)
  (elem (table $changes) (i32.const 0) func $less $more)
  (elem declare func $by_index $by_entry)
  (func $less (type $t) (i32.lt_u (local.get 0) (local.get 1)))
  (func $more (type $t) (i32.gt_u (local.get 0) (local.get 1)))
  (func $by_index (param $which i32) (result i32) (local $n i32)
    (loop $again
      (if (call_indirect $fixed (type $t) (local.get $n) (i32.const 9) (local.get $which))
        (then (local.set $n (i32.add (local.get $n) (i32.const 3)))))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3000))))
    (if (i32.eq (local.get $n) (i32.const 17))
      (then (local.set $n (call_indirect $fixed (type $t) (local.get $n) (local.get $n) (local.get $which)))))
    (local.get $n))
  (func $by_entry (param $which i32) (result i32) (local $n i32)
    (loop $again
      (if (call_indirect $changes (type $t) (local.get $n) (i32.const 9) (local.get $which))
        (then (local.set $n (i32.add (local.get $n) (i32.const 3)))))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3000))))
    (local.get $n))
  (func (export "_start")
    (table.set $changes (i32.const 2) (ref.func $more))
    (drop (i32.add (call $by_index (i32.const 1)) (call $by_entry (i32.const 2))))
    ;; So that they have code, which is not inlined alone.
    (table.set $changes (i32.const 0) (ref.func $by_index))
    (table.set $changes (i32.const 0) (ref.func $by_entry))))

;; function less on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   cmpl %esi, %edi
;;   setb %sil
;;   movzbl %sil, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function less on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   subs wzr, w0, w1
;;   cset x6, lo
;;   uxtb w0, w6
;;   ldp fp, lr, [sp], #16
;;   ret

;; function more on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   cmpl %esi, %edi
;;   seta %sil
;;   movzbl %sil, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function more on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   subs wzr, w0, w1
;;   cset x6, hi
;;   uxtb w0, w6
;;   ldp fp, lr, [sp], #16
;;   ret

;; function by_index on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;;   subq $0x20, %rsp
;;   movq %rbx, (%rsp)
;;   movq %r12, 8(%rsp)
;;   movq %r13, 0x10(%rsp)
;;   movq %r14, 0x18(%rsp)
;; block0:
;;   xorl %r12d, %r12d
;;   load_ext_name userextname0+0, %r14
;;   movl %edi, %ebx
;;   movq %rdi, %r13
;; block1:
;;   cmpl $0x1, %r13d
;;   jnz     label4; j label2
;; block2:
;;   movq %r12, %r10
;; block3:
;;   cmpl $0x9, %r10d
;;   seta %al
;;   movzbl %al, %eax
;; block7:
;;   testl %eax, %eax
;;   jnz     label9; j label8
;; block8:
;;   jmp     label10
;; block9:
;;   leal 3(%r12), %r12d
;; block10:
;;   leal 1(%r12), %esi
;;   cmpl $0xbb8, %esi
;;   jb      label11; j label12
;; block11:
;;   movq %rsi, %r12
;;   jmp     label1
;; block12:
;; block13:
;;   cmpl $0x10, %r12d
;;   jz      label15; j label14
;; block14:
;;   movq %rsi, %rax
;; block18:
;; block19:
;;   movq (%rsp), %rbx
;;   movq 8(%rsp), %r12
;;   movq 0x10(%rsp), %r13
;;   movq 0x18(%rsp), %r14
;;   addq $0x20, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block4:
;;   movq %r12, %rdi
;;   cmpl $0x3, %r13d
;;   jnb #trap=user11
;;   movl 4(%r14, %rbx, 8), %eax
;;   cmpl $0x1, %eax
;;   jz      label6; j label5
;; block5:
;;   testl %eax, %eax
;;   jz #trap=user4
;;   ud2
;; block6:
;;   movslq (%r14, %rbx, 8), %rax
;;   load_ext_name userextname1+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   movl $0x9, %esi
;;   call    *%rax
;;   jmp     label7
;; block15:
;;   cmpl $0x3, %r13d
;;   jnb #trap=user11
;;   movl 4(%r14, %rbx, 8), %eax
;;   cmpl $0x1, %eax
;;   jz      label17; j label16
;; block16:
;;   testl %eax, %eax
;;   jz #trap=user4
;;   ud2
;; block17:
;;   movslq (%r14, %rbx, 8), %rax
;;   load_ext_name userextname1+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   movq %rsi, %rdi
;;   call    *%rax
;;   jmp     label18

;; function by_index on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   str x28, [sp, #-16]!
;;   stp x21, x22, [sp, #-16]!
;;   stp x19, x20, [sp, #-16]!
;; block0:
;;   movz w21, #0
;;   load_ext_name_near x19, User(userextname0)+0
;;   mov w1, w0
;;   lsl x28, x1, #3
;;   add x20, x19, x1, LSL 3
;;   mov x22, x0
;; block1:
;;   subs wzr, w22, #1
;;   b.ne label4 ; b label2
;; block2:
;;   mov x11, x21
;; block3:
;;   subs wzr, w11, #9
;;   cset x0, hi
;;   uxtb w0, w0
;; block7:
;;   cbnz w0, label9 ; b label8
;; block8:
;;   b label10
;; block9:
;;   add w21, w21, #3
;; block10:
;;   add w1, w21, #1
;;   subs wzr, w1, #3000
;;   b.lo label11 ; b label12
;; block11:
;;   mov x21, x1
;;   b label1
;; block12:
;; block13:
;;   subs wzr, w21, #16
;;   b.eq label15 ; b label14
;; block14:
;;   mov x0, x1
;; block18:
;; block19:
;;   ldp x19, x20, [sp], #16
;;   ldp x21, x22, [sp], #16
;;   ldr x28, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret
;; block4:
;;   mov x0, x21
;;   subs wzr, w22, #3
;;   b.hs #trap=user11
;;   ldr w1, [x20, #4]
;;   subs wzr, w1, #1
;;   b.eq label6 ; b label5
;; block5:
;;   cbz w1, #trap=user4
;;   udf #0xc11f
;; block6:
;;   ldrsw x1, [x19, x28]
;;   load_ext_name_near x2, User(userextname1)+0
;;   add x2, x2, x1
;;   movz w1, #9
;;   blr x2
;;   b label7
;; block15:
;;   subs wzr, w22, #3
;;   b.hs #trap=user11
;;   ldr w0, [x20, #4]
;;   subs wzr, w0, #1
;;   b.eq label17 ; b label16
;; block16:
;;   cbz w0, #trap=user4
;;   udf #0xc11f
;; block17:
;;   ldrsw x0, [x19, x28]
;;   load_ext_name_near x2, User(userextname1)+0
;;   add x2, x2, x0
;;   mov x0, x1
;;   blr x2
;;   b label18

;; function by_entry on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;;   subq $0x20, %rsp
;;   movq %rbx, (%rsp)
;;   movq %r12, 8(%rsp)
;;   movq %r13, 0x10(%rsp)
;;   movq %r14, 0x18(%rsp)
;; block0:
;;   xorl %eax, %eax
;;   movq %rax, %r14
;;   movl %edi, %ebx
;;   shlq $0x3, %rbx
;;   load_ext_name userextname0+0, %rax
;;   movq (%rax), %r12
;;   movq %rdi, %r13
;; block1:
;;   cmpl $0x3, %r13d
;;   jnb #trap=user11
;;   movq 0xfff0000(%rbx), %rax
;;   cmpq %r12, %rax
;;   jnz     label4; j label2
;; block2:
;;   movq %r14, %rax
;; block3:
;;   cmpl $0x9, %eax
;;   seta %al
;;   movzbl %al, %eax
;; block7:
;;   testl %eax, %eax
;;   jnz     label9; j label8
;; block8:
;;   movq %r14, %rax
;;   jmp     label10
;; block9:
;;   movq %r14, %rax
;;   leal 3(%rax), %eax
;; block10:
;;   leal 1(%rax), %eax
;;   cmpl $0xbb8, %eax
;;   jb      label11; j label12
;; block11:
;;   movq %rax, %r14
;;   jmp     label1
;; block12:
;; block13:
;; block14:
;;   movq (%rsp), %rbx
;;   movq 8(%rsp), %r12
;;   movq 0x10(%rsp), %r13
;;   movq 0x18(%rsp), %r14
;;   addq $0x20, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block4:
;;   movq %r14, %rdi
;;   movl 0xfff0004(%rbx), %eax
;;   cmpl $0x1, %eax
;;   jz      label6; j label5
;; block5:
;;   testl %eax, %eax
;;   jz #trap=user4
;;   ud2
;; block6:
;;   movslq 0xfff0000(%rbx), %rax
;;   load_ext_name userextname1+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   movl $0x9, %esi
;;   call    *%rax
;;   jmp     label7

;; function by_entry on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   stp x27, x28, [sp, #-16]!
;;   stp x25, x26, [sp, #-16]!
;;   stp x19, x24, [sp, #-16]!
;; block0:
;;   mov x1, x0
;;   movz w0, #0
;;   mov x19, x0
;;   mov x26, x1
;;   mov w24, w26
;;   lsl x25, x24, #3
;;   movz x27, #65535, LSL #16
;;   load_ext_name_near x0, User(userextname0)+0
;;   ldr x28, [x0]
;; block1:
;;   subs wzr, w26, #3
;;   b.hs #trap=user11
;;   ldr x0, [x27, w26, UXTW #3]
;;   subs xzr, x0, x28
;;   b.ne label4 ; b label2
;; block2:
;;   mov x15, x19
;; block3:
;;   subs wzr, w15, #9
;;   cset x0, hi
;;   uxtb w0, w0
;; block7:
;;   cbnz w0, label9 ; b label8
;; block8:
;;   mov x0, x19
;;   b label10
;; block9:
;;   mov x0, x19
;;   add w0, w0, #3
;; block10:
;;   add w0, w0, #1
;;   subs wzr, w0, #3000
;;   b.lo label11 ; b label12
;; block11:
;;   mov x19, x0
;;   b label1
;; block12:
;; block13:
;; block14:
;;   ldp x19, x24, [sp], #16
;;   ldp x25, x26, [sp], #16
;;   ldp x27, x28, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret
;; block4:
;;   mov x3, x19
;;   add x0, x27, x24, LSL 3
;;   ldr w0, [x0, #4]
;;   subs wzr, w0, #1
;;   b.eq label6 ; b label5
;; block5:
;;   cbz w0, #trap=user4
;;   udf #0xc11f
;; block6:
;;   ldrsw x0, [x25, x27]
;;   load_ext_name_near x1, User(userextname1)+0
;;   add x2, x1, x0
;;   movz w1, #9
;;   mov x0, x3
;;   blr x2
;;   b label7
