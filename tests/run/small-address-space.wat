;; Explicit bounds checks need no reservation of address space; with the default the program says so in one sentence.
;; ADDRESS-SPACE: 400000
;; RUN: wasmc --bounds-checks=explicit
;; EXIT: 42
;; RUN: wasmc
;; STDERR: wasmc: {{.*}}--bounds-checks=explicit{{.*}}
;; EXIT: 70
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 65535) "\2a")
  (func (export "_start")
    (if (i32.ne (memory.grow (i32.const 15)) (i32.const 1)) (then unreachable))
    (i32.store8 (i32.const 1048575) (i32.load8_u (i32.const 65535)))
    (call $proc_exit (i32.load8_u (i32.const 1048575)))))
