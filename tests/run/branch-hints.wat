;; Hints change where code lies, never what it does: true, false and misplaced ones in all kinds of blocks.
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --wasm-features=-branch-hinting
(module
  (tag $tag (param i32))
  (func $expect (param i32 i32)
    (@metadata.code.branch_hint "\00") (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  ;; An unlikely branch that carries an operand, to a block that is reached normally too.
  (func $carry (param i32) (result i32)
    (block $end (result i32)
      (i32.const 10)
      (@metadata.code.branch_hint "\00") (br_if $end (i32.eq (local.get 0) (i32.const 1)))
      drop
      (i32.const 20)
      (@metadata.code.branch_hint "\01") (br_if $end (i32.eq (local.get 0) (i32.const 2)))
      drop
      (i32.const 30)))
  ;; A loop in an unlikely place, left and repeated by unlikely branches.
  (func $sum (param i32) (result i32) (local i32)
    (@metadata.code.branch_hint "\00")
    (if (result i32) (local.get 0)
      (then
        (block $done
          (loop $next
            (local.set 1 (i32.add (local.get 1) (local.get 0)))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (@metadata.code.branch_hint "\00") (br_if $done (i32.eqz (local.get 0)))
            (@metadata.code.branch_hint "\00") (br_if $next (i32.lt_u (local.get 0) (i32.const 1000)))
            unreachable))
        (local.get 1))
      (else (i32.const -1))))
  ;; What is caught in an unlikely place, and the code behind.
  (func $caught (param i32) (result i32)
    (@metadata.code.branch_hint "\01")
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else
        (block $handler (result i32)
          (try_table (catch $tag $handler)
            (@metadata.code.branch_hint "\00") (if (i32.eq (local.get 0) (i32.const 3)) (then (throw $tag (i32.const 33)))))
          (i32.add (local.get 0) (i32.const 100))))))
  (func $switch (param i32) (result i32)
    (@metadata.code.branch_hint "\00")
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 4))
      (then
        (block $two (block $one (block $zero
          (br_table $zero $one $two (local.get 0)))
          (return (i32.const 100)))
          (return (i32.const 101)))
        (i32.const 102))
      (else (i32.const 103))))
  (func (export "_start")
    (call $expect (call $carry (i32.const 1)) (i32.const 10))
    (call $expect (call $carry (i32.const 2)) (i32.const 20))
    (call $expect (call $carry (i32.const 3)) (i32.const 30))
    (call $expect (call $sum (i32.const 0)) (i32.const -1))
    (call $expect (call $sum (i32.const 10)) (i32.const 55))
    (call $expect (call $caught (i32.const 0)) (i32.const 0))
    (call $expect (call $caught (i32.const 1)) (i32.const 101))
    (call $expect (call $caught (i32.const 3)) (i32.const 33))
    (call $expect (call $switch (i32.const 0)) (i32.const 100))
    (call $expect (call $switch (i32.const 1)) (i32.const 101))
    (call $expect (call $switch (i32.const 3)) (i32.const 102))
    (call $expect (call $switch (i32.const 4)) (i32.const 103))))
