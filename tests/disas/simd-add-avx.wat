;;! targets = "x86_64"
;;! flags = "--cpu=x86-64-v3"

;; With AVX the operand may be in memory, and the result need not be one of the operands: three instructions.
(module
  (memory 1)
  (func $add_memory (export "add_memory") (param i32) (v128.store (local.get 0) (f32x4.add (v128.load (local.get 0)) (v128.load offset=16 (local.get 0))))))

;; function add_memory on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   movl %edi, %esi
;;   vmovdqu 0x10000000(%rsi), %xmm5
;;   vmovdqu 0x10000010(%rsi), %xmm6
;;   vaddps %xmm6, %xmm5, %xmm5
;;   vmovups %xmm5, 0x10000000(%rsi)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
