;;! targets = "aarch64"
;;! flags = "--cpu=armv8.4-a"

;; With the dot product extension, `dot_add` is one instruction.
(module
  (func $dot_add (export "dot_add") (param v128 v128 v128) (result v128) (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get 0) (local.get 1) (local.get 2))))

;; function dot_add on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   mov v6.16b, v0.16b
;;   mov v0.16b, v2.16b
;;   sdot v0.4s, v0.4s, v6.4s, v1.4s
;;   ldp fp, lr, [sp], #16
;;   ret
