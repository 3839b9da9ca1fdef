;;! targets = "x86_64 aarch64"

;; A 64-bit index of a table is compared whole.
(module
  (table $t i64 4 funcref)
  (type $v (func))
  (func $call (export "call") (param i64) (call_indirect $t (type $v) (local.get 0)))
  (func $set (export "set") (param i64) (table.set $t (local.get 0) (ref.null func)))
  (func $copy (export "copy") (param i64 i64 i64) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2))))

;; function call on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpq $0x4, %rdi
;;   jnb #trap=user11
;;   shlq $0x3, %rdi
;;   movl 0xfff0004(%rdi), %r8d
;;   cmpl $0x1, %r8d
;;   jz      label2; j label1
;; block2:
;;   movslq 0xfff0000(%rdi), %rax
;;   load_ext_name userextname0+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   call    *%rax
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   testl %r8d, %r8d
;;   jz #trap=user4
;;   ud2

;; function call on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs xzr, x0, #4
;;   b.hs #trap=user11
;;   lsl x10, x0, #3
;;   movz x11, #65535, LSL #16
;;   add x12, x11, x0, LSL 3
;;   ldr w12, [x12, #4]
;;   subs wzr, w12, #1
;;   b.eq label2 ; b label1
;; block2:
;;   ldrsw x14, [x10, x11]
;;   load_ext_name_near x15, User(userextname0)+0
;;   add x14, x15, x14
;;   blr x14
;; block3:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block1:
;;   cbz w12, #trap=user4
;;   udf #0xc11f

;; function set on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpq $0x4, %rdi
;;   jnb #trap=user3
;;   shlq $0x3, %rdi
;;   movq $0x0, 0xfff0000(%rdi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function set on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs xzr, x0, #4
;;   b.hs #trap=user3
;;   movz x5, #0
;;   movz x6, #65535, LSL #16
;;   str x5, [x6, x0, LSL #3]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function copy on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %r10
;;   addq %rdx, %r10
;;   jb #trap=user3
;;   cmpq $0x4, %r10
;;   jnbe #trap=user3
;;   movq %rsi, %rax
;;   addq %rdx, %rax
;;   jb #trap=user3
;;   cmpq $0x4, %rax
;;   jnbe #trap=user3
;;   shlq $0x3, %rdi
;;   leaq 0xfff0000(%rdi), %rdi
;;   shlq $0x3, %rsi
;;   leaq 0xfff0000(%rsi), %rsi
;;   shlq $0x3, %rdx
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function copy on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   adds x9, x0, x2
;;   b.hs #trap=user3
;;   subs xzr, x9, #4
;;   b.hi #trap=user3
;;   adds x12, x1, x2
;;   b.hs #trap=user3
;;   subs xzr, x12, #4
;;   b.hi #trap=user3
;;   movz x15, #65535, LSL #16
;;   add x0, x15, x0, LSL 3
;;   add x1, x15, x1, LSL 3
;;   lsl x2, x2, #3
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
