;;! targets = "x86_64 aarch64"

;; The size of a memory that is counted in bytes is compared, since no guard begins in the middle of a page. The base is a
;; constant all the same; so is the last index, if the memory does not grow. `$growing` subtracts from the size what an
;; access needs, which it has had from the start: no sum that could wrap. Of an access and a smaller one at the same
;; index the second is not compared.
(module
  (memory $constant 100 (pagesize 1))
  (memory $growing i64 100 1000 (pagesize 1))
  (func $load (export "load") (param i32) (result i32) (i32.load $constant offset=4 (local.get 0)))
  (func $two (export "two") (param i32) (result i32)
    (i32.add (i32.load $constant offset=4 (local.get 0)) (i32.load $constant (local.get 0))))
  (func $load_growing (export "load_growing") (param i64) (result i32) (i32.load $growing offset=4 (local.get 0)))
  (func $load_far (export "load_far") (param i64) (result i32) (i32.load $growing offset=100 (local.get 0)))
  (func $grow (export "grow") (param i64) (result i64) (memory.grow $growing (local.get 0))))

;; function load on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   cmpq $0x5c, %rsi
;;   jnbe #trap=heap_oob
;;   movl 0x10000004(%rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov w5, w0
;;   subs xzr, x5, #92
;;   b.hi #trap=heap_oob
;;   movz x7, #1, LSL #32
;;   add x7, x7, x0, UXTW
;;   ldr w0, [x7, #4]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function two on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   cmpq $0x5c, %rsi
;;   jnbe #trap=heap_oob
;;   movl 0x10000004(%rsi), %edi
;;   movl 0x10000000(%rsi), %r8d
;; block1:
;;   leal (%rdi, %r8), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function two on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov w7, w0
;;   subs xzr, x7, #92
;;   b.hi #trap=heap_oob
;;   movz x9, #1, LSL #32
;;   add x10, x9, x0, UXTW
;;   ldr w10, [x10, #4]
;;   ldr w9, [x9, w0, UXTW]
;; block1:
;;   add w0, w10, w9
;;   ldp fp, lr, [sp], #16
;;   ret

;; function load_growing on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %esi
;;   movq 0x30(%rsi), %rsi
;;   subq $0x8, %rsi
;;   cmpq %rsi, %rdi
;;   jnbe #trap=heap_oob
;;   movabsq $0x800000000, %r8
;;   movl 4(%rdi, %r8), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load_growing on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x7, #65535, LSL #16
;;   ldr x7, [x7, #48]
;;   sub x7, x7, #8
;;   subs xzr, x0, x7
;;   b.hi #trap=heap_oob
;;   movz x9, #8, LSL #32
;;   add x9, x0, x9
;;   ldr w0, [x9, #4]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function load_far on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rsi
;;   addq $0x68, %rsi
;;   jb #trap=heap_oob
;;   movl $0xfff0000, %r8d
;;   cmpq 0x30(%r8), %rsi
;;   jnbe #trap=heap_oob
;;   movabsq $0x800000000, %r8
;;   movl 0x64(%rdi, %r8), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load_far on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x8, #104
;;   adds x8, x0, x8
;;   b.hs #trap=heap_oob
;;   movz x9, #65535, LSL #16
;;   ldr x9, [x9, #48]
;;   subs xzr, x8, x9
;;   b.hi #trap=heap_oob
;;   movz x11, #8, LSL #32
;;   add x11, x0, x11
;;   ldr w0, [x11, #100]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function grow on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rsi
;;   movl $0xfff0028, %edi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function grow on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x1, x0
;;   movn w0, #65495
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
