;;! targets = "x86_64 aarch64"

;; A memory that grows is compared with what it can grow to, by constants as well: its own maximum, or 64 GiB. Behind the
;; `br_if`, what was compared in the loop before it is known.
(module
  (memory $own i64 1 16)
  (memory $default i64 1)
  (func $load_own (export "load_own") (param i64) (result i32) (i32.load $own (local.get 0)))
  (func $load_default (export "load_default") (param i64) (result i32) (i32.load $default (local.get 0)))
  (func $grow (export "grow") (param i64) (result i64)
    (drop (memory.grow $own (local.get 0)))
    (memory.grow $default (local.get 0)))
  (func $size (export "size") (result i64) (memory.size $default))
  (func $increment_while_odd (export "increment_while_odd") (param i64)
    (loop $more
      (br_if 1 (i32.eqz (i32.and (i32.load $own (local.get 0)) (i32.const 1))))
      (i32.store $own (local.get 0) (i32.add (i32.load $own (local.get 0)) (i32.const 1)))
      (local.set 0 (i64.add (local.get 0) (i64.const 4)))
      (br $more))))

;; function load_own on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpq $0x100000, %rdi
;;   jnbe #trap=heap_oob
;;   movl 0x10000000(%rdi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load_own on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs xzr, x0, #1048576
;;   b.hi #trap=heap_oob
;;   movz x5, #1, LSL #32
;;   ldr w0, [x0, x5]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function load_default on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpq (%rip), %rdi
;;   jnbe #trap=heap_oob
;;   movabsq $0x800000000, %rsi
;;   movl (%rdi, %rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load_default on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x4, #16, LSL #32
;;   subs xzr, x0, x4
;;   b.hi #trap=heap_oob
;;   movz x6, #8, LSL #32
;;   ldr w0, [x0, x6]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function grow on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;;   subq $0x10, %rsp
;;   movq %r12, (%rsp)
;; block0:
;;   movq %rdi, %r12
;;   movl $0xfff0000, %edi
;;   movq %r12, %rsi
;;   call    User(userextname0)
;;   movl $0xfff0028, %edi
;;   movq %r12, %rsi
;;   call    User(userextname0)
;; block1:
;;   movq (%rsp), %r12
;;   addq $0x10, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function grow on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   str x19, [sp, #-16]!
;; block0:
;;   mov x19, x0
;;   movz x0, #65535, LSL #16
;;   mov x1, x19
;;   bl 0
;;   movn w0, #65495
;;   mov x1, x19
;;   bl 0
;; block1:
;;   ldr x19, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret

;; function size on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %edx
;;   movq 0x30(%rdx), %rax
;; block1:
;;   shrq $0x10, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function size on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x2, #65535, LSL #16
;;   ldr x2, [x2, #48]
;; block1:
;;   lsr x0, x2, #16
;;   ldp fp, lr, [sp], #16
;;   ret

;; function increment_while_odd on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   cmpq $0x100000, %rdi
;;   jnbe #trap=heap_oob
;;   movl 0x10000000(%rdi), %r8d
;;   testl $0x1, %r8d
;;   jz      label3; j label2
;; block2:
;;   addl $0x1, 0x10000000(%rdi)
;;   leaq 4(%rdi), %rdi
;;   jmp     label1
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function increment_while_odd on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   subs xzr, x0, #1048576
;;   b.hi #trap=heap_oob
;;   movz x10, #1, LSL #32
;;   ldr w11, [x0, x10]
;;   tbz x11, #0, label3 ; b label2
;; block2:
;;   ldr w11, [x0, x10]
;;   add w11, w11, #1
;;   str w11, [x0, x10]
;;   add x0, x0, #4
;;   b label1
;; block3:
;;   ldp fp, lr, [sp], #16
;;   ret
