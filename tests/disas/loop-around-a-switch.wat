;;! targets = "x86_64 aarch64"

;; Each case has its own copy of the load of the next one's number, and of the indirect jump.
(module
  (memory (export "memory") 1)
  (func $machine (export "machine") (param $pc i32) (param $acc i32) (result i32)
    (loop $next
      (block $out
        (block $c7 (block $c6 (block $c5 (block $c4 (block $c3 (block $c2 (block $c1 (block $c0
          (br_table $c0 $c1 $c2 $c3 $c4 $c5 $c6 $c7 $out
            (i32.load8_u (local.tee $pc (i32.add (local.get $pc) (i32.const 1))))))
          (local.set $acc (i32.add (local.get $acc) (i32.const 1))) (br $next))
          (local.set $acc (i32.mul (local.get $acc) (i32.const 3))) (br $next))
          (local.set $acc (i32.xor (local.get $acc) (local.get $pc))) (br $next))
          (local.set $acc (i32.sub (local.get $acc) (i32.const 7))) (br $next))
          (local.set $acc (i32.shl (local.get $acc) (i32.const 2))) (br $next))
          (local.set $acc (i32.and (local.get $acc) (i32.const -2))) (br $next))
          (local.set $acc (i32.or (local.get $acc) (i32.const 64))) (br $next))
          (local.set $acc (i32.add (local.get $acc) (local.get $pc))) (br $next)))
    (local.get $acc)))

