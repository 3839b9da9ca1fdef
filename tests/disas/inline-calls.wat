;;! targets = "x86_64 aarch64"
;;! inlined = "once triple"

;; A call of a function that only calls another (`passes_on`) is that other call in a small function (`small`), and stays
;; in a larger one (`larger`, which its locals make so), but where it is the only call (of `once`). What calls nothing is
;; inlined there too (`triple`). `work` is never inlined, as it calls in place of itself.
(module
  (func $work (param i32 i32) (result i32) (return_call $work (local.get 1) (local.get 0)))
  (func $passes_on (param i32) (result i32) (call $work (local.get 0) (i32.const 1)))
  (func $once (param i32) (result i32) (call $work (local.get 0) (i32.const 2)))
  (func $triple (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $small (export "small") (param i32) (result i32) (call $passes_on (local.get 0)))
  (func $larger (export "larger") (param i32) (result i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (call $passes_on (call $once (call $triple (local.get 0))))))

;; function work on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rsi, %rax
;;   movq %rdi, %rsi
;;   movq %rax, %rdi
;;   return_call_known User(userextname0) (0) tmp=%r11 %rdi=%rdi %rsi=%rsi

;; function work on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x0, x2
;;   mov x2, x3
;;   mov x3, x0
;;   return_call User(userextname0) new_stack_arg_size:0 x2=x2 x3=x3

;; function passes_on on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0x1, %esi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function passes_on on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz w3, #1
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function small on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0x1, %esi
;;   call    User(userextname0)
;; block1:
;; block2:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function small on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz w3, #1
;;   bl 0
;; block1:
;; block2:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function larger on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   imull $0x3, %edi, %edi
;;   movl $0x2, %esi
;;   call    User(userextname0)
;; block2:
;;   movq %rax, %rdi
;;   call    User(userextname1)
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function larger on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   movz w7, #3
;;   madd w2, w2, w7, wzr
;;   movz w3, #2
;;   bl 0
;; block2:
;;   bl 0
;; block3:
;;   ldp fp, lr, [sp], #16
;;   ret
