;;! targets = "x86_64"

;; A constant that a loop needs as an argument of a block is made where it is needed, though it was needed elsewhere
;; before: it does not wait in a register.
(module
  (memory 1)
  (func $sum (export "sum") (param $n i32) (param $end i32) (result i32) (local $sum i32)
    (if (i32.gt_u (local.get $n) (local.get $end))
      (then (i32.store (local.get $end) (local.get $sum))))
    (loop $again
      (local.set $sum
        (i32.add
          (local.get $sum)
          (if (result i32) (i32.load8_u (local.get $n)) (then (i32.load (local.get $n))) (else (i32.const 0)))))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $end))))
    (local.get $sum)))

;; function sum on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   cmpl %esi, %edi
;;   jnbe    label2; j label1
;; block1:
;;   jmp     label3
;; block2:
;;   movl %esi, %eax
;;   movl $0x0, 0x10000000(%rax)
;; block3:
;;   xorl %eax, %eax
;;   movl %edi, %ecx
;; block4:
;;   movzbq 0x10000000(%rcx), %rdx
;;   testl %edx, %edx
;;   jnz     label6; j label5
;; block5:
;;   xorl %edx, %edx
;;   jmp     label7
;; block6:
;;   movl 0x10000000(%rcx), %edx
;; block7:
;;   leal 1(%rcx), %ecx
;;   leal (%rax, %rdx), %eax
;;   cmpl %esi, %ecx
;;   jb      label8; j label9
;; block8:
;;   jmp     label4
;; block9:
;; block10:
;; block11:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq
