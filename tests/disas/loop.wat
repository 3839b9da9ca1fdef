;;! targets = "x86_64 aarch64"

;; The sum of an array. What matters is the loop's body: one load with the address folded in, two additions, one compare
;; and one branch back.
(module
  (memory 1)
  (func $sum (export "sum") (param $at i32) (param $end i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $sum)))
