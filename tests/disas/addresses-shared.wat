;;! targets = "x86_64 aarch64"

;; What is 4 behind a place that was accessed does not wrap: the second access has the same address, and an offset. The
;; third is before both, so its index is computed.
(module
  (memory (export "memory") 1)
  (func $sum (export "sum") (param $i i32) (result i32)
    (i32.add
      (i32.add
        (i32.load offset=100 (i32.add (local.get $i) (i32.const 8)))
        (i32.load offset=100 (i32.add (local.get $i) (i32.const 12))))
      (i32.load (local.get $i)))))

;; function sum on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   leal 8(%rdi), %r9d
;;   movl 0x10000064(%r9), %r8d
;;   movl 0x10000068(%r9), %r9d
;;   movl %edi, %r10d
;;   movl 0x10000000(%r10), %r10d
;; block1:
;;   leal (%r8, %r9), %r9d
;;   leal (%r9, %r10), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function sum on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   add w10, w0, #8
;;   movz x9, #1, LSL #32
;;   add x11, x9, x10, UXTW
;;   ldr w10, [x11, #100]
;;   ldr w11, [x11, #104]
;;   ldr w9, [x9, w0, UXTW]
;; block1:
;;   add w10, w10, w11
;;   add w0, w10, w9
;;   ldp fp, lr, [sp], #16
;;   ret
