;;! targets = "x86_64 aarch64"
;;! flags = "--disable-pass=inline"

;; A direct call is one `call` of the function; arguments and results are in registers, up to eight results too, and on
;; AArch64 eight arguments of each kind (`many`): the convention is that of C there.
(module
  (func $callee (export "callee") (param i32 i64) (result i64) (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))
  (func $caller (export "caller") (param i32) (result i64) (call $callee (local.get 0) (i64.const 5)))
  (func $swap (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
  (func $swap_twice (export "swap_twice") (param i32 i32) (result i32 i32) (call $swap (call $swap (local.get 0) (local.get 1))))
  (func $many (export "many") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.add (local.get 0) (i32.add (local.get 6) (local.get 7)))))

;; function callee on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movl %edi, %edi
;;   leaq (%rdi, %rsi), %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function callee on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   add x0, x1, x0, UXTW
;;   ldp fp, lr, [sp], #16
;;   ret

;; function caller on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0x5, %esi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function caller on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x1, #5
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function swap on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movq %rsi, %rax
;;   movq %rdi, %rcx
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function swap on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   mov x2, x0
;;   mov x0, x1
;;   mov x1, x2
;;   ldp fp, lr, [sp], #16
;;   ret

;; function swap_twice on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   call    User(userextname0)
;;   movq %rcx, %rsi
;;   movq %rax, %rdi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function swap_twice on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   bl 0
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function many on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq <offset:0>+-0x10(%rbp), %rdx
;;   movq <offset:0>+-8(%rbp), %rsi
;; block1:
;;   leal (%rdx, %rsi), %r8d
;;   leal (%rdi, %r8), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq $0x10

;; function many on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   add w6, w6, w7
;;   add w0, w0, w6
;;   ldp fp, lr, [sp], #16
;;   ret
