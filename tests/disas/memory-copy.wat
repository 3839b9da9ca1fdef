;;! targets = "x86_64 aarch64"

;; `memory.copy` and `memory.fill` check both ends, then call the runtime's memmove and memset: no loop here.
(module
  (memory 1)
  (func $copy (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func $fill (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func $copy_16 (export "copy_16") (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 16))))
