;; Imports from nowhere what it then exports.
(module
  (import "nowhere" "function" (func $function (param i32)))
  (import "nowhere" "global" (global $global i32))
  (export "global" (global $global))
  (func (export "run") (call $function (i32.const 0))))
