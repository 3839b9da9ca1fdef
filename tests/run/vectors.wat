;; A dot product with SIMD.
;; EXIT: 110
;; RUN: wasmc
;; RUN: wasmc --cpu native
;; RUN: wasmc -O0
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00" "\05\00\00\00\06\00\00\00\07\00\00\00\05\00\00\00")
  (func (export "_start") (local $sum v128) (local $at i32)
    (local.set $at (i32.const 16))
    (loop $next
      (local.set $sum
        (i32x4.add (local.get $sum) (i32x4.mul (v128.load (local.get $at)) (v128.load offset=16 (i32.const 16)))))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 64))))
    (local.set $sum (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get $sum) (local.get $sum)))
    (call $proc_exit
      (i32.add (i32.const 52)
        (i32.add
          (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
          (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32.sub (i32x4.extract_lane 3 (local.get $sum)) (i32.const 0))))))))
