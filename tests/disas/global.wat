;;! target = "x86_64"

;; A global that is written lies at a constant address: one `mov` each, no base register. `add` adds in between.
(module
  (global $g (mut i32) (i32.const 7))
  (func $get (export "get") (result i32) (global.get $g))
  (func $set (export "set") (param i32) (global.set $g (local.get 0)))
  (func $add (export "add") (param i32) (global.set $g (i32.add (global.get $g) (local.get 0)))))

;; function get:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %ecx
;;   movl (%rcx), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function set:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %edx
;;   movl %edi, (%rdx)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; function add:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl $0xfff0000, %esi
;;   movl $0xfff0000, %r8d
;;   addl %edi, (%rsi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
