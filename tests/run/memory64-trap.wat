;; The report of an index that was compared says no address; that of one in the guard does.
;; EXIT: 134
;; RUN: wasmc
;; ARGS: x
;; STDERR: wasmc: trap: out of bounds memory access
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}far
;; RUN: wasmc
;; STDERR: wasmc: trap: out of bounds memory access (offset 0x10008 in a memory of 65536 bytes)
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}near
;; RUN: wasmc --bounds-checks=explicit
;; STDERR: wasmc: trap: out of bounds memory access
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}near
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (memory (export "memory") i64 1)
  (func $far (param i64) (drop (i64.load (i64.sub (local.get 0) (i64.const 0x100000000000)))))
  (func $near (param i64) (drop (i64.load offset=8 (local.get 0))))
  (func $_start (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 8)))
    (if (i32.gt_u (i32.load (i64.const 0)) (i32.const 1)) (then (call $far (i64.const 8))))
    (call $near (i64.const 0x10000))))
