;; So does an error outside of functions: the item in the text with the same number of its kind, wherever it stands.

;; RUN: wasmc %s -o %t/out
;; COMPILE-FAIL: 1
;; STDERR: error: {{.*}}diagnostics-outside-functions.wat: type mismatch: expected i32, found i64 (at offset {{.*}})
;; STDERR: --> {{.*}}diagnostics-outside-functions.wat:14:4
;; STDERR: |
;; STDERR: 14 |   (global $bad i32 (i64.const 1)))
;; STDERR: |    ^^^^^^

(module
  (func (export "_start") (drop (global.get $good)))
  (global $good i32 (i32.const 0))
  (global $bad i32 (i64.const 1)))
