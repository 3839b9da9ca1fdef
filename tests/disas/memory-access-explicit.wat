;;! target = "x86_64"
;;! flags = "--bounds-checks=explicit"

;; Each access is compared with the size. What matters: one compare and one branch (or conditional move) for each
;; address, and no branch that is taken on the way that does not trap.
(module
  (memory 1)
  (func $load (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func $store_far (export "store_far") (param i32 i64) (i64.store offset=65536 (local.get 0) (local.get 1))))

;; function load:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   leaq 4(%rsi), %rdi
;;   cmpq $0x10000, %rdi
;;   jnbe #trap=heap_oob
;;   movl $0xfff0000, %r8d
;;   movq (%r8), %r8
;;   movl (%r8, %rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function store_far:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
;;   leaq 0x10008(%rdi), %r8
;;   cmpq $0x10000, %r8
;;   jnbe #trap=heap_oob
;;   movl $0xfff0000, %r8d
;;   movq (%r8), %r8
;;   movq %rsi, 0x10000(%r8, %rdi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
