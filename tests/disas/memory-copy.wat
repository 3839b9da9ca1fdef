;;! targets = "x86_64 aarch64"

;; `memory.copy` and `memory.fill` check both ends, then call the runtime's memmove and memset: no loop here.
(module
  (memory 1)
  (func $copy (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func $fill (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func $copy_16 (export "copy_16") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 16))))

;; function copy on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %r10d
;;   movl %edx, %edx
;;   leaq (%r10, %rdx), %r11
;;   cmpq $0x10000, %r11
;;   jnbe #trap=heap_oob
;;   movl %esi, %eax
;;   leaq (%rax, %rdx), %rcx
;;   cmpq $0x10000, %rcx
;;   jnbe #trap=heap_oob
;;   leaq 0x10000000(%r10), %rdi
;;   leaq 0x10000000(%rax), %rsi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function copy on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov w2, w2
;;   add x9, x2, x0, UXTW
;;   subs xzr, x9, #65536
;;   b.hi #trap=heap_oob
;;   add x11, x2, x1, UXTW
;;   subs xzr, x11, #65536
;;   b.hi #trap=heap_oob
;;   movz x13, #1, LSL #32
;;   add x0, x13, x0, UXTW
;;   add x1, x13, x1, UXTW
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function fill on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
;;   movl %edx, %edx
;;   leaq (%rdi, %rdx), %r8
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
;;   mov w2, w2
;;   add x7, x2, x0, UXTW
;;   subs xzr, x7, #65536
;;   b.hi #trap=heap_oob
;;   movz x9, #1, LSL #32
;;   add x0, x9, x0, UXTW
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function copy_16 on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %r9d
;;   movl $0x10, %edx
;;   leaq 0x10(%r9), %r10
;;   cmpq $0x10000, %r10
;;   jnbe #trap=heap_oob
;;   movl %esi, %r11d
;;   leaq 0x10(%r11), %rax
;;   cmpq $0x10000, %rax
;;   jnbe #trap=heap_oob
;;   leaq 0x10000000(%r9), %rdi
;;   leaq 0x10000000(%r11), %rsi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function copy_16 on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov w10, w0
;;   movz x2, #16
;;   add x10, x10, #16
;;   subs xzr, x10, #65536
;;   b.hi #trap=heap_oob
;;   mov w12, w1
;;   add x12, x12, #16
;;   subs xzr, x12, #65536
;;   b.hi #trap=heap_oob
;;   movz x14, #1, LSL #32
;;   add x0, x14, x0, UXTW
;;   add x1, x14, x1, UXTW
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
