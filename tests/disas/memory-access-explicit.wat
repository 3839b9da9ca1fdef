;;! targets = "x86_64 aarch64"
;;! flags = "--bounds-checks=explicit"

;; Each access is compared with the size. What matters: one compare and one branch (or conditional move) for each
;; address, and no branch that is taken on the way that does not trap.
(module
  (memory 1)
  (func $load (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func $store_far (export "store_far") (param i32 i64) (i64.store offset=65536 (local.get 0) (local.get 1))))
