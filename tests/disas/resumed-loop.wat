;;! targets = "x86_64"
;;! flags = "--disable-pass=inline"

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
;;   movq %r13, (%rsp)
;; block0:
;; block1:
;;   cmpl $0x2, %edi
;;   jb      label2; j label3
;; block2:
;;   jmp     label10
;; block3:
;;   xorl %r13d, %r13d
;;   movl $0x5, %ecx
;;   movl %edi, %edx
;;   cmpl %ecx, %edx
;;   cmovbl %edx, %ecx
;;   br_table %rcx, %rdx, %rcx
;; block4:
;;   jmp     label17
;; block5:
;;   jmp     label10
;; block6:
;;   jmp     label10
;; block7:
;;   jmp     label11
;; block8:
;;   jmp     label13
;; block9:
;;   jmp     label14
;; block10:
;;   movl $0x10000010, %eax
;;   movl (%rax), %r13d
;; block11:
;;   movq %r13, %rdi
;;   call    User(userextname0)
;;   testl %eax, %eax
;;   jnz     label19; j label12
;; block12:
;; block13:
;;   subl $0x1, %r13d
;; block14:
;;   testl %r13d, %r13d
;;   jnz     label18; j label15
;; block15:
;; block16:
;;   movl $0x10000010, %eax
;;   movl %r13d, (%rax)
;; block17:
;;   xorl %eax, %eax
;;   movq (%rsp), %r13
;;   addq $0x10, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
;; block18:
;;   jmp     label11
;; block19:
;; block20:
;; block21:
;;   movl $0x1, %eax
;;   movq (%rsp), %r13
;;   addq $0x10, %rsp
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
