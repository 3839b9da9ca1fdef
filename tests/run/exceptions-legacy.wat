;; The legacy form of exceptions: clauses, `catch_all`, `rethrow`, `delegate`, nested.
;; EXIT: 42
;; RUN: wasmc
;; RUN: wasmc -O0
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (tag $a (param i32))
  (tag $b (param i64))
  (global $checks (mut i32) (i32.const 0))
  (func $check (param i32)
    (if (i32.eqz (local.get 0)) (then (call $proc_exit (i32.add (i32.const 100) (global.get $checks)))))
    (global.set $checks (i32.add (global.get $checks) (i32.const 1))))

  (func $throw (param $which i32)
    (if (i32.eq (local.get $which) (i32.const 0)) (then (throw $a (i32.const 10))))
    (if (i32.eq (local.get $which) (i32.const 1)) (then (throw $b (i64.const 20)))))

  (func $clauses (param $which i32) (result i32)
    try (result i32)
      local.get $which
      call $throw
      i32.const 1
    catch $b
      i32.wrap_i64
    catch $a
      i32.const 100
      i32.add
    end)

  (func $all (param $which i32) (result i32)
    (local $seen i32)
    try
      try
        local.get $which
        call $throw
        i32.const 5
        local.set $seen
      catch $a
        local.set $seen
        i32.const 1
        call $throw
      end
    catch_all
      local.get $seen
      i32.const 1000
      i32.add
      local.set $seen
    end
    local.get $seen)

  ;; What a clause throws again is caught outside, and not by the same `try`.
  (func $again (result i32)
    try (result i32)
      try (result i32)
        i32.const 0
        call $throw
        unreachable
      catch $a
        drop
        try
          i32.const 1
          call $throw
        catch $b
          drop
          rethrow 1
        end
        unreachable
      catch_all
        unreachable
      end
    catch $a
      i32.const 1
      i32.add
    end)

  ;; The inner handler is passed over.
  (func $delegate (result i32)
    try $outer (result i32)
      try
        try
          i32.const 0
          call $throw
        delegate 1
      catch_all
        unreachable
      end
      i32.const 0
    catch $a
    end)
  (func $delegate_to_caller
    try
      try
        i32.const 1
        call $throw
      delegate 1
    catch_all
      unreachable
    end)

  ;; A `try` in code that cannot be reached, and one without clauses.
  (func $odd (result i32)
    block
      br 0
      try
        i32.const 0
        call $throw
      catch $a
        drop
        rethrow 0
      end
    end
    try (result i32)
      try (result i32)
        i32.const 1
        call $throw
        i32.const 7
      end
    catch_all
      i32.const 8
    end)

  (func (export "_start")
    (call $check (i32.eq (call $clauses (i32.const 0)) (i32.const 110)))
    (call $check (i32.eq (call $clauses (i32.const 1)) (i32.const 20)))
    (call $check (i32.eq (call $clauses (i32.const 2)) (i32.const 1)))
    (call $check (i32.eq (call $all (i32.const 0)) (i32.const 1010)))
    (call $check (i32.eq (call $all (i32.const 1)) (i32.const 1000)))
    (call $check (i32.eq (call $all (i32.const 2)) (i32.const 5)))
    (call $check (i32.eq (call $again) (i32.const 11)))
    (call $check (i32.eq (call $delegate) (i32.const 10)))
    (call $check
      try (result i32)
        call $delegate_to_caller
        i32.const 0
      catch $b
        i64.const 20
        i64.eq
      end)
    (call $check (i32.eq (call $odd) (i32.const 8)))
    (call $proc_exit (i32.const 42))))
