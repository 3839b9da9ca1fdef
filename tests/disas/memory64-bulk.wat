;;! targets = "x86_64 aarch64"

;; Ends of regions are sums that trap if they wrap; those of 32-bit operands cannot.
(module
  (memory $wide i64 1)
  (memory $narrow 1)
  (func $copy (export "copy") (param i64 i64 i64)
    (memory.copy $wide $wide (local.get 0) (local.get 1) (local.get 2)))
  (func $narrow_to_wide (export "narrow_to_wide") (param i64 i32 i32)
    (memory.copy $wide $narrow (local.get 0) (local.get 1) (local.get 2)))
  (func $fill (export "fill") (param i64 i32 i64)
    (memory.fill $wide (local.get 0) (local.get 1) (local.get 2))))

;; function copy on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %r8
;;   addq %rdx, %r8
;;   jb #trap=heap_oob
;;   cmpq $0x10000, %r8
;;   jnbe #trap=heap_oob
;;   movq %rsi, %r10
;;   addq %rdx, %r10
;;   jb #trap=heap_oob
;;   cmpq $0x10000, %r10
;;   jnbe #trap=heap_oob
;;   leaq 0x10000000(%rdi), %rdi
;;   leaq 0x10000000(%rsi), %rsi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function copy on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   adds x8, x0, x2
;;   b.hs #trap=heap_oob
;;   subs xzr, x8, #65536
;;   b.hi #trap=heap_oob
;;   adds x11, x1, x2
;;   b.hs #trap=heap_oob
;;   subs xzr, x11, #65536
;;   b.hi #trap=heap_oob
;;   movz x14, #1, LSL #32
;;   add x0, x0, x14
;;   add x1, x1, x14
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function narrow_to_wide on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edx, %edx
;;   movq %rdi, %r10
;;   addq %rdx, %r10
;;   jb #trap=heap_oob
;;   cmpq $0x10000, %r10
;;   jnbe #trap=heap_oob
;;   movl %esi, %eax
;;   leaq (%rax, %rdx), %rcx
;;   cmpq $0x10000, %rcx
;;   jnbe #trap=heap_oob
;;   leaq 0x10000000(%rdi), %rdi
;;   movabsq $0x800000000, %rcx
;;   leaq (%rax, %rcx), %rsi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function narrow_to_wide on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov w2, w2
;;   adds x10, x0, x2
;;   b.hs #trap=heap_oob
;;   subs xzr, x10, #65536
;;   b.hi #trap=heap_oob
;;   add x13, x2, x1, UXTW
;;   subs xzr, x13, #65536
;;   b.hi #trap=heap_oob
;;   movz x15, #1, LSL #32
;;   add x0, x0, x15
;;   movz x15, #8, LSL #32
;;   add x1, x15, x1, UXTW
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function fill on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %r8
;;   addq %rdx, %r8
;;   jb #trap=heap_oob
;;   cmpq $0x10000, %r8
;;   jnbe #trap=heap_oob
;;   leaq 0x10000000(%rdi), %rdi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function fill on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   adds x6, x0, x2
;;   b.hs #trap=heap_oob
;;   subs xzr, x6, #65536
;;   b.hi #trap=heap_oob
;;   movz x9, #1, LSL #32
;;   add x0, x0, x9
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
