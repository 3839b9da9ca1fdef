;; RUN: wasmc
;; STDERR: wasmc: trap: wasm `unreachable` instruction executed
;; STDERR: 0: {{.*}}begin
;; EXIT: 134
(module (func $begin unreachable) (start $begin) (func (export "_start")))
