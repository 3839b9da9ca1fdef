;; Scripts with threads, in the form of the threads proposal's own (`thread`, `wait`), which the suite that the tests
;; depend on does not have. Threads run at the same time: the first one waits for what the second one does.

(module $Mem (memory (export "shared") 1 2 shared))

(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 2 shared)
    (func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 30_000_000_000)))
    (func (export "trap") (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func (export "answer") (i32.atomic.store (i32.const 8) (i32.const 42))))
  ;; It is woken, or comes too late to wait.
  (assert_return (invoke "wait") (either (i32.const 0) (i32.const 1)))
  (assert_trap (invoke "trap") "integer divide by zero")
  (invoke "answer"))

(thread $T2 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 2 shared)
    (func (export "wake")
      (i32.atomic.store (i32.const 0) (i32.const 1))
      (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
    (func (export "exhaust") (call 1)))
  (assert_exhaustion (invoke "exhaust") "call stack exhausted")
  (invoke "wake"))

;; Message passing (the litmus test MP): who sees the flag sees the data.
(thread $Writer (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 2 shared)
    (func (export "run")
      (local $n i32)
      (loop $again
        (i32.store (i32.const 128) (local.tee $n (i32.add (local.get $n) (i32.const 1))))
        (i32.atomic.store (i32.const 192) (local.get $n))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 100000))))))
  (invoke "run"))

(thread $Reader (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 2 shared)
    (func (export "run") (result i32)
      (local $flag i32) (local $wrong i32)
      (loop $again
        (local.set $flag (i32.atomic.load (i32.const 192)))
        (local.set $wrong
          (i32.add (local.get $wrong) (i32.lt_u (i32.load (i32.const 128)) (local.get $flag))))
        (br_if $again (i32.lt_u (local.get $flag) (i32.const 100000))))
      (local.get $wrong)))
  (assert_return (invoke "run") (i32.const 0)))

(wait $T1)
(wait $T2)
(wait $Writer)
(wait $Reader)

(register "mem" $Mem)
(module
  (memory (import "mem" "shared") 1 2 shared)
  (func (export "check") (result i32) (i32.atomic.load (i32.const 8))))
(assert_return (invoke "check") (i32.const 42))
