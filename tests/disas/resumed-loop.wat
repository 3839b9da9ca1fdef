;;! targets = "x86_64"

;; What Go makes of a loop: a switch over the places at which the function can be resumed, which is compared with the
;; first ones before the table is asked. The jump at the end of the loop leads to its case, not to the table.
(module
  (memory (export "memory") 1)
  (func $resumed (export "resumed") (param $place i32) (result i32)
    (local $n i32)
    (loop $again
      (block $suspended
        (block $p4 (block $p3 (block $p2 (block $p1 (block $p0
          (br_table $p0 $p0 $p1 $p2 $p3 $p4 (local.get $place)))
          (local.set $n (i32.load (i32.const 16))))
          (br_if $suspended (call 1 (local.get $n))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1))))
          (if (local.get $n) (then (local.set $place (i32.const 2)) (br $again)))
          (i32.store (i32.const 16) (local.get $n)))
        (return (i32.const 0))))
    (i32.const 1))
  (func (param i32) (result i32) (i32.load (local.get 0))))

;; function resumed on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;;   subq $0x10, %rsp
;;   movq %r12, (%rsp)
;; block0:
;; block1:
;;   xorl %r12d, %r12d
;;   movl $0x5, %ecx
;;   movl %edi, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %rdx, %rcx
;; block2:
;;   jmp     label19
;; block3:
;;   jmp     label8
;; block4:
;;   jmp     label8
;; block5:
;;   jmp     label9
;; block6:
;;   jmp     label11
;; block7:
;;   jmp     label12
;; block8:
;;   movl $0x10000010, %eax
;;   movl (%rax), %r12d
;; block9:
;;   movq %r12, %rdi
;;   call    User(userextname0)
;;   testl %eax, %eax
;;   jnz     label16; j label10
;; block10:
;; block11:
;;   subl $0x1, %r12d
;; block12:
;;   testl %r12d, %r12d
;;   jnz     label15; j label13
;; block13:
;; block14:
;;   movl $0x10000010, %eax
;;   movl %r12d, (%rax)
;;   jmp     label19
;; block15:
;;   jmp     label9
;; block16:
;; block17:
;; block18:
;;   movl $0x1, %eax
;;   movq (%rsp), %r12
;;   addq $0x10, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block19:
;;   xorl %eax, %eax
;;   movq (%rsp), %r12
;;   addq $0x10, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
