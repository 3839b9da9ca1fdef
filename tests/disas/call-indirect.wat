;;! target = "x86_64"

;; A table that changes: the index is compared with its size, the entry is loaded, its type compared with a constant,
;; and what is left of it is the address. Null has no type, so that one compare finds both null and a wrong type.
(module
  (type $t (func (param i32) (result i32)))
  (table $table 4 funcref)
  (elem (i32.const 0) $double $square)
  (func $double (type $t) (i32.add (local.get 0) (local.get 0)))
  (func $square (type $t) (i32.mul (local.get 0) (local.get 0)))
  (func $clear (export "clear") (param i32) (table.set $table (local.get 0) (ref.null func)))
  (func $call (export "call") (param i32 i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (local.get 1))))

;; function double:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   leal (%rdi, %rdi), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function square:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   movq %rdi, %rax
;;   imull %edi, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function clear:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x4, %edi
;;   jnb #trap=user3
;;   movl %edi, %esi
;;   shlq $0x3, %rsi
;;   movq $0x0, 0xfff0000(%rsi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function call:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x4, %esi
;;   jnb #trap=user11
;;   movl %esi, %r10d
;;   shlq $0x3, %r10
;;   movl 0xfff0004(%r10), %r11d
;;   cmpl $0x1, %r11d
;;   jz      label2; j label1
;; block2:
;;   movslq 0xfff0000(%r10), %rax
;;   load_ext_name userextname0+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   call    *%rax
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   testl %r11d, %r11d
;;   jz #trap=user4
;;   ud2
