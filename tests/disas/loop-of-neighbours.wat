;;! targets = "x86_64 aarch64"
;;! flags = "--disable-pass=inline"

;; A loop that was unrolled: both elements are computed in one vector, unless the arrays overlap, which is compared once
;; before it.
(module
  (memory (export "memory") 1)
  (func $axpy (param $c i32) (param $b i32) (param $bytes i32) (param $x f64)
    (local $i i32)
    (loop $next
      (f64.store (i32.add (local.get $c) (local.get $i))
        (f64.add (f64.mul (local.get $x) (f64.load (i32.add (local.get $b) (local.get $i))))
                 (f64.load (i32.add (local.get $c) (local.get $i)))))
      (f64.store offset=8 (i32.add (local.get $c) (local.get $i))
        (f64.add (f64.mul (local.get $x) (f64.load offset=8 (i32.add (local.get $b) (local.get $i))))
                 (f64.load offset=8 (i32.add (local.get $c) (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $bytes)))))
  ;; A trap ends the program, so that nobody sees which element was stored before it.
  (func (export "_start")
    (call $axpy (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.load (i32.const 8)) (f64.load (i32.const 16)))))

;; function axpy on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movq %rdi, %rax
;;   subl %esi, %eax
;;   subl $0x1, %eax
;;   xorl %r8d, %r8d
;;   pshufd $0x44, %xmm0, %xmm1
;;   cmpl $0xe, %eax
;;   jbe     label2; j label3
;; block3:
;; block4:
;;   leal (%rsi, %r8), %ecx
;;   leal (%rdi, %r8), %eax
;;   movdqu 0x10000000(%rcx), %xmm2
;;   movdqa %xmm1, %xmm0
;;   mulpd %xmm2, %xmm0
;;   movdqu 0x10000000(%rax), %xmm2
;;   addpd %xmm2, %xmm0
;;   movupd %xmm0, 0x10000000(%rax)
;;   leal 0x10(%r8), %r8d
;;   cmpl %edx, %r8d
;;   jb      label5; j label6
;; block5:
;;   jmp     label4
;; block6:
;;   jmp     label10
;; block9:
;; block10:
;; block11:
;; block12:
;; block13:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block2:
;; block7:
;;   leal (%rsi, %r8), %eax
;;   leal (%rdi, %r8), %ecx
;;   movdqa %xmm0, %xmm1
;;   mulsd 0x10000000(%rax), %xmm1
;;   addsd 0x10000000(%rcx), %xmm1
;;   movsd %xmm1, 0x10000000(%rcx)
;;   movdqa %xmm0, %xmm1
;;   mulsd 0x10000008(%rax), %xmm1
;;   addsd 0x10000008(%rcx), %xmm1
;;   movsd %xmm1, 0x10000008(%rcx)
;;   leal 0x10(%r8), %r8d
;;   cmpl %edx, %r8d
;;   jb      label8; j label9
;; block8:
;;   jmp     label7

;; function axpy on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   sub w3, w0, w1
;;   sub w3, w3, #1
;;   movz w8, #0
;;   dup v1.2d, v0.d[0]
;;   subs wzr, w3, #14
;;   b.ls label2 ; b label3
;; block3:
;; block4:
;;   add w4, w1, w8
;;   movz x3, #1, LSL #32
;;   ldr q0, [x3, w4, UXTW]
;;   add w4, w0, w8
;;   ldr q2, [x3, w4, UXTW]
;;   fmul v0.2d, v1.2d, v0.2d
;;   fadd v0.2d, v0.2d, v2.2d
;;   str q0, [x3, w4, UXTW]
;;   add w8, w8, #16
;;   subs wzr, w8, w2
;;   b.lo label5 ; b label6
;; block5:
;;   b label4
;; block6:
;;   b label10
;; block9:
;; block10:
;; block11:
;; block12:
;; block13:
;;   ldp fp, lr, [sp], #16
;;   ret
;; block2:
;; block7:
;;   add w3, w1, w8
;;   movz x4, #1, LSL #32
;;   add x5, x4, x3, UXTW
;;   ldr d1, [x4, w3, UXTW]
;;   add w6, w0, w8
;;   add x3, x4, x6, UXTW
;;   ldr d2, [x4, w6, UXTW]
;;   fmul d1, d0, d1
;;   fadd d1, d1, d2
;;   str d1, [x4, w6, UXTW]
;;   ldr d1, [x5, #8]
;;   ldr d2, [x3, #8]
;;   fmul d1, d0, d1
;;   fadd d1, d1, d2
;;   str d1, [x3, #8]
;;   add w8, w8, #16
;;   subs wzr, w8, w2
;;   b.lo label8 ; b label9
;; block8:
;;   b label7
