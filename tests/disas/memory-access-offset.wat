;;! targets = "x86_64 aarch64"

;; A constant offset is folded into the displacement, with the base; so is a constant address. An offset too large for
;; that costs one addition. On AArch64 the displacement has the offset only: fields of one record share the addition of
;; base and index.
(module
  (memory 1)
  (func $field (export "field") (param i32) (result i32) (i32.load offset=16 (local.get 0)))
  (func $constant (export "constant") (result i32) (i32.load offset=8 (i32.const 1024)))
  (func $far (export "far") (param i32) (result i32) (i32.load offset=0x90000000 (local.get 0)))
  (func $two_fields (export "two_fields") (param i32) (result i32)
    (i32.add (i32.load offset=4 (local.get 0)) (i32.load offset=8 (local.get 0)))))

;; function field on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movl 0x10000010(%rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function field on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x4, #1, LSL #32
;;   add x4, x4, x0, UXTW
;;   ldr w0, [x4, #16]
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
;;   movl %edi, %esi
;;   movl $0xa0000000, %edi
;;   movl (%rsi, %rdi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function far on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x4, #36864, LSL #16
;;   movk x4, x4, #1, LSL #32
;;   ldr w0, [x4, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function two_fields on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
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
;;   movz x6, #1, LSL #32
;;   add x7, x6, x0, UXTW
;;   ldr w6, [x7, #4]
;;   ldr w7, [x7, #8]
;; block1:
;;   add w0, w6, w7
;;   ldp fp, lr, [sp], #16
;;   ret
