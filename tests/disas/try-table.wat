;;! targets = "x86_64 aarch64"
;;! flags = "--disable-pass=inline"

;; What does not throw pays nothing: the `try_table` is a plain call, and its handler lies behind the return.
(module
  (tag $failure (param i32))
  (func $work (export "work") (param i32) (result i32)
    (if (i32.gt_s (local.get 0) (i32.const 100)) (then (throw $failure (local.get 0))))
    (i32.add (local.get 0) (i32.const 1)))
  (func $guarded (export "guarded") (param i32) (result i32)
    (block $caught (result i32)
      (try_table (result i32) (catch $failure $caught) (call $work (local.get 0))))))

;; function work on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;;   subq $0x10, %rsp
;;   movq %r12, (%rsp)
;; block0:
;;   cmpl $0x64, %edi
;;   jnle    label4; j label1
;; block1:
;; block2:
;; block3:
;;   leal 1(%rdi), %eax
;;   movq (%rsp), %r12
;;   addq $0x10, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block4:
;;   movq %rdi, %r12
;;   xorl %edi, %edi
;;   movl $0x1, %esi
;;   call    User(userextname0)
;;   movq %r12, %rdi
;;   movl %edi, 0x10(%rax)
;;   movq %rax, %rdi
;;   call    User(userextname1)
;;   ud2

;; function work on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   str x19, [sp, #-16]!
;; block0:
;;   subs wzr, w0, #100
;;   b.gt label4 ; b label1
;; block1:
;; block2:
;; block3:
;;   add w0, w0, #1
;;   ldr x19, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret
;; block4:
;;   mov x19, x0
;;   movz w0, #0
;;   movz w1, #1
;;   bl 0
;;   mov x15, x19
;;   str w15, [x0, #16]
;;   bl 0
;;   udf #0xc11f

;; function guarded on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;;   subq $0x10, %rsp
;;   movq %r12, (%rsp)
;; block0:
;;   call    User(userextname0); jmp MachLabel(1); catch [tag0: MachLabel(3)]
;; block1:
;; block2:
;;   movq %rax, %r12
;;   jmp     label4
;; block3:
;;   movq %rax, %rdi
;;   movl 0x10(%rdi), %eax
;;   movq %rax, %r12
;;   call    User(userextname1)
;; block4:
;; block5:
;;   movq %r12, %rax
;;   movq (%rsp), %r12
;;   addq $0x10, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function guarded on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   str x19, [sp, #-16]!
;; block0:
;;   bl 0; b MachLabel(1); catch [tag0: MachLabel(3)]
;; block1:
;; block2:
;;   b label4
;; block3:
;;   ldr w19, [x0, #16]
;;   bl 0
;;   mov x0, x19
;; block4:
;; block5:
;;   ldr x19, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret
