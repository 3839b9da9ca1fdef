;; A CPU that lacks what the executable was compiled for: one sentence, before anything runs.
;; STDERR: wasmc: this CPU lacks instructions that the program was compiled for; compile with a lower `--cpu`
;; EXIT: 70
;; RUN: wasmc --target aarch64 --cpu armv8.1-a
;; QEMU-CPU: cortex-a53
;; RUN: wasmc --target aarch64 --cpu armv8.4-a
;; QEMU-CPU: cortex-a72
;; RUN: wasmc --target aarch64 --cpu armv8.6-a
;; QEMU-CPU: cortex-a76
(module (func (export "_start") unreachable))
