;; An error in a function shows the line of the text that it is about, with marks under the instruction, in folded and in
;; flat form, whatever stands between functions.

;; RUN: wasmc %s -o %t/out
;; COMPILE-FAIL: 1
;; STDERR: error: {{.*}}diagnostics-show-the-line.wat: type mismatch: expected i64, found i32 (in function bad, at offset {{.*}})
;; STDERR: --> {{.*}}diagnostics-show-the-line.wat:24:6
;; STDERR: |
;; STDERR: 24 |     (i64.add (i64.const 1)
;; STDERR: |      ^^^^^^^

(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func $good
    i32.const 1
    drop)
  (table 1 funcref)
  (func (export "_start")
    (call $exit (i32.const 0)))
  (; a comment (; in a comment ;) ;)
  (func $bad (param $x i32) (result i64)
    (local $y i64)
    ;; (i64.add
    (i64.add (i64.const 1)
      (local.get $x))))
