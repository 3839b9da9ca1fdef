;;! targets = "x86_64 aarch64"

;; A call through a reference checks for null and nothing else: no type, no table.
(module
  (type $unary (func (param i32) (result i32)))
  (func $apply (export "apply") (param i32) (param $f (ref null $unary)) (result i32)
    (i32.add (call_ref $unary (local.get 0) (local.get $f)) (i32.const 1)))
  (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
  (elem declare func $square)
  (func (export "run") (result i32) (call $apply (i32.const 7) (ref.func $square))))

;; function apply on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testq %rsi, %rsi
;;   jz #trap=user12
;;   load_ext_name userextname0+0, %r9
;;   movslq %esi, %r10
;;   leaq (%r9, %r10), %r9
;;   call    *%r9
;; block1:
;;   leal 1(%rax), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function apply on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   cbz x1, #trap=user12
;;   load_ext_name_near x7, User(userextname0)+0
;;   add x7, x7, x1, SXTW
;;   blr x7
;; block1:
;;   add w0, w0, #1
;;   ldp fp, lr, [sp], #16
;;   ret

;; function square on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movq %rdi, %rax
;;   imull %edi, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function square on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   madd w0, w0, w0, wzr
;;   ldp fp, lr, [sp], #16
;;   ret
