;;! targets = "x86_64 aarch64"

;; An atomic access is checked for alignment (not a single byte), and then is one instruction on x86-64: `lock xadd`,
;; `xchg` for a store, `mov` for a load. Where the result is not used there is none (`count`). On AArch64 without large
;; system extensions it is a loop of exclusive accesses; loads and stores are `ldar` and `stlr`.
(module
  (memory 1 1 shared)
  (func $load (export "load") (param i32) (result i32) (i32.atomic.load offset=16 (local.get 0)))
  (func $store (export "store") (param i32 i64) (i64.atomic.store (local.get 0) (local.get 1)))
  (func $add (export "add") (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1)))
  (func $count (export "count") (param i32) (drop (i32.atomic.rmw.add (local.get 0) (i32.const 1))))
  (func $exchange_byte (export "exchange_byte") (param i32 i32) (result i32)
    (i32.atomic.rmw8.xchg_u (local.get 0) (local.get 1)))
  (func $swap (export "swap") (param i32 i64 i64) (result i64)
    (i64.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
  (func $fence (export "fence") (atomic.fence)))

;; function load on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl $0x3, %edi
;;   jnz #trap=user15
;;   movl %edi, %esi
;;   movl 0x10000010(%rsi), %eax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function load on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   and w6, w0, #3
;;   cbnz w6, #trap=user15
;;   movz x7, #16
;;   movk x7, x7, #1, LSL #32
;;   add x7, x7, x0, UXTW
;;   ldar w0, [x7]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function store on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl $0x7, %edi
;;   jnz #trap=user15
;;   movl %edi, %edi
;;   movq %rsi, 0x10000000(%rdi)
;;   mfence
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function store on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   and w5, w0, #7
;;   cbnz w5, #trap=user15
;;   movz x6, #1, LSL #32
;;   add x6, x6, x0, UXTW
;;   stlr x1, [x6]
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret

;; function add on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl $0x3, %edi
;;   jnz #trap=user15
;;   movl %edi, %edi
;;   movq %rsi, %rax
;;   lock xaddl %eax, 0x10000000(%rdi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function add on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   str x28, [sp, #-16]!
;;   stp x26, x27, [sp, #-16]!
;;   stp x24, x25, [sp, #-16]!
;; block0:
;;   and w8, w0, #3
;;   cbnz w8, #trap=user15
;;   movz x9, #1, LSL #32
;;   add x25, x9, x0, UXTW
;;   mov x26, x1
;;   atomic_rmw_loop_add_32 addr=x25 operand=x26 oldval=x27 scratch1=x24 scratch2=x28
;; block1:
;;   mov x0, x27
;;   ldp x24, x25, [sp], #16
;;   ldp x26, x27, [sp], #16
;;   ldr x28, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret

;; function count on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl $0x3, %edi
;;   jnz #trap=user15
;;   movl %edi, %esi
;;   movl $0x1, %edi
;;   lock addl %edi, 0x10000000(%rsi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function count on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   str x28, [sp, #-16]!
;;   stp x26, x27, [sp, #-16]!
;;   stp x24, x25, [sp, #-16]!
;; block0:
;;   and w8, w0, #3
;;   cbnz w8, #trap=user15
;;   movz x9, #1, LSL #32
;;   add x25, x9, x0, UXTW
;;   movz w26, #1
;;   atomic_rmw_loop_add_32 addr=x25 operand=x26 oldval=x27 scratch1=x24 scratch2=x28
;; block1:
;;   ldp x24, x25, [sp], #16
;;   ldp x26, x27, [sp], #16
;;   ldr x28, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret

;; function exchange_byte on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %edi
;;   xchgb %sil, 0x10000000(%rdi)
;; block1:
;;   movzbl %sil, %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function exchange_byte on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   stp x26, x27, [sp, #-16]!
;;   stp x24, x25, [sp, #-16]!
;; block0:
;;   movz x7, #1, LSL #32
;;   add x25, x7, x0, UXTW
;;   mov x26, x1
;;   atomic_rmw_loop_xchg_8 addr=x25 operand=x26 oldval=x27 scratch1=x24 scratch2=%v203
;; block1:
;;   uxtb w0, w27
;;   ldp x24, x25, [sp], #16
;;   ldp x26, x27, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret

;; function swap on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   testl $0x7, %edi
;;   jnz #trap=user15
;;   movl %edi, %edi
;;   movq %rsi, %rax
;;   lock cmpxchgq %rdx, 0x10000000(%rdi) ;; implicit: %rax
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function swap on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;;   str x28, [sp, #-16]!
;;   stp x26, x27, [sp, #-16]!
;;   stp x24, x25, [sp, #-16]!
;; block0:
;;   and w8, w0, #7
;;   cbnz w8, #trap=user15
;;   movz x9, #1, LSL #32
;;   add x25, x9, x0, UXTW
;;   mov x26, x1
;;   mov x28, x2
;;   atomic_cas_loop_64 addr=x25, expect=x26, replacement=x28, oldval=x27, scratch=x24
;; block1:
;;   mov x0, x27
;;   ldp x24, x25, [sp], #16
;;   ldp x26, x27, [sp], #16
;;   ldr x28, [sp], #16
;;   ldp fp, lr, [sp], #16
;;   ret

;; function fence on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   mfence
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function fence on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   dmb ish
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
