;;! targets = "x86_64 aarch64"
;;! flags = "--deterministic"

;; A NaN that arithmetic gives is replaced by the canonical one; `madd` rounds twice; sums of `dot` saturate.
(module
  (func $add (export "add") (param f64 f64) (result f64) (f64.add (local.get 0) (local.get 1)))
  (func $madd (export "madd") (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func $dot (export "dot") (param v128 v128) (result v128) (i16x8.relaxed_dot_i8x16_i7x16_s (local.get 0) (local.get 1))))

;; function add on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   addsd %xmm1, %xmm0
;;   movdqa %xmm0, %xmm1
;;   xorpd %xmm0, %xmm0
;;   movsd %xmm1, %xmm0
;;   movdqa %xmm0, %xmm1
;;   cmpunordpd %xmm0, %xmm1
;;   movupd (%rip), %xmm2
;;   movdqa %xmm0, %xmm3
;;   movdqa %xmm1, %xmm0
;;   movdqa %xmm3, %xmm1
;;   pblendvb %xmm0, %xmm2, %xmm1
;;   movdqa %xmm1, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function add on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   fadd d16, d0, d1
;;   fmov d16, d16
;;   fcmeq v17.2d, v16.2d, v16.2d
;;   fcmeq v18.2d, v16.2d, v16.2d
;;   and v17.16b, v17.16b, v18.16b
;;   mvn v0.16b, v17.16b
;;   movz x11, #32760, LSL #48
;;   fmov d17, x11
;;   bsl v0.16b, v0.16b, v17.16b, v16.16b
;;   ldp fp, lr, [sp], #16
;;   ret

;; function madd on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movdqa %xmm0, %xmm4
;; block1:
;;   movdqa %xmm4, %xmm0
;;   mulps %xmm1, %xmm0
;;   movdqa %xmm0, %xmm1
;;   movdqa %xmm0, %xmm4
;;   movdqa %xmm0, %xmm3
;;   cmpunordps %xmm1, %xmm3
;;   movups (%rip), %xmm1
;;   movdqa %xmm3, %xmm0
;;   movdqa %xmm4, %xmm3
;;   pblendvb %xmm0, %xmm1, %xmm3
;;   movdqa %xmm3, %xmm0
;;   movdqa %xmm3, %xmm4
;;   addps %xmm2, %xmm0
;;   movdqa %xmm0, %xmm2
;;   movdqa %xmm0, %xmm4
;;   cmpunordps %xmm2, %xmm0
;;   movdqa %xmm4, %xmm2
;;   pblendvb %xmm0, %xmm1, %xmm2
;;   movdqa %xmm2, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function madd on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   fmul v18.4s, v0.4s, v1.4s
;;   fcmeq v16.4s, v18.4s, v18.4s
;;   fcmeq v17.4s, v18.4s, v18.4s
;;   and v19.16b, v16.16b, v17.16b
;;   mvn v16.16b, v19.16b
;;   movz x0, #32704, LSL #16
;;   dup v19.4s, w0
;;   bsl v16.16b, v16.16b, v19.16b, v18.16b
;;   fadd v18.4s, v16.4s, v2.4s
;;   fcmeq v16.4s, v18.4s, v18.4s
;;   fcmeq v17.4s, v18.4s, v18.4s
;;   and v20.16b, v16.16b, v17.16b
;;   mvn v0.16b, v20.16b
;;   bsl v0.16b, v0.16b, v19.16b, v18.16b
;;   ldp fp, lr, [sp], #16
;;   ret

;; function dot on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   pmovsxbw %xmm0, %xmm7
;;   pmovsxbw %xmm1, %xmm2
;;   pmullw %xmm2, %xmm7
;;   palignr $0x8, %xmm0, %xmm0
;;   pmovsxbw %xmm0, %xmm2
;;   palignr $0x8, %xmm1, %xmm1
;;   pmovsxbw %xmm1, %xmm0
;;   pmullw %xmm0, %xmm2
;;   movdqa %xmm7, %xmm0
;;   pshufb (%rip), %xmm0
;;   movdqa %xmm2, %xmm1
;;   pshufb (%rip), %xmm1
;;   por %xmm1, %xmm0
;;   pshufb (%rip), %xmm7
;;   pshufb (%rip), %xmm2
;;   por %xmm2, %xmm7
;;   paddsw %xmm7, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function dot on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   smull v16.8h, v0.8b, v1.8b
;;   smull2 v17.8h, v0.16b, v1.16b
;;   uzp1 v18.8h, v16.8h, v17.8h
;;   uzp2 v16.8h, v16.8h, v17.8h
;;   sqadd v0.8h, v18.8h, v16.8h
;;   ldp fp, lr, [sp], #16
;;   ret
