;; A bytecode machine, whose cases each get a copy of the dispatch: values from before the loop, changed by some cases
;; only, by the way that two of them share, and used behind the loop.
;; RUN: wasmc
;; STDOUT: efc4
;; RUN: wasmc --disable-pass copy-dispatches
;; STDOUT: efc4
;; RUN: wasmc -O0
;; STDOUT: efc4
;; RUN: wasmc -Os
;; STDOUT: efc4
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100)
    "\00\01\02\03\04\05\06\07\00\00\01\02\06\06\05\09\04\00\0a\0b\03\02\01\0b\0a\09\0c\05\05\00\07\01\08")
  (func $machine (param $pc i32) (param $acc i32) (result i32)
    (local $op i32) (local $kept i32) (local $count i32) (local $way i32)
    (local.set $kept (i32.const 3))
    (loop $next
      (block $out
        ;; Some cases go this way, on which something happens too.
        (block $shared
          (block $c12 (block $c11 (block $c10 (block $c9
          (block $c7 (block $c6 (block $c5 (block $c4 (block $c3 (block $c2 (block $c1 (block $c0
            (local.set $op (i32.load8_u (local.get $pc)))
            (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
            (br_table $c0 $c1 $c2 $c3 $c4 $c5 $c6 $c7 $out $c9 $c10 $c11 $c12 $out (local.get $op)))
            (local.set $acc (i32.add (local.get $acc) (i32.const 1))) (br $next))
            (local.set $acc (i32.mul (local.get $acc) (i32.const 3))) (br $next))
            (local.set $acc (i32.add (local.get $acc) (local.get $pc))) (br $next))
            (local.set $acc (i32.sub (local.get $acc) (i32.const 7))) (br $next))
            (local.set $kept (local.get $acc)) (br $next))
            (local.set $acc (i32.add (local.get $acc) (local.get $op))) (br $next))
            (local.set $acc (i32.add (local.get $acc) (local.get $kept))) (br $next))
            (local.set $acc (i32.xor (local.get $acc) (local.get $way))) (br $shared))
            (local.set $acc (i32.add (local.get $acc) (i32.const 13))) (br $shared))
            (local.set $way (i32.add (local.get $way) (local.get $op))) (br $shared))
            ;; Two values change places.
            (local.set $op (local.get $acc)) (local.set $acc (local.get $kept)) (local.set $kept (local.get $op))
            (br $shared))
            ;; The whole table may be left in the middle of a case.
            (br_if $shared (i32.and (local.get $acc) (i32.const 1)))
            (local.set $acc (i32.add (local.get $acc) (local.get $count)))
            (br $shared))
        (local.set $count (i32.add (local.get $count) (local.get $op)))
        (br $next)))
    (i32.add (i32.mul (local.get $acc) (i32.const 16)) (i32.add (local.get $count) (local.get $kept))))
  (func (export "_start")
    (local $value i32) (local $at i32)
    (local.set $value (call $machine (i32.const 100) (i32.const 5)))
    (local.set $at (i32.const 24))
    (i32.store8 (i32.const 24) (i32.const 10))
    (loop $digits
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (select (i32.add (i32.and (local.get $value) (i32.const 15)) (i32.const 48))
                (i32.add (i32.and (local.get $value) (i32.const 15)) (i32.const 87))
                (i32.lt_u (i32.and (local.get $value) (i32.const 15)) (i32.const 10))))
      (br_if $digits (local.tee $value (i32.shr_u (local.get $value) (i32.const 4)))))
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (i32.sub (i32.const 25) (local.get $at)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
