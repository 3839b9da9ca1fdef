;;! target = "x86_64"

;; `memory.size` is a load and a shift; `memory.grow` a direct call of the runtime.
(module
  (memory 1)
  (func $size (export "size") (result i32) (memory.size))
  (func $grow (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))

;; function size:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %edx
;;   movq 8(%rdx), %rax
;; block1:
;;   shrq $0x10, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function grow:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq %rdi, %rsi
;;   movl $0xfff0000, %edi
;;   movl %esi, %esi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
