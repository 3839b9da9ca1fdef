;; The instruction behind a call traps: at one address are where the call returns and what traps.
;; STDERR: wasmc: trap: wasm `unreachable` instruction executed
;; EXIT: 134
;; RUN: wasmc -g
;; STDERR: 0: 0x{{.*}} - inner at {{.*}}/trap-behind-a-call.wat:14:5
;; STDERR: 1: 0x{{.*}} - main at {{.*}}/trap-behind-a-call.wat:16:5
;; RUN: wasmc
;; STDERR: 0: 0x{{.*}} - inner
;; STDERR: 1: main
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (func $inner
    (drop (call $yield))
    unreachable)
  (func $main (export "_start")
    call $inner
    unreachable))
