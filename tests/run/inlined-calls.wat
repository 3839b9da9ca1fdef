;; What is inlined does the same as what is called: locals begin as zeros each time, `return` leaves the callee only, and
;; what ends in a trap does not go on; blocks are the callee's own; several results; a function that calls itself.
;; RUN: wasmc
;; STDOUT: 5050 12 3 21 120 7
;; RUN: wasmc --disable-pass inline
;; STDOUT: 5050 12 3 21 120 7
;; RUN: wasmc --bounds-checks=explicit
;; STDOUT: 5050 12 3 21 120 7
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory 1)
  (global $at (mut i32) (i32.const 1024))
  ;; Its local counts from zero in each round.
  (func $count (param i32) (result i32) (local i32)
    (loop $next (result i32)
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get 1) (local.get 0)))
      (local.get 1)))
  (func $sum (param i32) (result i32) (local i32)
    (loop $next
      (local.set 1 (i32.add (local.get 1) (call $count (local.get 0))))
      (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func $early (param i32) (result i32)
    (block $out
      (br_if $out (i32.eqz (local.get 0)))
      (return (i32.const 10)))
    (i32.const 1))
  (func $both (param i32) (result i32) (i32.add (call $early (local.get 0)) (i32.add (call $early (i32.const 0)) (i32.const 1))))
  (func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
  (func $less (result i32) (i32.sub (call $swap (i32.const 4) (i32.const 7))))
  (func $never unreachable)
  (func $unless (param i32) (result i32)
    (if (local.get 0) (then (call $never) (return (i32.const 99))))
    (i32.const 20))
  (func $factorial (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.mul (local.get 0) (call $factorial (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 1))))
  ;; Operands below the call stay.
  (func $one (result i32) (i32.const 1))
  (func $below (result i32) (i32.add (i32.const 5) (i32.add (call $one) (call $one))))
  (func $digits (param i32)
    (if (i32.ge_u (local.get 0) (i32.const 10)) (then (call $digits (i32.div_u (local.get 0) (i32.const 10)))))
    (call $put (i32.add (i32.const 48) (i32.rem_u (local.get 0) (i32.const 10)))))
  (func $put (param i32)
    (i32.store8 (global.get $at) (local.get 0))
    (global.set $at (i32.add (global.get $at) (i32.const 1))))
  (func $print (param i32 i32) (call $digits (local.get 0)) (call $put (local.get 1)))
  (func (export "_start")
    (call $print (call $sum (i32.const 100)) (i32.const 32))
    (call $print (call $both (i32.const 1)) (i32.const 32))
    (call $print (call $less) (i32.const 32))
    (call $print (i32.add (call $unless (i32.const 0)) (call $one)) (i32.const 32))
    (call $print (call $factorial (i32.const 5)) (i32.const 32))
    (call $print (call $below) (i32.const 10))
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.sub (global.get $at) (i32.const 1024)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
