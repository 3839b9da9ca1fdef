;; What was inlined is in backtraces, wherever in it control is: at a trap, or in a call of something else. Then the
;; place of the call (of `leaves_out`) is known too.
;; RUN: wasmc
;; STDERR: wasmc: trap: integer divide by zero
;; STDERR: wasm backtrace:
;; STDERR: 0: 0x{{.*}} - divide
;; STDERR: 1: leaves_out
;; STDERR: 2: 0x{{.*}} - through
;; STDERR: 3: outer
;; STDERR: 4: _start
;; STDERR-NOT: 5:
;; EXIT: 134
;; RUN: wasmc --disable-pass inline
;; STDERR: 0: 0x{{.*}} - divide
;; STDERR: 1: leaves_out
;; STDERR: 2: through
;; STDERR: 3: outer
;; STDERR: 4: _start
;; EXIT: 134
(module
  (table funcref (elem $leaves_out))
  (global $zero (mut i32) (i32.const 1))
  (func $divide (param i32) (result i32) (i32.div_u (local.get 0) (global.get $zero)))
  ;; In a table, so that it is not inlined as a function that is called once; and large.
  (func $leaves_out (param i32) (result i32)
    (global.set $zero (i32.sub (global.get $zero) (i32.const 1)))
    (i32.add (call $divide (local.get 0))
      (i32.mul (i32.mul (i32.mul (i32.mul (local.get 0) (local.get 0)) (local.get 0)) (local.get 0))
        (i32.mul (i32.mul (i32.mul (local.get 0) (local.get 0)) (local.get 0)) (local.get 0)))))
  (func $through (param i32) (result i32) (i32.add (call $leaves_out (local.get 0)) (i32.const 1)))
  (func $outer (param i32) (result i32) (i32.add (call $through (local.get 0)) (i32.const 1)))
  (func $_start (export "_start") (drop (call $outer (i32.const 7)))))
