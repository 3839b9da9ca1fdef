;; What is before the place of an earlier access is not at its address: it wraps, and traps.
;; EXIT: 134
;; RUN: wasmc
;; STDERR: wasmc: trap: out of bounds memory access{{.*}}
;; STDERR: wasm backtrace:
;; STDERR: 0: {{.*}}down
;; STDERR: 1: {{.*}}_start
;; RUN: wasmc --disable-pass share-addresses
;; STDERR: wasmc: trap: out of bounds memory access{{.*}}
;; STDERR: 0: {{.*}}down
(module
  (memory (export "memory") 1)
  (func $down (param $i i32) (result i32)
    (i32.add (i32.load (i32.add (local.get $i) (i32.const 8))) (i32.load (i32.add (local.get $i) (i32.const 4)))))
  (func $_start (export "_start")
    (drop (call $down (i32.const -4)))
    (drop (call $down (i32.const -8)))))
