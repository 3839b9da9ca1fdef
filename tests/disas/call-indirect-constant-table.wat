;;! target = "x86_64"

;; A table that nothing changes after its segments: the bound is a constant, and the entries are read-only data. Not
;; yet: all entries have the one type, so that no compare of types is needed; and `call_known` can only call `square`.
(module
  (type $t (func (param i32) (result i32)))
  (table $table 2 2 funcref)
  (elem (i32.const 0) $double $square)
  (func $double (type $t) (i32.add (local.get 0) (local.get 0)))
  (func $square (type $t) (i32.mul (local.get 0) (local.get 0)))
  (func $call (export "call") (param i32 i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (local.get 1)))
  (func $call_known (export "call_known") (param i32) (result i32)
    (call_indirect $table (type $t) (local.get 0) (i32.const 1))))

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
;; function call:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x2, %esi
;;   jnb #trap=user11
;;   load_ext_name userextname0+0, %r11
;;   movl %esi, %eax
;;   movl 4(%r11, %rax, 8), %ecx
;;   cmpl $0x1, %ecx
;;   jz      label2; j label1
;; block2:
;;   movslq (%r11, %rax, 8), %rax
;;   load_ext_name userextname1+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   call    *%rax
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   testl %ecx, %ecx
;;   jz #trap=user4
;;   ud2
;; function call_known:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   load_ext_name userextname0+0, %r8
;;   movl 0xc(%r8), %r9d
;;   cmpl $0x1, %r9d
;;   jz      label2; j label1
;; block2:
;;   movslq 8(%r8), %rax
;;   load_ext_name userextname1+0, %rcx
;;   leaq (%rcx, %rax), %rax
;;   call    *%rax
;; block3:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block1:
;;   testl %r9d, %r9d
;;   jz #trap=user4
;;   ud2
