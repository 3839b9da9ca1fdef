;;! targets = "x86_64"
;;! flags = "--cpu=x86-64-v3"

;; With FMA, multiplying and adding is one instruction that rounds once.
(module
  (func $madd (export "madd") (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func $nmadd (export "nmadd") (param v128 v128 v128) (result v128) (f64x2.relaxed_nmadd (local.get 0) (local.get 1) (local.get 2))))

;; function madd on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   vfmadd213ps %xmm2, %xmm1, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function nmadd on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   vfnmadd213pd %xmm2, %xmm1, %xmm0
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
