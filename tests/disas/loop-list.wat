;;! targets = "x86_64 aarch64"

;; An address that goes round a loop is extended where it is loaded, which is for nothing, and not at each access. (On
;; AArch64 accesses extend their index.)
(module
  (memory (export "memory") 1)
  (func $length (export "length") (param $node i32) (result i32)
    (local $count i32)
    (loop $next
      (if (local.get $node)
        (then
          (local.set $count (i32.add (local.get $count) (i32.load offset=4 (local.get $node))))
          (local.set $node (i32.load (local.get $node)))
          (br $next))))
    (local.get $count)))

;; function length on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edx
;;   xorl %eax, %eax
;; block1:
;;   testl %edx, %edx
;;   jnz     label6; j label2
;; block2:
;; block3:
;; block4:
;; block5:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block6:
;;   movl 0x10000004(%rdx), %ecx
;;   movl 0x10000000(%rdx), %edx
;;   leal (%rax, %rcx), %eax
;;   jmp     label1

;; function length on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x13, x0
;;   movz w0, #0
;;   mov x15, x13
;; block1:
;;   cbnz w15, label6 ; b label2
;; block2:
;; block3:
;; block4:
;; block5:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block6:
;;   movz x1, #1, LSL #32
;;   add x2, x1, x15, UXTW
;;   ldr w2, [x2, #4]
;;   ldr w15, [x1, w15, UXTW]
;;   add w0, w0, w2
;;   b label1
