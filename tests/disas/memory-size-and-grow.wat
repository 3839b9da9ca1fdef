;;! targets = "x86_64 aarch64"

;; `memory.size` is a load and a shift; `memory.grow` a direct call of the runtime.
(module
  (memory 1)
  (func $size (export "size") (result i32) (memory.size))
  (func $grow (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
