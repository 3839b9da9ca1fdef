;;! targets = "x86_64"
;;! flags = "--bounds-checks=explicit"

;; The size of a shared memory that grows is read for each access, and as an atomic for `memory.size`.
(module
  (memory 1 4 shared)
  (func $load (export "load") (param i32) (result i32) (i32.atomic.load (local.get 0)))
  (func $size (export "size") (result i32) (memory.size))
  (func (export "grow") (drop (memory.grow (i32.const 1)))))

;; function load on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl $0x3, %edi
;;   jnz #trap=user15
;;   movl $0xfff0000, %r9d
;;   movl %edi, %r10d
;;   leaq 4(%r10), %r11
;;   movl $0xfff0000, %eax
;;   cmpq 8(%rax), %r11
;;   jnbe #trap=heap_oob
;;   movq (%r9), %r11
;;   movl (%r11, %r10), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function size on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0008, %edx
;;   movq (%rdx), %rax
;; block1:
;;   shrq $0x10, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
