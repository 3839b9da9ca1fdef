;; Memory, table, globals and functions of another module, seen from both sides.
;; EXIT: 42
;; RUN: wasmc
;; LINK: library=link/library.wat
;; RUN: wasmc --bounds-checks=explicit
;; LINK: library=link/library.wat
;; RUN: wasmc -O0
;; LINK: library=link/library.wat
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "library" "memory" (memory 1))
  (import "library" "table" (table 4 funcref))
  (import "library" "constant" (global $constant i32))
  (import "library" "counter" (global $counter (mut i32)))
  (import "library" "count" (func $count (result i32)))
  (import "library" "peek" (func $peek (param i32) (result i32)))
  (import "library" "call" (func $call (param i32) (result i32)))
  (data (i32.const 20) "\01")
  (elem (i32.const 2) $one)
  (func $one (result i32) (i32.const 1))
  (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    (call $expect (call $count) (i32.const 1))
    (global.set $counter (i32.const 2))
    (call $expect (call $count) (i32.const 3))
    (i32.store (i32.const 24) (i32.const 7))
    (call $expect (call $peek (i32.const 24)) (i32.const 7))
    (call $expect (call $call (i32.const 1)) (i32.const 2))
    (call $expect (call $call (i32.const 2)) (i32.const 1))
    (call $expect (call_indirect (result i32) (i32.const 1)) (i32.const 2))
    ;; 30 + 3 + 5 + 1 + 2 + 1
    (global.get $constant)
    (i32.add (global.get $counter))
    (i32.add (i32.load (i32.const 16)))
    (i32.add (i32.load (i32.const 20)))
    (i32.add (call $call (i32.const 1)))
    (i32.add (call $call (i32.const 2)))
    (call $proc_exit)))
