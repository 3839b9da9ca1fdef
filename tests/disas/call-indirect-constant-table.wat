;;! targets = "x86_64 aarch64"

;; A table that nothing changes after its segments: the bound is a constant, and the entries are read-only data. Not
;; yet: all entries have the one type, so that no compare of types is needed; and `call_known` can only call `square`.
(module
  (type $t (func (param i32) (result i32)))
  (table $table 2 2 funcref)
  (elem (i32.const 0) $double $square)
  (func $double (type $t) (i32.add (local.get 0) (local.get 0)))
  (func $square (type $t) (i32.mul (local.get 0) (local.get 0)))
  (func $call (export "call") (param i32 i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (local.get 1)))
  (func $call_known (export "call_known") (param i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (i32.const 1))))

;; function double on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   leal (%rdi, %rdi), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function double on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   add w0, w0, w0
;;   ldp fp, lr, [sp], #16
;;   ret

;; function square on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movq %rdi, %rax
;;   imull %edi, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function square on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   madd w0, w0, w0, wzr
;;   ldp fp, lr, [sp], #16
;;   ret

;; function call on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x2, %esi
;;   jnb #trap=user11
;;   load_ext_name userextname0+0, %r11
;;   movl %esi, %eax
;;   movl 4(%r11, %rax, 8), %ecx
;;   cmpl $0x1, %ecx
;;   jz      label2; j label1
;; block2:
;;   movslq (%r11, %rax, 8), %rax
;;   load_ext_name userextname1+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   call    *%rax
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   testl %ecx, %ecx
;;   jz #trap=user4
;;   ud2

;; function call on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs wzr, w1, #2
;;   b.hs #trap=user11
;;   load_ext_name_near x13, User(userextname0)+0
;;   mov w15, w1
;;   lsl x14, x15, #3
;;   add x15, x13, x15, LSL 3
;;   ldr w15, [x15, #4]
;;   subs wzr, w15, #1
;;   b.eq label2 ; b label1
;; block2:
;;   ldrsw x1, [x13, x14]
;;   load_ext_name_near x2, User(userextname1)+0
;;   add x1, x2, x1
;;   blr x1
;; block3:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block1:
;;   cbz w15, #trap=user4
;;   udf #0xc11f

;; function call_known on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   load_ext_name userextname0+0, %r8
;;   movl 0xc(%r8), %r9d
;;   cmpl $0x1, %r9d
;;   jz      label2; j label1
;; block2:
;;   movslq 8(%r8), %rax
;;   load_ext_name userextname1+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   call    *%rax
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   testl %r9d, %r9d
;;   jz #trap=user4
;;   ud2

;; function call_known on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   load_ext_name_near x7, User(userextname0)+0
;;   ldr w8, [x7, #12]
;;   subs wzr, w8, #1
;;   b.eq label2 ; b label1
;; block2:
;;   ldrsw x11, [x7, #8]
;;   load_ext_name_near x12, User(userextname1)+0
;;   add x11, x12, x11
;;   blr x11
;; block3:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block1:
;;   cbz w8, #trap=user4
;;   udf #0xc11f
