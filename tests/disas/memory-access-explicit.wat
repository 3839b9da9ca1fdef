;;! targets = "x86_64 aarch64"
;;! flags = "--bounds-checks=explicit"

;; Each access is compared with the size. What matters: one compare and one branch (or conditional move) for each
;; address, and no branch that is taken on the way that does not trap.
(module
  (memory 2)
  (func $load (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func $store_far (export "store_far") (param i32 i64) (i64.store offset=65536 (local.get 0) (local.get 1))))

;; function load on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   cmpq $0x1fffc, %rsi
;;   jnbe #trap=heap_oob
;;   movl $0xfff0000, %edi
;;   movq (%rdi), %rdi
;;   movl (%rdi, %rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov w6, w0
;;   orr x7, xzr, #131068
;;   subs xzr, x6, x7
;;   b.hi #trap=heap_oob
;;   movz x8, #65535, LSL #16
;;   ldr x8, [x8]
;;   ldr w0, [x8, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function store_far on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
;;   cmpq $0xfff8, %rdi
;;   jnbe #trap=heap_oob
;;   movl $0xfff0000, %r8d
;;   movq (%r8), %r8
;;   movq %rsi, 0x10000(%r8, %rdi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function store_far on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov w7, w0
;;   movz x8, #65528
;;   subs xzr, x7, x8
;;   b.hi #trap=heap_oob
;;   movz x9, #65535, LSL #16
;;   ldr x9, [x9]
;;   add x9, x9, #65536
;;   str x1, [x9, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
