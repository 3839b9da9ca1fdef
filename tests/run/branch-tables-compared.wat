;; Tables with few destinations are compared, jumps to a known case lead there.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc -O1
;; RUN: wasmc -Os
;; RUN: wasmc --disable-pass compare-cases
;; RUN: wasmc --disable-pass thread-jumps
;; RUN: wasmc --disable-pass copy-dispatches
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $equal (param $is i32) (param $shall i32)
    (if (i32.ne (local.get $is) (local.get $shall)) (then (unreachable))))

  ;; Nothing but a default; entries that are all the default; one that is not, at the end.
  (func $none (param i32) (result i32)
    (block $d (br_table $d (local.get 0))) (i32.const 5))
  (func $same (param i32) (result i32)
    (block $d (br_table $d $d $d (local.get 0))) (i32.const 6))
  (func $last (param i32) (result i32)
    (block $d (block $a (br_table $d $d $a $d (local.get 0))) (return (i32.const 1))) (i32.const 0))
  ;; Runs, with a value that is carried; what an index means is unsigned.
  (func $runs (param i32) (result i32)
    (block $d (result i32)
      (block $c (result i32)
        (block $b (result i32)
          (block $a (result i32)
            (br_table $a $a $b $b $c $d (i32.const 100) (local.get 0)))
          (return (i32.add (i32.const 1))))
        (return (i32.add (i32.const 2))))
      (return (i32.add (i32.const 3))))
    (i32.add (i32.const 4)))
  ;; One destination more is a table, of which the first entries are compared.
  (func $table (param i32) (result i32)
    (block $d (block $c (block $b (block $a
      (br_table $a $a $b $a $b $c $d (local.get 0)))
      (return (i32.const 1))) (return (i32.const 2))) (return (i32.const 3)))
    (i32.const 4))

  ;; A state machine. Each state says which is next by a constant: one that is in the table, one behind its end, one
  ;; below zero, and itself. The locals must be those at the jump, not those at the switch.
  (func $machine (param $state i32) (param $n i32) (result i32)
    (local $a i32) (local $b i32) (local $old i32)
    (loop $next
      (block $s3 (block $s2 (block $s1 (block $s0
        (br_table $s0 $s1 $s2 $s3 (local.get $state)))
        ;; 0: exchanges a and b, and goes to 2.
        (local.set $old (local.get $a))
        (local.set $a (local.get $b))
        (local.set $b (local.get $old))
        (local.set $state (i32.const 2))
        (br $next))
        ;; 1: counts, itself until n is 0, then goes behind the table.
        (local.set $a (i32.add (local.get $a) (i32.const 3)))
        (if (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
          (then (local.set $state (i32.const 1)) (br $next)))
        (local.set $state (i32.const -7))
        (br $next))
        ;; 2: goes to 0 as long as b is less than n, then to 1.
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (if (i32.lt_s (local.get $b) (local.get $n)) (then (local.set $state (i32.const 0)) (br $next)))
        (local.set $state (i32.const 1))
        (br $next)))
    (i32.add (i32.mul (local.get $a) (i32.const 100)) (local.get $b)))
  ;; One that begins with a constant too, so that nothing asks the table.
  (func $begins (param $n i32) (result i32)
    (local $state i32) (local $a i32)
    (loop $next
      (block $s3 (block $s2 (block $s1 (block $s0
        (br_table $s0 $s1 $s2 $s3 $s3 (local.get $state)))
        (local.set $a (local.get $n))
        (local.set $state (i32.const 2))
        (br $next))
        (local.set $a (i32.mul (local.get $a) (i32.const 3)))
        (local.set $state (i32.const 3))
        (br $next))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (local.set $state (i32.const 1))
        (br $next)))
    (i32.add (local.get $a) (local.get $n)))
  ;; The same as the machine, with each step chosen at run time.
  (func $stepwise (param $state i32) (param $n i32) (result i32)
    (local $a i32) (local $b i32) (local $old i32)
    (block $done
      (loop $next
        (if (i32.eqz (local.get $state))
          (then
            (local.set $old (local.get $a))
            (local.set $a (local.get $b))
            (local.set $b (local.get $old))
            (local.set $state (i32.const 2))
            (br $next)))
        (if (i32.eq (local.get $state) (i32.const 1))
          (then
            (local.set $a (i32.add (local.get $a) (i32.const 3)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $next (local.get $n))
            (br $done)))
        (if (i32.eq (local.get $state) (i32.const 2))
          (then
            (local.set $b (i32.add (local.get $b) (i32.const 1)))
            (local.set $state (i32.ge_s (local.get $b) (local.get $n)))
            (br $next)))))
    (i32.add (i32.mul (local.get $a) (i32.const 100)) (local.get $b)))

  (func (export "_start")
    (local $state i32) (local $n i32)
    (call $equal (call $none (i32.const 0)) (i32.const 5))
    (call $equal (call $same (i32.const 1)) (i32.const 6))
    (call $equal (call $same (i32.const 9)) (i32.const 6))
    (call $equal (call $last (i32.const 1)) (i32.const 0))
    (call $equal (call $last (i32.const 2)) (i32.const 1))
    (call $equal (call $last (i32.const 3)) (i32.const 0))
    (call $equal (call $runs (i32.const 0)) (i32.const 101))
    (call $equal (call $runs (i32.const 1)) (i32.const 101))
    (call $equal (call $runs (i32.const 2)) (i32.const 102))
    (call $equal (call $runs (i32.const 3)) (i32.const 102))
    (call $equal (call $runs (i32.const 4)) (i32.const 103))
    (call $equal (call $runs (i32.const 5)) (i32.const 104))
    (call $equal (call $runs (i32.const 6)) (i32.const 104))
    (call $equal (call $runs (i32.const -1)) (i32.const 104))
    (call $equal (call $table (i32.const 0)) (i32.const 1))
    (call $equal (call $table (i32.const 1)) (i32.const 1))
    (call $equal (call $table (i32.const 2)) (i32.const 2))
    (call $equal (call $table (i32.const 3)) (i32.const 1))
    (call $equal (call $table (i32.const 4)) (i32.const 2))
    (call $equal (call $table (i32.const 5)) (i32.const 3))
    (call $equal (call $table (i32.const 6)) (i32.const 4))
    (call $equal (call $table (i32.const -2)) (i32.const 4))
    (call $equal (call $begins (i32.const 7)) (i32.const 29))
    (loop $states
      (local.set $n (i32.const 1))
      (loop $lengths
        (call $equal
          (call $machine (local.get $state) (local.get $n))
          (call $stepwise (local.get $state) (local.get $n)))
        (br_if $lengths (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20))))
      (br_if $states (i32.lt_s (local.tee $state (i32.add (local.get $state) (i32.const 1))) (i32.const 3))))
    (call $proc_exit (i32.const 42))))
