;; Exceptions: thrown and caught in the same function, through calls and indirect calls, with payloads of every type, out
;; of loops, by reference, and again.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (type $thrower (func (param i32) (result i32)))
  (tag $empty)
  (tag $int (param i32))
  (tag $many (param i32 i64 f32 f64 v128 funcref externref))
  (table funcref (elem $throw_int $throw_many $return))
  (global $checks (mut i32) (i32.const 0))

  (func $check (param i32)
    (if (i32.eqz (local.get 0)) (then (call $proc_exit (i32.add (i32.const 100) (global.get $checks)))))
    (global.set $checks (i32.add (global.get $checks) (i32.const 1))))

  (func $throw_int (type $thrower) (throw $int (local.get 0)))
  (func $throw_many (type $thrower)
    (throw $many (local.get 0) (i64.const -2) (f32.const 1.5) (f64.const -2.25)
      (v128.const i64x2 5 6) (ref.func $return) (ref.null extern)))
  (func $return (type $thrower) (i32.add (local.get 0) (i32.const 1)))
  (elem declare func $return)

  ;; Deep below, with locals and operands that must be there again.
  (func $recurse (param $depth i32) (result i32)
    (if (i32.eqz (local.get $depth)) (then (return (call $throw_int (i32.const 7)))))
    (i32.add (call $recurse (i32.sub (local.get $depth) (i32.const 1))) (i32.const 1)))

  (func $catch_deep (param $a i32) (param $b i64) (result i32)
    (i32.add (local.get $a)
      (block $caught (result i32)
        (try_table (result i32) (catch $int $caught) (call $recurse (i32.const 10000))))))

  (func $call_any (param $index i32) (result i32)
    (block $other
      (block $int (result i32)
        (try_table (result i32) (catch $int $int) (catch_all $other)
          (call_indirect (type $thrower) (i32.const 20) (local.get $index)))
        (return))
      (return (i32.add (i32.const 1000))))
    (i32.const -1))

  (func $catch_many (result i32)
    (local $f funcref) (local $e externref)
    (block $caught (result i32 i64 f32 f64 v128 funcref externref)
      (try_table (catch $many $caught) (drop (call $throw_many (i32.const 3))))
      (unreachable))
    (local.set $e) (local.set $f)
    (call $check (i64.eq (i64x2.extract_lane 1) (i64.const 6)))
    (call $check (f64.eq (f64.const -2.25)))
    (call $check (f32.eq (f32.const 1.5)))
    (call $check (i64.eq (i64.const -2)))
    (call $check (ref.is_null (local.get $e)))
    (call $check (i32.eqz (ref.is_null (local.get $f)))))

  ;; Thrown and caught again a million times: what is caught is given back.
  (func $loop
    (local $i i32) (local $sum i64)
    (loop $more
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
        (block $caught (result i32)
          (try_table (catch $int $caught) (drop (call $throw_int (local.get $i))))
          (unreachable)))))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000000))))
    (call $check (i64.eq (local.get $sum) (i64.const 499999500000))))

  ;; References: kept, and thrown again. Far more of them than there is room for, so that what nothing refers to is
  ;; found; one is kept all the time in a table.
  (table $kept 1 exnref)
  (func $references
    (local $i i32) (local $e exnref)
    (block $first (result i32 exnref)
      (try_table (catch_ref $int $first) (drop (call $throw_int (i32.const 12345))))
      (unreachable))
    (local.set $e)
    (drop)
    (table.set $kept (i32.const 0) (local.get $e))
    (loop $more
      (block $caught (result i32 exnref)
        (try_table (catch_ref $int $caught) (drop (call $throw_int (local.get $i))))
        (unreachable))
      (local.set $e)
      (call $check_quietly (i32.eq (local.get $i)))
      (block $again (result exnref)
        (try_table (catch_all_ref $again) (throw_ref (local.get $e)))
        (unreachable))
      (local.set $e)
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000000))))
    (block $caught (result i32)
      (try_table (catch $int $caught) (throw_ref (table.get $kept (i32.const 0))))
      (unreachable))
    (call $check (i32.eq (i32.const 12345))))
  (func $check_quietly (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))

  ;; A catch inside what was caught, inside a loop.
  (func $nested (param $n i32) (result i32)
    (local $sum i32)
    (loop $more
      (block $done
        (block $outer (result i32)
          (try_table (catch $int $outer)
            (block $inner
              (try_table (catch $empty $inner)
                (br_if $done (i32.eqz (local.get $n)))
                (if (i32.and (local.get $n) (i32.const 1)) (then (throw $empty)))
                (drop (call $throw_int (local.get $n)))))
            (drop (call $throw_int (i32.const 1000))))
          (unreachable))
        (local.set $sum (i32.add (local.get $sum)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
    (local.get $sum))

  (func (export "_start")
    (call $check (i32.eq (call $catch_deep (i32.const 5) (i64.const 6)) (i32.const 12)))
    (call $check (i32.eq (call $call_any (i32.const 0)) (i32.const 1020)))
    (call $check (i32.eq (call $call_any (i32.const 1)) (i32.const -1)))
    (call $check (i32.eq (call $call_any (i32.const 2)) (i32.const 21)))
    (call $check (i32.eq (call $catch_many) (i32.const 3)))
    (call $loop)
    (call $references)
    (call $check (i32.eq (call $nested (i32.const 4)) (i32.const 2006)))
    (call $check (i32.eq (global.get $checks) (i32.const 14)))
    (call $proc_exit (i32.const 42))))
