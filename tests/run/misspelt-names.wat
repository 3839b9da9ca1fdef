;; What is misspelt is suggested: options, their values, targets, CPUs, proposals, commands and topics.

;; RUN: wasmc %s --emmit asm
;; COMPILE-FAIL: 2
;; STDERR: tip: a similar argument exists: '--emit'

;; RUN: wasmc %s --emit asn
;; COMPILE-FAIL: 2
;; STDERR: tip: a similar value exists: 'asm'

;; RUN: wasmc %s --target arm46
;; COMPILE-FAIL: 3
;; STDERR: error: not supported: the target 'arm46'; there is x86_64-unknown-linux, aarch64-unknown-linux

;; RUN: wasmc %s --target arch64
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}; did you mean 'aarch64'?

;; RUN: wasmc %s --target x86_46-unknown-linux
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}; did you mean 'x86_64-unknown-linux'?

;; RUN: wasmc %s --target x86_64 --cpu x86_64_v3
;; COMPILE-FAIL: 2
;; STDERR: error: x86_64 has no CPU 'x86_64_v3'; {{.*}}; did you mean 'x86-64-v3'?

;; RUN: wasmc %s --wasm-features=-tailcall
;; COMPILE-FAIL: 2
;; STDERR: {{.*}}; did you mean 'tail-call'?

;; RUN: wasmc %s --wasm-features=frobnicate
;; COMPILE-FAIL: 2
;; STDERR: error: --wasm-features: there is no proposal 'frobnicate'{{.*}}
;; STDERR-NOT: did you mean

;; RUN: wasmc inspekt --link a=%s
;; COMPILE-FAIL: 1
;; STDERR: error: cannot read inspekt: {{.*}}; did you mean the command 'inspect'?

(module)
