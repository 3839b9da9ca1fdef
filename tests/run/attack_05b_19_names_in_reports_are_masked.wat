;; A report shows names that the module chose, but no commands to the terminal.
;; RUN: wasmc
;; STDERR: wasmc: trap: wasm `unreachable` instruction executed
;; STDERR: {{.*}} - ?[31mred?
;; EXIT: 134
(module
  (func $"\1b[31mred\07" unreachable)
  (func (export "_start") (call $"\1b[31mred\07")))
