;; What cannot be had from the start is refused when it is compiled, however large.
;; COMPILE-FAIL: 3
;; RUN: wasmc --max-memory 64K
;; STDERR: {{.*}}wants a memory of at least 4503599627370496 bytes, and 65536 are allowed{{.*}}
;; RUN: wasmc
;; STDERR: {{.*}}wants a memory of at least 4503599627370496 bytes, and 68719476736 are allowed{{.*}}
(module (memory i64 0x1000000000) (func (export "_start")))
