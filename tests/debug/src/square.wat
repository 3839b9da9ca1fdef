(module
  (memory (export "memory") 1)
  (data (i32.const 16) "\2a\00\00\00")
  (func $square (param $x i32) (param $unused i64) (result i32)
    (local $y i32)
    ;; A comment, and an empty line.

    (local.set $y (i32.mul (local.get $x) (local.get $x)))
    (i32.store (i32.const 20) (local.get $y))
    (i32.add
      (i32.load (i32.const 16))
      (i32.sub (local.get $y) (local.get $x))))
  (func (export "_start")
    (drop (i32.div_u
      (call $square (i32.const 3) (i64.const 4))
      (i32.const 0)))))
