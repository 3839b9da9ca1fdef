(module
  (import "host" "found" (func $found (param i32)))
  (func $is_prime (param $number i32) (result i32) (local $divisor i32)
    (local.set $divisor (i32.const 2))
    (loop $next (result i32)
      (if (i32.gt_u (i32.mul (local.get $divisor) (local.get $divisor)) (local.get $number))
        (then (return (i32.const 1))))
      (if (i32.eqz (i32.rem_u (local.get $number) (local.get $divisor)))
        (then (return (i32.const 0))))
      (local.set $divisor (i32.add (local.get $divisor) (i32.const 1)))
      (br $next)))
  ;; Tells the host every prime below the limit, of which there must be one.
  (func (export "search") (param $limit i32) (local $number i32)
    (if (i32.lt_u (local.get $limit) (i32.const 3)) (then (unreachable)))
    (local.set $number (i32.const 2))
    (loop $next
      (if (call $is_prime (local.get $number)) (then (call $found (local.get $number))))
      (br_if $next (i32.lt_u (local.tee $number (i32.add (local.get $number) (i32.const 1))) (local.get $limit))))))
