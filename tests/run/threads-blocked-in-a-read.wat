;; A trap ends the process while another thread is blocked in a system call.
;; RUN: wasmc
;; EXIT: 134
;; STDERR: wasmc: trap: wasm `unreachable` instruction executed
;; STDERR: wasm backtrace:
(module
  (import "env" "memory" (memory 1 4 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (func (export "wasi_thread_start") (param i32 i32)
    (i32.atomic.store (i32.const 0) (i32.const 1))
    ;; A clock: an hour.
    (i64.store (i32.const 0x118) (i64.const 3600_000_000_000))
    (drop (call $poll (i32.const 0x100) (i32.const 0x200) (i32.const 1) (i32.const 0x300))))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (loop $wait (br_if $wait (i32.eqz (i32.atomic.load (i32.const 0)))))
    (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const 20_000_000)))
    unreachable))
