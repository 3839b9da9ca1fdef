;;! target = "x86_64"

;; `memory.copy` and `memory.fill` check both ends, then call the runtime's memmove and memset: no loop here.
(module
  (memory 1)
  (func $copy (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func $fill (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func $copy_16 (export "copy_16") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 16))))

;; function copy:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %r10d
;;   movl %edx, %edx
;;   leaq (%r10, %rdx), %r11
;;   cmpq $0x10000, %r11
;;   jnbe #trap=heap_oob
;;   movl %esi, %eax
;;   leaq (%rax, %rdx), %rcx
;;   cmpq $0x10000, %rcx
;;   jnbe #trap=heap_oob
;;   leaq 0x10000000(%r10), %rdi
;;   leaq 0x10000000(%rax), %rsi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function fill:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
;;   movl %edx, %edx
;;   leaq (%rdi, %rdx), %r8
;;   cmpq $0x10000, %r8
;;   jnbe #trap=heap_oob
;;   leaq 0x10000000(%rdi), %rdi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function copy_16:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %r9d
;;   movl $0x10, %edx
;;   leaq 0x10(%r9), %r10
;;   cmpq $0x10000, %r10
;;   jnbe #trap=heap_oob
;;   movl %esi, %r11d
;;   leaq 0x10(%r11), %rax
;;   cmpq $0x10000, %rax
;;   jnbe #trap=heap_oob
;;   leaq 0x10000000(%r9), %rdi
;;   leaq 0x10000000(%r11), %rsi
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
