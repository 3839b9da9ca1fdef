;; All imports that nothing satisfies are named, with their types, and there is no output.
;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}env.first{{.*}}[i32 i64] -> [f32]{{.*}}
;; STDERR: {{.*}}env.second{{.*}}global{{.*}}
;; STDERR: {{.*}}other.third{{.*}}memory{{.*}}
;; STDERR: {{.*}}wasi_snapshot_preview1.no_such_call{{.*}}
(module
  (import "env" "first" (func (param i32 i64) (result f32)))
  (import "env" "second" (global i32))
  (import "other" "third" (memory 1))
  (import "wasi_snapshot_preview1" "no_such_call" (func))
  (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
  (func (export "_start")))
