;; Writes its arguments as they are in memory: each with a NUL behind it, which is made a line break here. The first is
;; the path.
;; RUN: wasmc
;; ARGS: one --help WASMC=2 -- -o
;; STDOUT: {{.*}}/out
;; STDOUT: one
;; STDOUT: --help
;; STDOUT: WASMC=2
;; STDOUT: --
;; STDOUT: -o
;; EXIT: 6
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $at i32)
    (drop (call $sizes (i32.const 0) (i32.const 8)))
    (drop (call $get (i32.const 1024) (i32.const 2048)))
    (i32.store (i32.const 4) (i32.const 2048))
    (loop $next
      (if (i32.eqz (i32.load8_u offset=2048 (local.get $at)))
        (then (i32.store8 offset=2048 (local.get $at) (i32.const 10))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.load (i32.const 8)))))
    (drop (call $fd_write (i32.const 1) (i32.const 4) (i32.const 1) (i32.const 16)))
    (call $proc_exit (i32.load (i32.const 0)))))
