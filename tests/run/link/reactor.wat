;; A library in the sense of WASI's application ABI.
(module
  (global $state (mut i32) (i32.const 1))
  (func (export "_initialize") (global.set $state (i32.const 42)))
  (func (export "state") (result i32) (global.get $state)))
