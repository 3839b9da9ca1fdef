;; --max-memory limits what a memory may grow to; the program sees that growing fails. So does WASMC_MAX_MEMORY, which
;; counts instead unless the program is sealed.
;; RUN: wasmc --max-memory 196608
;; EXIT: 3
;; RUN: wasmc --max-memory 196608
;; ENV: WASMC_MAX_MEMORY=320K
;; EXIT: 5
;; RUN: wasmc --bounds-checks=explicit
;; ENV: WASMC_MAX_MEMORY=131072
;; EXIT: 2
;; RUN: wasmc --max-memory 196608 --sealed
;; ENV: WASMC_MAX_MEMORY=320K
;; EXIT: 3
;; RUN: wasmc
;; ENV: WASMC_MAX_MEMORY=64T
;; STDERR: wasmc: WASMC_MAX_MEMORY must be a size such as 64M, not '64T'
;; EXIT: 2
;; RUN: wasmc
;; ENV: WASMC_MAX_MEMORY=1
;; STDERR: wasmc: the program starts with more memory than WASMC_MAX_MEMORY allows
;; EXIT: 2
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (call $proc_exit (memory.size))))
