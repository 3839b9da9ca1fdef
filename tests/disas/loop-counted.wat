;;! targets = "x86_64 aarch64"

;; A loop that counts to a constant. It runs 256 rounds, so that there are four in the block. All accesses are at the
;; address of the first one. The end compares the next value of the counter, which has the same register: there is no
;; move to be made on the way back, and so no block with a jump.
(module
  (memory (export "memory") 1)
  (func $clear (export "clear") (param $from i32)
    (local $i i32)
    (loop $next
      (i64.store (i32.add (local.get $from) (local.get $i)) (i64.const 0))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.ne (local.get $i) (i32.const 2048))))))

;; function clear on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   xorl %edx, %edx
;; block1:
;;   leal (%rdi, %rdx), %r8d
;;   movq $0x0, 0x10000000(%r8)
;;   movq $0x0, 0x10000008(%r8)
;;   movq $0x0, 0x10000010(%r8)
;;   movq $0x0, 0x10000018(%r8)
;;   leal 0x20(%rdx), %edx
;;   cmpq $0x800, %rdx
;;   jnz     label2; j label3
;; block2:
;;   jmp     label1
;; block3:
;; block4:
;; block5:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function clear on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz w2, #0
;; block1:
;;   movz x10, #0
;;   add w12, w0, w2
;;   movz x13, #1, LSL #32
;;   add x11, x13, x12, UXTW
;;   str x10, [x13, w12, UXTW]
;;   str x10, [x11, #8]
;;   str x10, [x11, #16]
;;   str x10, [x11, #24]
;;   add w2, w2, #32
;;   mov w14, w2
;;   subs xzr, x14, #2048
;;   b.ne label2 ; b label3
;; block2:
;;   b label1
;; block3:
;; block4:
;; block5:
;;   ldp fp, lr, [sp], #16
;;   ret
