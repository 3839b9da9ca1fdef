;;! target = "x86_64"

;; A constant offset is folded into the displacement, with the base; so is a constant address. An offset too large for
;; that costs one addition.
(module
  (memory 1)
  (func $field (export "field") (param i32) (result i32) (i32.load offset=16 (local.get 0)))
  (func $constant (export "constant") (result i32) (i32.load offset=8 (i32.const 1024)))
  (func $far (export "far") (param i32) (result i32) (i32.load offset=0x90000000 (local.get 0)))
  (func $two_fields (export "two_fields") (param i32) (result i32)
    (i32.add (i32.load offset=4 (local.get 0)) (i32.load offset=8 (local.get 0)))))

;; function field:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movl 0x10000010(%rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function constant:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0x10000408, %ecx
;;   movl (%rcx), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function far:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movl $0xa0000000, %edi
;;   movl (%rsi, %rdi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function two_fields:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
;;   movl 0x10000004(%rdi), %esi
;;   movl 0x10000008(%rdi), %edi
;; block1:
;;   leal (%rsi, %rdi), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
