;; The report says where in which memory.
;; RUN: wasmc
;; STDERR: wasmc: trap: out of bounds memory access (offset 0x10010 in a memory of 65536 bytes)
;; EXIT: 134
(module
  (memory (export "memory") 1)
  (func (export "_start") (drop (i32.load8_u offset=65536 (i32.const 16)))))
