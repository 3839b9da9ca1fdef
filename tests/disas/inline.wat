;;! targets = "x86_64 aarch64"
;;! inlined = "small"

;; A call of a function that is about as small as the call is not made (`caller`), nor one in a loop of a function that
;; is somewhat larger (`often`), which stays a call elsewhere (`once`). Where all calls are gone, so is the function.
(module
  (memory 1)
  (func $small (param i32 i32) (result i32) (i32.add (local.get 0) (i32.mul (local.get 1) (i32.const 3))))
  (func $larger (param i32) (result i32)
    (if (i32.eqz (i32.load8_u (local.get 0))) (then (return (i32.const 0))))
    (i32.add
      (i32.mul (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)))
      (i32.mul (i32.load offset=8 (local.get 0)) (i32.load offset=12 (local.get 0)))))
  (func $caller (export "caller") (param i32) (result i32)
    (call $small (local.get 0) (call $small (local.get 0) (local.get 0))))
  (func $often (export "often") (param i32) (result i32) (local i32)
    (loop $next
      (local.set 1 (i32.add (local.get 1) (call $larger (local.get 0))))
      (br_if $next (local.tee 0 (i32.load offset=16 (local.get 0)))))
    (local.get 1))
  (func $once (export "once") (param i32) (result i32) (call $larger (local.get 0))))

;; function larger on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %eax
;;   movzbq 0x10000000(%rax), %rcx
;;   testl %ecx, %ecx
;;   jz      label4; j label1
;; block1:
;; block2:
;;   movl 0x10000000(%rax), %r11d
;;   movl 0x10000004(%rax), %ecx
;;   movl 0x10000008(%rax), %edx
;;   movl 0x1000000c(%rax), %eax
;; block3:
;;   imull %ecx, %r11d
;;   imull %eax, %edx
;;   leal (%r11, %rdx), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block4:
;;   xorl %eax, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function larger on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x11, #1, LSL #32
;;   ldrb w12, [x11, w0, UXTW]
;;   cbz w12, label4 ; b label1
;; block1:
;; block2:
;;   add x14, x11, x0, UXTW
;;   ldr w13, [x11, w0, UXTW]
;;   ldr w15, [x14, #4]
;;   ldr w0, [x14, #8]
;;   ldr w14, [x14, #12]
;; block3:
;;   madd w15, w13, w15, wzr
;;   madd w0, w0, w14, w15
;;   ldp fp, lr, [sp], #16
;;   ret
;; block4:
;;   movz w0, #0
;;   ldp fp, lr, [sp], #16
;;   ret

;; function caller on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;; block2:
;; block3:
;;   imull $0x3, %edi, %r8d
;;   leal (%rdi, %r8), %r8d
;;   imull $0x3, %r8d, %r8d
;;   leal (%rdi, %r8), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function caller on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;; block2:
;; block3:
;;   movz w7, #3
;;   madd w8, w0, w7, w0
;;   madd w0, w8, w7, w0
;;   ldp fp, lr, [sp], #16
;;   ret

;; function often on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   xorl %eax, %eax
;;   movl %edi, %esi
;; block1:
;;   movzbq 0x10000000(%rsi), %rcx
;;   testl %ecx, %ecx
;;   jz      label4; j label2
;; block2:
;; block3:
;;   movl 0x10000000(%rsi), %ecx
;;   movl 0x10000004(%rsi), %edx
;;   movl 0x10000008(%rsi), %edi
;;   imull %edx, %ecx
;;   imull 0x1000000c(%rsi), %edi
;;   leal (%rcx, %rdi), %ecx
;;   jmp     label5
;; block4:
;;   xorl %ecx, %ecx
;; block5:
;;   movl 0x10000010(%rsi), %esi
;;   leal (%rax, %rcx), %eax
;;   testl %esi, %esi
;;   jnz     label6; j label7
;; block6:
;;   jmp     label1
;; block7:
;; block8:
;; block9:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function often on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x1, x0
;;   movz w0, #0
;;   mov x5, x0
;; block1:
;;   movz x0, #1, LSL #32
;;   mov x2, x1
;;   add x1, x0, x2, UXTW
;;   ldrb w3, [x0, w2, UXTW]
;;   cbz w3, label4 ; b label2
;; block2:
;; block3:
;;   ldr w0, [x0, w2, UXTW]
;;   ldr w2, [x1, #4]
;;   ldr w3, [x1, #8]
;;   ldr w4, [x1, #12]
;;   madd w0, w0, w2, wzr
;;   madd w3, w3, w4, w0
;;   b label5
;; block4:
;;   movz w3, #0
;; block5:
;;   ldr w2, [x1, #16]
;;   mov x0, x5
;;   add w0, w0, w3
;;   cbnz w2, label6 ; b label7
;; block6:
;;   mov x1, x2
;;   mov x5, x0
;;   b label1
;; block7:
;; block8:
;; block9:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function once on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function once on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
