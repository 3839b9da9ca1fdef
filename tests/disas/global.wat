;;! targets = "x86_64 aarch64"

;; A global that is written lies at a constant address: one `mov` each, no base register; on AArch64 one
;; instruction makes the address. `add` adds in between.
(module
  (global $g (mut i32) (i32.const 7))
  (func $get (export "get") (result i32) (global.get $g))
  (func $set (export "set") (param i32) (global.set $g (local.get 0)))
  (func $add (export "add") (param i32) (global.set $g (i32.add (global.get $g) (local.get 0)))))

;; function get on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %ecx
;;   movl (%rcx), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function get on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x1, #65535, LSL #16
;;   ldr w0, [x1]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function set on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %edx
;;   movl %edi, (%rdx)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function set on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x2, #65535, LSL #16
;;   str w0, [x2]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function add on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %esi
;;   movl $0xfff0000, %r8d
;;   addl %edi, (%rsi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function add on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x4, #65535, LSL #16
;;   ldr w5, [x4]
;;   add w5, w5, w0
;;   str w5, [x4]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
