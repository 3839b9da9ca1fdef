;; Another thread changes I/O vectors and subscriptions all the time, between places inside the memory and outside, and
;; between kinds: what the runtime has checked is what it uses, so that each call succeeds or fails, and nothing else.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc --bounds-checks=explicit
(module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func (export "wasi_thread_start") (param i32 i32)
    (loop $forever
      ;; Vectors of 16 bytes, and one that ends, or begins, far outside.
      (i64.store (i32.const 0) (i64.const 0x0000_0010_0000_1000))
      (i64.store (i32.const 8) (i64.const 0x0000_0010_0000_1000))
      (i64.store (i32.const 0) (i64.const 0xffff_fff0_0000_1000))
      (i64.store (i32.const 8) (i64.const 0x0000_0010_ffff_fff0))
      ;; Subscriptions: a clock that has run out; standard input; a descriptor that does not exist; no kind.
      (i32.store8 (i32.const 0x208) (i32.const 0))
      (i32.store (i32.const 0x210) (i32.const 1))
      (i32.store8 (i32.const 0x208) (i32.const 1))
      (i32.store (i32.const 0x210) (i32.const 0x7fff_ffff))
      (i32.store8 (i32.const 0x208) (i32.const 9))
      (i32.store (i32.const 0x210) (i32.const 0))
      (i32.atomic.store (i32.const 0x400) (i32.const 1))
      (br $forever)))
  (func (export "_start")
    (local $n i32) (local $error i32)
    ;; The second subscription is always there: a clock.
    (i32.store (i32.const 0x240) (i32.const 1))
    (drop (call $spawn (i32.const 0)))
    (loop $wait (br_if $wait (i32.eqz (i32.atomic.load (i32.const 0x400)))))
    (loop $next
      ;; success, fault
      (local.set $error (call $read (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 0x500)))
      (if (i32.and (i32.ne (local.get $error) (i32.const 0)) (i32.ne (local.get $error) (i32.const 21)))
        (then unreachable))
      ;; success, inval
      (local.set $error (call $poll (i32.const 0x200) (i32.const 0x300) (i32.const 2) (i32.const 0x500)))
      (if (i32.and (i32.ne (local.get $error) (i32.const 0)) (i32.ne (local.get $error) (i32.const 28)))
        (then unreachable))
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20000))))
    (call $exit (i32.const 42))))
