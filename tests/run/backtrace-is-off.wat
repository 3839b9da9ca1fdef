;; WASMC_BACKTRACE=0 leaves only the first line.
;; RUN: wasmc
;; ENV: WASMC_BACKTRACE=0
;; STDERR: wasmc: trap: wasm `unreachable` instruction executed
;; STDERR-NOT: backtrace
;; STDERR-NOT: _start
;; EXIT: 134
(module (func $_start (export "_start") unreachable))