;; function machine on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   leal 1(%rdi), %eax
;;   movzbq 0x10000000(%rax), %rdx
;;   movl $0x8, %ecx
;;   movl %edx, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %rdx, %rcx
;; block1:
;;   jmp     label90
;; block2:
;;   jmp     label10
;; block3:
;;   jmp     label20
;; block4:
;;   jmp     label30
;; block5:
;;   jmp     label40
;; block6:
;;   jmp     label50
;; block7:
;;   jmp     label60
;; block8:
;;   jmp     label70
;; block9:
;;   movq %rax, %rdi
;;   jmp     label80
;; block10:
;;   leal 1(%rax), %eax
;;   movzbq 0x10000000(%rax), %rdx
;;   leal 1(%rsi), %esi
;;   movl $0x8, %ecx
;;   movl %edx, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %rdx, %rcx
;; block11:
;;   jmp     label90
;; block12:
;;   jmp     label10
;; block13:
;;   jmp     label20
;; block14:
;;   jmp     label30
;; block15:
;;   jmp     label40
;; block16:
;;   jmp     label50
;; block17:
;;   jmp     label60
;; block18:
;;   jmp     label70
;; block19:
;;   movq %rax, %rdi
;;   jmp     label80
;; block20:
;;   leal 1(%rax), %eax
;;   movzbq 0x10000000(%rax), %rdx
;;   imull $0x3, %esi, %esi
;;   movl $0x8, %ecx
;;   movl %edx, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %rdx, %rcx
;; block21:
;;   jmp     label90
;; block22:
;;   jmp     label10
;; block23:
;;   jmp     label20
;; block24:
;;   jmp     label30
;; block25:
;;   jmp     label40
;; block26:
;;   jmp     label50
;; block27:
;;   jmp     label60
;; block28:
;;   jmp     label70
;; block29:
;;   movq %rax, %rdi
;;   jmp     label80
;; block30:
;;   leal 1(%rax), %edi
;;   movzbq 0x10000000(%rdi), %rcx
;;   xorl %eax, %esi
;;   movl $0x8, %eax
;;   movl %ecx, %ecx
;;   cmpl %eax, %ecx
;;   cmovbl %ecx, %eax
;;   br_table %rax, %rcx, %rax
;; block31:
;;   jmp     label90
;; block32:
;;   movq %rdi, %rax
;;   jmp     label10
;; block33:
;;   movq %rdi, %rax
;;   jmp     label20
;; block34:
;;   movq %rdi, %rax
;;   jmp     label30
;; block35:
;;   movq %rdi, %rax
;;   jmp     label40
;; block36:
;;   movq %rdi, %rax
;;   jmp     label50
;; block37:
;;   movq %rdi, %rax
;;   jmp     label60
;; block38:
;;   movq %rdi, %rax
;;   jmp     label70
;; block39:
;;   jmp     label80
;; block40:
;;   leal 1(%rax), %eax
;;   movzbq 0x10000000(%rax), %rdx
;;   subl $0x7, %esi
;;   movl $0x8, %ecx
;;   movl %edx, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %r8, %rdi
;; block41:
;;   jmp     label90
;; block42:
;;   jmp     label10
;; block43:
;;   jmp     label20
;; block44:
;;   jmp     label30
;; block45:
;;   jmp     label40
;; block46:
;;   jmp     label50
;; block47:
;;   jmp     label60
;; block48:
;;   jmp     label70
;; block49:
;;   movq %rax, %rdi
;;   jmp     label80
;; block50:
;;   leal 1(%rax), %eax
;;   movzbq 0x10000000(%rax), %r10
;;   shll $0x2, %esi
;;   movl $0x8, %r8d
;;   movl %r10d, %r9d
;;   cmpl %r8d, %r9d
;;   cmovbl %r9d, %r8d
;;   br_table %r8, %rdx, %rcx
;; block51:
;;   jmp     label90
;; block52:
;;   jmp     label10
;; block53:
;;   jmp     label20
;; block54:
;;   jmp     label30
;; block55:
;;   jmp     label40
;; block56:
;;   jmp     label50
;; block57:
;;   jmp     label60
;; block58:
;;   jmp     label70
;; block59:
;;   movq %rax, %rdi
;;   jmp     label80
;; block60:
;;   leal 1(%rax), %eax
;;   movzbq 0x10000000(%rax), %rdx
;;   andl $0xfffffffe, %esi
;;   movl $0x8, %ecx
;;   movl %edx, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %rdx, %rcx
;; block61:
;;   jmp     label90
;; block62:
;;   jmp     label10
;; block63:
;;   jmp     label20
;; block64:
;;   jmp     label30
;; block65:
;;   jmp     label40
;; block66:
;;   jmp     label50
;; block67:
;;   jmp     label60
;; block68:
;;   jmp     label70
;; block69:
;;   movq %rax, %rdi
;;   jmp     label80
;; block70:
;;   leal 1(%rax), %eax
;;   movzbq 0x10000000(%rax), %rdx
;;   orl $0x40, %esi
;;   movl $0x8, %ecx
;;   movl %edx, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %rdx, %rcx
;; block71:
;;   jmp     label90
;; block72:
;;   jmp     label10
;; block73:
;;   jmp     label20
;; block74:
;;   jmp     label30
;; block75:
;;   jmp     label40
;; block76:
;;   jmp     label50
;; block77:
;;   jmp     label60
;; block78:
;;   jmp     label70
;; block79:
;;   movq %rax, %rdi
;; block80:
;;   leal 1(%rdi), %eax
;;   movzbq 0x10000000(%rax), %rdx
;;   leal (%rsi, %rdi), %esi
;;   movl $0x8, %ecx
;;   movl %edx, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %rdx, %rcx
;; block81:
;;   jmp     label90
;; block82:
;;   jmp     label10
;; block83:
;;   jmp     label20
;; block84:
;;   jmp     label30
;; block85:
;;   jmp     label40
;; block86:
;;   jmp     label50
;; block87:
;;   jmp     label60
;; block88:
;;   jmp     label70
;; block89:
;;   movq %rax, %rdi
;;   jmp     label80
;; block90:
;; block91:
;; block92:
;;   movq %rsi, %rax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function machine on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   add w0, w0, #1
;;   movz x11, #1, LSL #32
;;   ldrb w11, [x11, w0, UXTW]
;;   emit_island 68
;;   subs wzr, w11, #8
;;   mov x13, #8 ; csel x13, x11, x13, lo ; csdb ; adr x12, pc+16 ; ldrsw x13, [x12, x13, uxtw #2] ; add x12, x12, x13 ; br x12 ; jt_entries [MachLabel(2), MachLabel(3), MachLabel(4), MachLabel(5), MachLabel(6), MachLabel(7), MachLabel(8), MachLabel(9)] ; default label1
;; block1:
;;   b label90
;; block2:
;;   b label10
;; block3:
;;   b label20
;; block4:
;;   b label30
;; block5:
;;   b label40
;; block6:
;;   b label50
;; block7:
;;   b label60
;; block8:
;;   b label70
;; block9:
;;   mov x3, x0
;;   b label80
;; block10:
;;   add w0, w0, #1
;;   movz x2, #1, LSL #32
;;   ldrb w2, [x2, w0, UXTW]
;;   add w1, w1, #1
;;   emit_island 68
;;   subs wzr, w2, #8
;;   mov x3, #8 ; csel x3, x2, x3, lo ; csdb ; adr x4, pc+16 ; ldrsw x3, [x4, x3, uxtw #2] ; add x4, x4, x3 ; br x4 ; jt_entries [MachLabel(12), MachLabel(13), MachLabel(14), MachLabel(15), MachLabel(16), MachLabel(17), MachLabel(18), MachLabel(19)] ; default label11
;; block11:
;;   b label90
;; block12:
;;   b label10
;; block13:
;;   b label20
;; block14:
;;   b label30
;; block15:
;;   b label40
;; block16:
;;   b label50
;; block17:
;;   b label60
;; block18:
;;   b label70
;; block19:
;;   mov x3, x0
;;   b label80
;; block20:
;;   add w0, w0, #1
;;   movz x2, #1, LSL #32
;;   ldrb w2, [x2, w0, UXTW]
;;   movz w3, #3
;;   madd w1, w1, w3, wzr
;;   emit_island 68
;;   subs wzr, w2, #8
;;   mov x3, #8 ; csel x3, x2, x3, lo ; csdb ; adr x4, pc+16 ; ldrsw x3, [x4, x3, uxtw #2] ; add x4, x4, x3 ; br x4 ; jt_entries [MachLabel(22), MachLabel(23), MachLabel(24), MachLabel(25), MachLabel(26), MachLabel(27), MachLabel(28), MachLabel(29)] ; default label21
;; block21:
;;   b label90
;; block22:
;;   b label10
;; block23:
;;   b label20
;; block24:
;;   b label30
;; block25:
;;   b label40
;; block26:
;;   b label50
;; block27:
;;   b label60
;; block28:
;;   b label70
;; block29:
;;   mov x3, x0
;;   b label80
;; block30:
;;   add w3, w0, #1
;;   movz x2, #1, LSL #32
;;   ldrb w2, [x2, w3, UXTW]
;;   eor w1, w1, w0
;;   emit_island 68
;;   subs wzr, w2, #8
;;   mov x0, #8 ; csel x0, x2, x0, lo ; csdb ; adr x4, pc+16 ; ldrsw x0, [x4, x0, uxtw #2] ; add x4, x4, x0 ; br x4 ; jt_entries [MachLabel(32), MachLabel(33), MachLabel(34), MachLabel(35), MachLabel(36), MachLabel(37), MachLabel(38), MachLabel(39)] ; default label31
;; block31:
;;   b label90
;; block32:
;;   mov x0, x3
;;   b label10
;; block33:
;;   mov x0, x3
;;   b label20
;; block34:
;;   mov x0, x3
;;   b label30
;; block35:
;;   mov x0, x3
;;   b label40
;; block36:
;;   mov x0, x3
;;   b label50
;; block37:
;;   mov x0, x3
;;   b label60
;; block38:
;;   mov x0, x3
;;   b label70
;; block39:
;;   b label80
;; block40:
;;   add w0, w0, #1
;;   movz x2, #1, LSL #32
;;   ldrb w2, [x2, w0, UXTW]
;;   sub w1, w1, #7
;;   emit_island 68
;;   subs wzr, w2, #8
;;   mov x3, #8 ; csel x3, x2, x3, lo ; csdb ; adr x4, pc+16 ; ldrsw x3, [x4, x3, uxtw #2] ; add x4, x4, x3 ; br x4 ; jt_entries [MachLabel(42), MachLabel(43), MachLabel(44), MachLabel(45), MachLabel(46), MachLabel(47), MachLabel(48), MachLabel(49)] ; default label41
;; block41:
;;   b label90
;; block42:
;;   b label10
;; block43:
;;   b label20
;; block44:
;;   b label30
;; block45:
;;   b label40
;; block46:
;;   b label50
;; block47:
;;   b label60
;; block48:
;;   b label70
;; block49:
;;   mov x3, x0
;;   b label80
;; block50:
;;   add w0, w0, #1
;;   movz x2, #1, LSL #32
;;   ldrb w2, [x2, w0, UXTW]
;;   lsl w1, w1, #2
;;   emit_island 68
;;   subs wzr, w2, #8
;;   mov x3, #8 ; csel x3, x2, x3, lo ; csdb ; adr x4, pc+16 ; ldrsw x3, [x4, x3, uxtw #2] ; add x4, x4, x3 ; br x4 ; jt_entries [MachLabel(52), MachLabel(53), MachLabel(54), MachLabel(55), MachLabel(56), MachLabel(57), MachLabel(58), MachLabel(59)] ; default label51
;; block51:
;;   b label90
;; block52:
;;   b label10
;; block53:
;;   b label20
;; block54:
;;   b label30
;; block55:
;;   b label40
;; block56:
;;   b label50
;; block57:
;;   b label60
;; block58:
;;   b label70
;; block59:
;;   mov x3, x0
;;   b label80
;; block60:
;;   add w0, w0, #1
;;   movz x8, #1, LSL #32
;;   ldrb w8, [x8, w0, UXTW]
;;   and w1, w1, #4294967294
;;   emit_island 68
;;   subs wzr, w8, #8
;;   mov x10, #8 ; csel x10, x8, x10, lo ; csdb ; adr x9, pc+16 ; ldrsw x10, [x9, x10, uxtw #2] ; add x9, x9, x10 ; br x9 ; jt_entries [MachLabel(62), MachLabel(63), MachLabel(64), MachLabel(65), MachLabel(66), MachLabel(67), MachLabel(68), MachLabel(69)] ; default label61
;; block61:
;;   b label90
;; block62:
;;   b label10
;; block63:
;;   b label20
;; block64:
;;   b label30
;; block65:
;;   b label40
;; block66:
;;   b label50
;; block67:
;;   b label60
;; block68:
;;   b label70
;; block69:
;;   mov x3, x0
;;   b label80
;; block70:
;;   add w0, w0, #1
;;   movz x2, #1, LSL #32
;;   ldrb w2, [x2, w0, UXTW]
;;   orr w1, w1, #64
;;   emit_island 68
;;   subs wzr, w2, #8
;;   mov x3, #8 ; csel x3, x2, x3, lo ; csdb ; adr x4, pc+16 ; ldrsw x3, [x4, x3, uxtw #2] ; add x4, x4, x3 ; br x4 ; jt_entries [MachLabel(72), MachLabel(73), MachLabel(74), MachLabel(75), MachLabel(76), MachLabel(77), MachLabel(78), MachLabel(79)] ; default label71
;; block71:
;;   b label90
;; block72:
;;   b label10
;; block73:
;;   b label20
;; block74:
;;   b label30
;; block75:
;;   b label40
;; block76:
;;   b label50
;; block77:
;;   b label60
;; block78:
;;   b label70
;; block79:
;;   mov x3, x0
;; block80:
;;   add w0, w3, #1
;;   movz x2, #1, LSL #32
;;   ldrb w2, [x2, w0, UXTW]
;;   add w1, w1, w3
;;   emit_island 68
;;   subs wzr, w2, #8
;;   mov x3, #8 ; csel x3, x2, x3, lo ; csdb ; adr x4, pc+16 ; ldrsw x3, [x4, x3, uxtw #2] ; add x4, x4, x3 ; br x4 ; jt_entries [MachLabel(82), MachLabel(83), MachLabel(84), MachLabel(85), MachLabel(86), MachLabel(87), MachLabel(88), MachLabel(89)] ; default label81
;; block81:
;;   b label90
;; block82:
;;   b label10
;; block83:
;;   b label20
;; block84:
;;   b label30
;; block85:
;;   b label40
;; block86:
;;   b label50
;; block87:
;;   b label60
;; block88:
;;   b label70
;; block89:
;;   mov x3, x0
;;   b label80
;; block90:
;; block91:
;; block92:
;;   mov x0, x1
;;   ldp fp, lr, [sp], #16
;;   ret
