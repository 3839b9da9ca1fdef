;;! targets = "x86_64 aarch64"

;; A table that changes: the index is compared with its size, the entry is loaded, its type compared with a constant,
;; and what is left of it is the address. Null has no type, so that one compare finds both null and a wrong type.
(module
  (type $t (func (param i32) (result i32)))
  (table $table 4 funcref)
  (elem (i32.const 0) $double $square)
  (func $double (type $t) (i32.add (local.get 0) (local.get 0)))
  (func $square (type $t) (i32.mul (local.get 0) (local.get 0)))
  (func $clear (export "clear") (param i32) (table.set $table (local.get 0) (ref.null func)))
  (func $call (export "call") (param i32 i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (local.get 1))))

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

;; function clear on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x4, %edi
;;   jnb #trap=user3
;;   movl %edi, %esi
;;   shlq $0x3, %rsi
;;   movq $0x0, 0xfff0000(%rsi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function clear on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs wzr, w0, #4
;;   b.hs #trap=user3
;;   movz x5, #0
;;   movz x6, #65535, LSL #16
;;   str x5, [x6, w0, UXTW #3]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function call on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x4, %esi
;;   jnb #trap=user11
;;   movl %esi, %r10d
;;   shlq $0x3, %r10
;;   movl 0xfff0004(%r10), %r11d
;;   cmpl $0x1, %r11d
;;   jz      label2; j label1
;; block2:
;;   movslq 0xfff0000(%r10), %rax
;;   load_ext_name userextname0+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   call    *%rax
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   testl %r11d, %r11d
;;   jz #trap=user4
;;   ud2

;; function call on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs wzr, w1, #4
;;   b.hs #trap=user11
;;   mov w15, w1
;;   lsl x13, x15, #3
;;   movz x14, #65535, LSL #16
;;   add x15, x14, x15, LSL 3
;;   ldr w15, [x15, #4]
;;   subs wzr, w15, #1
;;   b.eq label2 ; b label1
;; block2:
;;   ldrsw x1, [x13, x14]
;;   load_ext_name_near x2, User(userextname0)+0
;;   add x1, x2, x1
;;   blr x1
;; block3:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block1:
;;   cbz w15, #trap=user4
;;   udf #0xc11f
