;;! targets = "x86_64 aarch64"

;; Each memory has a base of its own, a constant, and no comparison; the first one's folds into the access. A store to one
;; does not end what is known of the other: `$again` loads once.
(module
  (memory $a 1)
  (memory $b 1)
  (func $copy_word (export "copy_word") (param i32) (i32.store $b (local.get 0) (i32.load $a (local.get 0))))
  (func $again (export "again") (param i32) (result i32)
    (i32.load $a (local.get 0))
    (i32.store $b (local.get 0) (i32.const 7))
    (i32.add (i32.load $a (local.get 0)))))

;; function copy_word on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movl 0x10000000(%rsi), %edi
;;   movabsq $0x800000000, %r8
;;   movl %edi, (%rsi, %r8)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function copy_word on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x4, #1, LSL #32
;;   ldr w4, [x4, w0, UXTW]
;;   movz x5, #8, LSL #32
;;   str w4, [x5, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function again on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
;;   movl 0x10000000(%rdi), %esi
;;   movabsq $0x800000000, %r8
;;   movl $0x7, (%rdi, %r8)
;; block1:
;;   leal (%rsi, %rsi), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function again on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x6, #1, LSL #32
;;   ldr w6, [x6, w0, UXTW]
;;   movz w7, #7
;;   movz x8, #8, LSL #32
;;   str w7, [x8, w0, UXTW]
;; block1:
;;   add w0, w6, w6
;;   ldp fp, lr, [sp], #16
;;   ret
