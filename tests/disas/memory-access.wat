;;! targets = "x86_64 aarch64"

;; No bounds check: the index and the constant base of the memory are all that the address needs. The key line is the
;; one `mov` with the base as displacement, or the `ldr` with base and index (`UXTW`); a compare, an extension of its own
;; or a second load would be a mistake.
(module
  (memory 1)
  (func $load (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func $store (export "store") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
  (func $load_byte (export "load_byte") (param i32) (result i32) (i32.load8_s (local.get 0))))

;; function load on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movl 0x10000000(%rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x3, #1, LSL #32
;;   ldr w0, [x3, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function store on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
;;   movq %rsi, 0x10000000(%rdi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function store on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x3, #1, LSL #32
;;   str x1, [x3, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function load_byte on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movsbq 0x10000000(%rsi), %rax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load_byte on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x3, #1, LSL #32
;;   ldrsb x0, [x3, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
