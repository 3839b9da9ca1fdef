;;! targets = "x86_64 aarch64"

;; Each case has its own copy of the load of the next one's number, and of the indirect jump.
(module
  (memory (export "memory") 1)
  (func $machine (export "machine") (param $pc i32) (param $acc i32) (result i32)
    (loop $next
      (block $out
        (block $c6 (block $c5 (block $c4 (block $c3 (block $c2 (block $c1 (block $c0
          (br_table $c0 $c1 $c2 $c3 $c4 $c5 $c6 $out
            (i32.load8_u (local.tee $pc (i32.add (local.get $pc) (i32.const 1))))))
          (local.set $acc (i32.add (local.get $acc) (i32.const 1))) (br $next))
          (local.set $acc (i32.mul (local.get $acc) (i32.const 3))) (br $next))
          (local.set $acc (i32.xor (local.get $acc) (local.get $pc))) (br $next))
          (local.set $acc (i32.sub (local.get $acc) (i32.const 7))) (br $next))
          (local.set $acc (i32.shl (local.get $acc) (i32.const 2))) (br $next))
          (local.set $acc (i32.and (local.get $acc) (i32.const -2))) (br $next))
          (local.set $acc (i32.or (local.get $acc) (i32.const 64))) (br $next)))
    (local.get $acc)))

;; function machine on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   leal 1(%rdi), %edi
;;   movzbq 0x10000000(%rdi), %rcx
;;   movl $0x7, %eax
;;   movl %ecx, %ecx
;;   cmpl %eax, %ecx
;;   cmovbl %ecx, %eax
;;   br_table %rax, %rcx, %rax
;; block2:
;;   orl $0x40, %esi
;;   jmp     label1
;; block3:
;;   andl $0xfffffffe, %esi
;;   jmp     label1
;; block4:
;;   shll $0x2, %esi
;;   jmp     label1
;; block5:
;;   subl $0x7, %esi
;;   jmp     label1
;; block6:
;;   xorl %edi, %esi
;;   jmp     label1
;; block7:
;;   imull $0x3, %esi, %esi
;;   jmp     label1
;; block8:
;;   leal 1(%rsi), %esi
;;   jmp     label1
;; block9:
;; block10:
;; block11:
;;   movq %rsi, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function machine on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   add w0, w0, #1
;;   movz x2, #1, LSL #32
;;   ldrb w2, [x2, w0, UXTW]
;;   emit_island 64
;;   subs wzr, w2, #7
;;   mov x3, #7 ; csel x3, x2, x3, lo ; csdb ; adr x4, pc+16 ; ldrsw x3, [x4, x3, uxtw #2] ; add x4, x4, x3 ; br x4 ; jt_entries [MachLabel(8), MachLabel(7), MachLabel(6), MachLabel(5), MachLabel(4), MachLabel(3), MachLabel(2)] ; default label9
;; block2:
;;   orr w1, w1, #64
;;   b label1
;; block3:
;;   and w1, w1, #4294967294
;;   b label1
;; block4:
;;   lsl w1, w1, #2
;;   b label1
;; block5:
;;   sub w1, w1, #7
;;   b label1
;; block6:
;;   eor w1, w1, w0
;;   b label1
;; block7:
;;   movz w2, #3
;;   madd w1, w1, w2, wzr
;;   b label1
;; block8:
;;   add w1, w1, #1
;;   b label1
;; block9:
;; block10:
;; block11:
;;   mov x0, x1
;;   ldp fp, lr, [sp], #16
;;   ret
