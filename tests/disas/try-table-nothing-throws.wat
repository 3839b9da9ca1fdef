;;! targets = "x86_64 aarch64"
;;! flags = "--disable-pass=inline"

;; No function of this program can throw what is caught here: the `try_table` is nothing, and its handler is not there.
(module
  (tag $failure)
  (func $work (export "work") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $guarded (export "guarded") (param i32) (result i32)
    (block $caught
      (return (try_table (result i32) (catch $failure $caught) (call $work (local.get 0)))))
    (i32.const -1)))

;; function work on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;; block1:
;;   leal 1(%rdi), %eax
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function work on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;; block1:
;;   add w0, w0, #1
;;   ldp fp, lr, [sp], #16
;;   ret

;; function guarded on x86_64:
;;   pushq %rbp
;;   movq %rsp, %rbp
;; block0:
;;   call    User(userextname0)
;; block1:
;;   movq %rbp, %rsp
;;   popq %rbp
;;   retq

;; function guarded on aarch64:
;;   stp fp, lr, [sp, #-16]!
;;   mov fp, sp
;; block0:
;;   bl 0
;; block1:
;;   ldp fp, lr, [sp], #16
;;   ret
