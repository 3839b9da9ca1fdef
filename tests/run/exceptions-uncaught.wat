;; What nothing catches is a trap: with the name of the tag and the place where it was thrown.
;; RUN: wasmc -g
;; STDERR: wasmc: trap: uncaught exception: luck
;; STDERR: wasm backtrace:
;; STDERR: 0: 0x{{.*}} - deep at {{.*}}:11:16
;; STDERR: 1: 0x{{.*}} - main at {{.*}}:13:55
;; EXIT: 134
(module
  (tag $luck (export "out of luck") (param i32))
  (tag $other)
  (func $deep (throw $luck (i32.const 1)))
  (func $main (export "_start")
    (block $caught (try_table (catch $other $caught) (call $deep)))))
