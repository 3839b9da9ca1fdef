;;! targets = "aarch64"
;;! flags = "--cpu=armv8.1-a"

;; With large system extensions there are no loops: `ldaddal`, `swpalb`, `casal`.
(module
  (memory 1 1 shared)
  (func $add (export "add") (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1)))
  (func $exchange_byte (export "exchange_byte") (param i32 i32) (result i32)
    (i32.atomic.rmw8.xchg_u (local.get 0) (local.get 1)))
  (func $swap (export "swap") (param i32 i64 i64) (result i64)
    (i64.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2))))

;; function add on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   and w6, w0, #3
;;   cbnz w6, #trap=user15
;;   movz x7, #1, LSL #32
;;   add x7, x7, x0, UXTW
;;   ldaddal w1, w0, [x7]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function exchange_byte on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   stp x26, x27, [sp, #-16]!
;;   stp x24, x25, [sp, #-16]!
;; block0:
;;   movz x7, #1, LSL #32
;;   add x25, x7, x0, UXTW
;;   mov x26, x1
;;   atomic_rmw_loop_xchg_8 addr=x25 operand=x26 oldval=x27 scratch1=x24 scratch2=%v203
;; block1:
;;   uxtb w0, w27
;;   ldp x24, x25, [sp], #16
;;   ldp x26, x27, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret

;; function swap on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   and w7, w0, #7
;;   cbnz w7, #trap=user15
;;   movz x8, #1, LSL #32
;;   add x8, x8, x0, UXTW
;;   mov x0, x1
;;   casal x0, x0, x2, [x8]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
