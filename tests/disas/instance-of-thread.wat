;;! targets = "x86_64 aarch64"

;; In a program that starts threads, globals and tables are reached through the instance register (r15, x21), and the
;; base of a table that grows is loaded. The memory, which all threads share, still is at its constant address.
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (memory 1 1 shared)
  (global $g (mut i32) (i32.const 7))
  (table $small 4 externref)
  (table $growing 4 8 externref)
  (func $global (export "global") (param i32) (result i32)
    (global.set $g (i32.add (global.get $g) (local.get 0)))
    (global.get $g))
  (func $get_small (export "get_small") (param i32) (result externref) (table.get $small (local.get 0)))
  (func $get_growing (export "get_growing") (param i32) (result externref) (table.get $growing (local.get 0)))
  (func $memory (export "memory") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "change") (param externref)
    (table.set $small (i32.const 0) (local.get 0))
    (drop (table.grow $growing (local.get 0) (i32.const 1)))
    (drop (call $spawn (i32.const 0))))
  (func (export "wasi_thread_start") (param i32 i32)))

;; function global on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq    %r15, %rsi
;;   movl 0x68(%rsi), %r8d
;;   leal (%r8, %rdi), %eax
;;   movl %eax, 0x68(%rsi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function global on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x4, x21
;;   ldr w5, [x4, #104]
;;   add w0, w5, w0
;;   str w0, [x4, #104]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function get_small on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl $0x4, %edi
;;   jnb #trap=user3
;;   movq    %r15, %rsi
;;   movl %edi, %edi
;;   movq 0x48(%rsi, %rdi, 8), %rax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function get_small on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   subs wzr, w0, #4
;;   b.hs #trap=user3
;;   mov x6, x21
;;   add x6, x6, #72
;;   ldr x0, [x6, w0, UXTW #3]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function get_growing on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movq    %r15, %rsi
;;   cmpl 0x30(%rsi), %edi
;;   jnb #trap=user3
;;   movq 0x28(%rsi), %r8
;;   movl %edi, %edi
;;   movq (%r8, %rdi, 8), %rax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function get_growing on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   mov x5, x21
;;   ldr w6, [x5, #48]
;;   subs wzr, w0, w6
;;   b.hs #trap=user3
;;   ldr x7, [x5, #40]
;;   ldr x0, [x7, w0, UXTW #3]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function memory on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   movl 0x10000000(%rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function memory on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   movz x3, #1, LSL #32
;;   ldr w0, [x3, w0, UXTW]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
