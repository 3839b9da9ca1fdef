;;! targets = "x86_64 aarch64"

;; One instruction for each operator where the machine has it; conversion to unsigned numbers saturates.
(module
  (func $swizzle (export "swizzle") (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))
  (func $trunc_s (export "trunc_s") (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))
  (func $trunc_zero (export "trunc_zero") (param v128) (result v128) (i32x4.relaxed_trunc_f64x2_s_zero (local.get 0)))
  (func $madd (export "madd") (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func $nmadd (export "nmadd") (param v128 v128 v128) (result v128) (f64x2.relaxed_nmadd (local.get 0) (local.get 1) (local.get 2)))
  (func $select (export "select") (param v128 v128 v128) (result v128) (i32x4.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2)))
  (func $min (export "min") (param v128 v128) (result v128) (f32x4.relaxed_min (local.get 0) (local.get 1)))
  (func $max (export "max") (param v128 v128) (result v128) (f64x2.relaxed_max (local.get 0) (local.get 1)))
  (func $q15mulr (export "q15mulr") (param v128 v128) (result v128) (i16x8.relaxed_q15mulr_s (local.get 0) (local.get 1)))
  (func $dot (export "dot") (param v128 v128) (result v128) (i16x8.relaxed_dot_i8x16_i7x16_s (local.get 0) (local.get 1)))
  (func $dot_add (export "dot_add") (param v128 v128 v128) (result v128) (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get 0) (local.get 1) (local.get 2))))

;; function swizzle on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   pshufb %xmm1, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function swizzle on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   tbl v0.16b, { v0.16b }, v1.16b
;;   ldp fp, lr, [sp], #16
;;   ret

;; function trunc_s on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   cvttps2dq %xmm0, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function trunc_s on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   fcvtzs v0.4s, v0.4s
;;   ldp fp, lr, [sp], #16
;;   ret

;; function trunc_zero on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   cvttpd2dq %xmm0, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function trunc_zero on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   fcvtzs v4.2d, v0.2d
;;   sqxtn v0.2s, v4.2d
;;   ldp fp, lr, [sp], #16
;;   ret

;; function madd on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   mulps %xmm1, %xmm0
;;   addps %xmm2, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function madd on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   mov v6.16b, v0.16b
;;   mov v0.16b, v2.16b
;;   fmla v0.4s, v0.4s, v6.4s, v1.4s
;;   ldp fp, lr, [sp], #16
;;   ret

;; function nmadd on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   pcmpeqd %xmm3, %xmm3
;;   psllq $0x3f, %xmm3
;;   xorpd %xmm3, %xmm0
;;   mulpd %xmm1, %xmm0
;;   addpd %xmm2, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function nmadd on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   mov v6.16b, v0.16b
;;   mov v0.16b, v2.16b
;;   fmls v0.2d, v0.2d, v6.2d, v1.2d
;;   ldp fp, lr, [sp], #16
;;   ret

;; function select on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movdqa %xmm0, %xmm7
;;   movdqa %xmm2, %xmm0
;;   movdqa %xmm1, %xmm5
;;   blendvps %xmm0, %xmm7, %xmm5
;;   movdqa %xmm5, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function select on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   mov v6.16b, v0.16b
;;   mov v0.16b, v2.16b
;;   bsl v0.16b, v0.16b, v6.16b, v1.16b
;;   ldp fp, lr, [sp], #16
;;   ret

;; function min on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   minps %xmm1, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function min on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   fmin v0.4s, v0.4s, v1.4s
;;   ldp fp, lr, [sp], #16
;;   ret

;; function max on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   maxpd %xmm1, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function max on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   fmax v0.2d, v0.2d, v1.2d
;;   ldp fp, lr, [sp], #16
;;   ret

;; function q15mulr on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   pmulhrsw %xmm1, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function q15mulr on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   sqrdmulh v0.8h, v0.8h, v1.8h
;;   ldp fp, lr, [sp], #16
;;   ret

;; function dot on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movdqa %xmm0, %xmm5
;;   movdqa %xmm1, %xmm0
;;   pmaddubsw %xmm5, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function dot on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   smull v6.8h, v0.8b, v1.8b
;;   smull2 v7.8h, v0.16b, v1.16b
;;   addp v0.8h, v6.8h, v7.8h
;;   ldp fp, lr, [sp], #16
;;   ret

;; function dot_add on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   pmaddubsw %xmm0, %xmm1
;;   pmaddwd (%rip), %xmm1
;;   movdqa %xmm1, %xmm0
;;   paddd %xmm2, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function dot_add on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   smull v16.8h, v0.8b, v1.8b
;;   saddlp v16.4s, v16.8h
;;   smull2 v17.8h, v0.16b, v1.16b
;;   saddlp v17.4s, v17.8h
;;   addp v16.4s, v16.4s, v17.4s
;;   add v0.4s, v16.4s, v2.4s
;;   ldp fp, lr, [sp], #16
;;   ret
