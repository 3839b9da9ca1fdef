;;! targets = "x86_64 aarch64"

;; A 64-bit index is compared with the memory's size, which is a constant if the memory does not grow; the offset is
;; left to the guard behind it. So both fields of `$two_fields` make one comparison, and `$next` makes none for the
;; second access. `$small`, whose index had 32 bits, and `$constant` make none at all. A reach above the reservation
;; always traps.
(module
  (memory i64 16)
  (func $load (export "load") (param i64) (result i32) (i32.load offset=16 (local.get 0)))
  (func $two_fields (export "two_fields") (param i64) (result i32)
    (i32.add (i32.load offset=4 (local.get 0)) (i32.load offset=8 (local.get 0))))
  (func $next (export "next") (param i64) (result i64)
    (i64.add (i64.load (local.get 0)) (i64.load (i64.add (local.get 0) (i64.const 8)))))
  (func $previous (export "previous") (param i64)
    (i64.store (i64.add (local.get 0) (i64.const -8)) (i64.const 0))
    (i64.store (local.get 0) (i64.const 0)))
  (func $small (export "small") (param i32) (result i32) (i32.load8_u (i64.extend_i32_u (local.get 0))))
  (func $constant (export "constant") (result i32) (i32.load offset=8 (i64.const 1024)))
  (func $far (export "far") (param i64) (result i32) (i32.load offset=0x100000000000 (local.get 0))))

;; function load on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpq $0x100000, %rdi
;;   jnbe #trap=heap_oob
;;   movl 0x10000010(%rdi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs xzr, x0, #1048576
;;   b.hi #trap=heap_oob
;;   movz x6, #1, LSL #32
;;   add x6, x0, x6
;;   ldr w0, [x6, #16]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function two_fields on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpq $0x100000, %rdi
;;   jnbe #trap=heap_oob
;;   movl 0x10000004(%rdi), %esi
;;   movl 0x10000008(%rdi), %edi
;; block1:
;;   leal (%rsi, %rdi), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function two_fields on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs xzr, x0, #1048576
;;   b.hi #trap=heap_oob
;;   movz x8, #1, LSL #32
;;   add x9, x0, x8
;;   ldr w8, [x9, #4]
;;   ldr w9, [x9, #8]
;; block1:
;;   add w0, w8, w9
;;   ldp fp, lr, [sp], #16
;;   ret

;; function next on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpq $0x100000, %rdi
;;   jnbe #trap=heap_oob
;;   movq 0x10000000(%rdi), %rsi
;;   movq 0x10000008(%rdi), %rdi
;; block1:
;;   leaq (%rsi, %rdi), %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function next on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs xzr, x0, #1048576
;;   b.hi #trap=heap_oob
;;   movz x9, #1, LSL #32
;;   ldr x9, [x0, x9]
;;   movz x10, #8
;;   movk x10, x10, #1, LSL #32
;;   ldr x10, [x0, x10]
;; block1:
;;   add x0, x9, x10
;;   ldp fp, lr, [sp], #16
;;   ret

;; function previous on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   leaq -8(%rdi), %rdx
;;   cmpq $0x100000, %rdx
;;   jnbe #trap=heap_oob
;;   movq $0x0, 0xffffff8(%rdi)
;;   movq $0x0, 0x10000000(%rdi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function previous on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   sub x5, x0, #8
;;   subs xzr, x5, #1048576
;;   b.hi #trap=heap_oob
;;   movz x7, #0
;;   orr x8, xzr, #4294967288
;;   str x7, [x0, x8]
;;   movz x8, #1, LSL #32
;;   str x7, [x0, x8]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function small on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movzbq 0x10000000(%rsi), %rax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function small on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x3, #1, LSL #32
;;   ldrb w0, [x3, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function constant on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0x10000408, %ecx
;;   movl (%rcx), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function constant on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x1, #1, LSL #32
;;   ldr w0, [x1, #1032]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function far on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0x1, %edx
;;   testq %rdx, %rdx
;;   jnz #trap=heap_oob
;;   movl $0x10000000, %esi
;;   movl (%rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function far on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x2, #1
;;   cbnz x2, #trap=heap_oob
;;   movz x3, #1, LSL #32
;;   ldr w0, [x3]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
