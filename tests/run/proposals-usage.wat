;; Names that mean nothing are wrong usage; a list is read from left to right.
;; COMPILE-FAIL: 2
;; RUN: wasmc --wasm-features=simd128
;; STDERR: {{.*}}there is no proposal 'simd128', but: all, mutable-global, {{.*}}, component-model; did you mean 'simd'?
;; RUN: wasmc --wasm-features=
;; STDERR: {{.*}}there is no proposal ''{{.*}}
;; RUN: wasmc --wasm-features=+-simd
;; STDERR: {{.*}}there is no proposal '-simd'{{.*}}
;; RUN: wasmc --wasm-features=-multi-value
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}not supported: the module needs the proposal 'multi-value' (turned off): {{.*}} (at offset {{.*}})
;; RUN: wasmc --wasm-features -all,simd
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}'multi-value' (turned off) and 'extended-const' (turned off): {{.*}}
;; RUN: wasmc --wasm-features=stack-switching
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}not supported: the proposal 'stack-switching'
(module
  (global i32 (i32.add (i32.const 1) (i32.const 2)))
  (func (export "_start"))
  (func (result i32 i32) (i32.const 1) (i32.const 2)))
