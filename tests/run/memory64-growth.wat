;; A memory with 64-bit indices grows to what it declares, to --max-memory, or else to 64 GiB; beyond that growing fails,
;; by however much. WASMC_MAX_MEMORY can lower that, but not raise it: no more addresses are reserved.
;; The program ends with how many pages it could have, at most 100, as its status.
;; RUN: wasmc --max-memory 192K
;; EXIT: 3
;; RUN: wasmc --bounds-checks=explicit --max-memory 192K
;; EXIT: 3
;; RUN: wasmc --max-memory 192K
;; ENV: WASMC_MAX_MEMORY=128K
;; EXIT: 2
;; RUN: wasmc --max-memory 192K
;; ENV: WASMC_MAX_MEMORY=1G
;; EXIT: 3
;; RUN: wasmc
;; ENV: WASMC_MAX_MEMORY=320K
;; EXIT: 5
;; RUN: wasmc
;; EXIT: 100
;; RUN: wasmc --max-memory 200000
;; EXIT: 3
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") i64 1 0xffffffffffff)
  (func $refuse (param i64) (if (i64.ne (memory.grow (local.get 0)) (i64.const -1)) (then unreachable)))
  (func (export "_start")
    ;; Sums and products that would wrap.
    (call $refuse (i64.const -1))
    (call $refuse (i64.const 0x8000000000000000))
    (call $refuse (i64.const 0xffffffffffff))
    (call $refuse (i64.const 0x1000000000000))
    (call $refuse (i64.const 0x1000000000001))
    (call $refuse (i64.const 0x100001))
    (loop $more
      (br_if $more
        (i32.and
          (i64.ne (memory.grow (i64.const 1)) (i64.const -1))
          (i64.lt_u (memory.size) (i64.const 100)))))
    (call $proc_exit (i32.wrap_i64 (memory.size)))))
