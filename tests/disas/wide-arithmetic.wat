;;! targets = "x86_64 aarch64"

;; Addition and subtraction take two instructions, the second with carry; both halves of a product one, or two on
;; AArch64.
(module
  (func $add (export "add") (param i64 i64 i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $sub (export "sub") (param i64 i64 i64 i64) (result i64 i64)
    (i64.sub128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $mul_s (export "mul_s") (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1)))
  (func $mul_u (export "mul_u") (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1)))
  ;; As in multiplication of long numbers: only what is used is computed.
  (func $high (export "high") (param i64 i64) (result i64)
    (local i64)
    (i64.mul_wide_u (local.get 0) (local.get 1))
    local.set 2
    drop
    local.get 2))

;; function add on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rax
;;   addq %rdx, %rax
;;   movq %rcx, %r8
;;   movq %rsi, %rcx
;;   adcq %r8, %rcx
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function add on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   adds x0, x0, x2
;;   adc x1, x1, x3
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function sub on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rax
;;   subq %rdx, %rax
;;   movq %rcx, %r8
;;   movq %rsi, %rcx
;;   sbbq %r8, %rcx
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function sub on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs x0, x0, x2
;;   sbc x1, x1, x3
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function mul_s on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rax
;;   imulq %rsi ;; implicit: %rax, %rdx
;; block1:
;;   movq %rdx, %rcx
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function mul_s on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   madd x3, x0, x1, xzr
;;   smulh x1, x0, x1
;; block1:
;;   mov x0, x3
;;   ldp fp, lr, [sp], #16
;;   ret

;; function mul_u on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rax
;;   mulq %rsi ;; implicit: %rax, %rdx
;; block1:
;;   movq %rdx, %rcx
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function mul_u on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   madd x3, x0, x1, xzr
;;   umulh x1, x0, x1
;; block1:
;;   mov x0, x3
;;   ldp fp, lr, [sp], #16
;;   ret

;; function high on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rax
;;   mulq %rsi ;; implicit: %rax, %rdx
;; block1:
;;   movq %rdx, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function high on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   umulh x0, x0, x1
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
