;;! targets = "x86_64 aarch64"

;; A global that is written lies at a constant address: one `mov` each, no base register. `add` adds in between.
(module
  (global $g (mut i32) (i32.const 7))
  (func $get (export "get") (result i32) (global.get $g))
  (func $set (export "set") (param i32) (global.set $g (local.get 0)))
  (func $add (export "add") (param i32) (global.set $g (i32.add (global.get $g) (local.get 0)))))
