;; An export that is called with the arguments of the process.
;;
;; RUN: wasmc --invoke mix
;; ARGS: -1 0x10 1.25 -0.0 0xff
;; STDOUT: 0x000000000000000000000000000000ff
;; STDOUT: -0.0
;; STDOUT: 1.25
;; STDOUT: 16
;; STDOUT: -1
;;
;; RUN: wasmc --invoke divide
;; ARGS: 7 0
;; EXIT: 134
;; STDERR: wasmc: trap: integer divide by zero
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}} - divide
;;
;; RUN: wasmc --invoke throw
;; EXIT: 134
;; STDERR: wasmc: trap: {{.*}}exception{{.*}}
;;
;; RUN: wasmc --invoke divide
;; ARGS: 7
;; EXIT: 2
;; STDERR: wasmc: the function takes other arguments: i32 i32
(module
  (tag $tag)
  (func (export "mix") (param i32 i64 f32 f64 v128) (result v128 f64 f32 i64 i32)
    (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "throw") (throw $tag)))
