;; RUN: wasmc
;; COMPILE-FAIL: 1
;; STDERR: {{.*}}wasi_snapshot_preview1.fd_close{{.*}}[i64] -> [i32]{{.*}}[i32] -> [i32]{{.*}}
(module (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))) (func (export "_start")))
