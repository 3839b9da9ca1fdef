;; Code inside a `try` keeps values in registers; a handler finds them as they were, whatever the functions in between
;; did with the registers: here they use as many as there are.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc -O0
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (tag $t (param i64))
  (memory 1)
  (func $opaque (param i64) (result i64) (i64.load (i32.wrap_i64 (local.get 0))))
  (func $opaque_float (param f64) (result f64) (f64.add (local.get 0) (f64.load (i32.const 0))))

  ;; Many values live across calls, then a throw from deep below, with results that do not fit into registers.
  (func $busy (param $depth i32) (param $seed i64) (result i64 i64 i64 i64)
    (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64) (local $f i64) (local $g i64)
    (local $x f64) (local $y f64) (local $z f64)
    (local.set $a (i64.mul (local.get $seed) (i64.const 3)))
    (local.set $b (i64.mul (local.get $seed) (i64.const 5)))
    (local.set $c (i64.mul (local.get $seed) (i64.const 7)))
    (local.set $d (i64.mul (local.get $seed) (i64.const 11)))
    (local.set $e (i64.mul (local.get $seed) (i64.const 13)))
    (local.set $f (i64.mul (local.get $seed) (i64.const 17)))
    (local.set $g (i64.mul (local.get $seed) (i64.const 19)))
    (local.set $x (f64.convert_i64_s (local.get $a)))
    (local.set $y (f64.convert_i64_s (local.get $b)))
    (local.set $z (f64.convert_i64_s (local.get $c)))
    (drop (call $opaque (i64.const 8)))
    (drop (call $opaque_float (local.get $x)))
    (if (i32.eqz (local.get $depth))
      (then (throw $t (i64.add (local.get $a) (i64.add (local.get $b) (i64.add (local.get $c) (i64.add (local.get $d)
        (i64.add (local.get $e) (i64.add (local.get $f) (local.get $g)))))))))
      (else
        (call $busy (i32.sub (local.get $depth) (i32.const 1)) (i64.add (local.get $seed) (i64.const 1)))
        (drop) (drop) (drop) (drop)))
    (i64.add (local.get $a) (local.get $b)) (i64.add (local.get $c) (local.get $d))
    (i64.add (local.get $e) (i64.trunc_f64_s (f64.add (local.get $x) (f64.add (local.get $y) (local.get $z)))))
    (i64.add (local.get $f) (local.get $g)))

  (func $guarded (param $depth i32) (param $seed i64) (result i64)
    (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64) (local $f i64)
    (local $x f64) (local $y f64) (local $thrown i64)
    (local.set $a (i64.xor (local.get $seed) (i64.const 0x1111)))
    (local.set $b (i64.xor (local.get $seed) (i64.const 0x2222)))
    (local.set $c (i64.xor (local.get $seed) (i64.const 0x4444)))
    (local.set $d (i64.xor (local.get $seed) (i64.const 0x8888)))
    (local.set $e (i64.xor (local.get $seed) (i64.const 0x1248)))
    (local.set $f (i64.xor (local.get $seed) (i64.const 0x8421)))
    (local.set $x (f64.convert_i64_s (local.get $a)))
    (local.set $y (f64.convert_i64_s (local.get $b)))
    (local.set $thrown
      (block $caught (result i64)
        (try_table (catch $t $caught)
          (call $busy (local.get $depth) (local.get $seed))
          (drop) (drop) (drop) (drop))
        (i64.const -1)))
    (i64.add (local.get $thrown)
      (i64.xor (local.get $a) (i64.xor (local.get $b) (i64.xor (local.get $c) (i64.xor (local.get $d)
        (i64.xor (local.get $e) (i64.xor (local.get $f)
          (i64.trunc_f64_s (f64.sub (local.get $x) (local.get $y)))))))))))

  ;; The same without a call in between: the sum of the factors is 75.
  (func $expected (param $depth i32) (param $seed i64) (result i64)
    (i64.add
      (i64.mul (i64.add (local.get $seed) (i64.extend_i32_u (local.get $depth))) (i64.const 75))
      (i64.xor (i64.const 0x1111)
        (i64.xor (i64.const 0x2222) (i64.xor (i64.const 0x4444) (i64.xor (i64.const 0x8888)
          (i64.xor (i64.const 0x1248) (i64.xor (i64.const 0x8421)
            (i64.sub (i64.xor (local.get $seed) (i64.const 0x1111))
              (i64.xor (local.get $seed) (i64.const 0x2222)))))))))))

  (func (export "_start")
    (local $depth i32)
    (loop $next
      (if (i64.ne (call $guarded (local.get $depth) (i64.const 1000))
                  (call $expected (local.get $depth) (i64.const 1000)))
        (then (call $proc_exit (i32.const 1))))
      (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $depth) (i32.const 200))))
    (call $proc_exit (i32.const 42))))
