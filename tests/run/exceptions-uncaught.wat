;; What nothing catches is a trap: with the name of the tag and the place where it was thrown.
;; STDERR: wasmc: trap: uncaught exception: luck
;; STDERR: wasm backtrace:
;; EXIT: 134
;; RUN: wasmc -g
;; STDERR: 0: 0x{{.*}} - deep at {{.*}}:14:16
;; STDERR: 1: 0x{{.*}} - main at {{.*}}:16:55
;; RUN: wasmc
;; STDERR: 0: 0x{{.*}} - deep
;; STDERR: 1: main
(module
  (tag $luck (export "out of luck") (param i32))
  (tag $other)
  (func $deep (throw $luck (i32.const 1)))
  (func $main (export "_start")
    (block $caught (try_table (catch $other $caught) (call $deep)))))
