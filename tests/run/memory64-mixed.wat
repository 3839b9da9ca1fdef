;; Memories and tables with 32-bit and 64-bit indices side by side, one's own and another module's: copies between them,
;; segments, growth, and calls.
;; RUN: wasmc
;; LINK: library=link/wide.wat
;; RUN: wasmc -O0
;; LINK: library=link/wide.wat
;; RUN: wasmc --bounds-checks=explicit
;; LINK: library=link/wide.wat
(module
  (import "library" "memory" (memory $wide i64 1 4))
  (import "library" "bytes" (memory $bytes i64 10 (pagesize 1)))
  (import "library" "table" (table $wide_table i64 4 funcref))
  (import "library" "size" (func $size (result i64)))
  (memory $narrow 1)
  (table $narrow_table 4 funcref)
  (type $number (func (result i32)))
  (data (memory $wide) (i64.const 0) "imported")
  (data (memory $bytes) (i64.const 2) "12345678")
  (data $passive "passive data")
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (elem (table $narrow_table) (i32.const 0) func $one $two)
  (elem (table $wide_table) (i64.const 2) func $two)
  (elem $passive_elements func $two $one)
  (func $expect (param i64 i64) (if (i64.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func $expect_number (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
  (func (export "_start")
    (call $expect (i64.load $wide (i64.const 0)) (i64.const 0x646574726f706d69))
    (call $expect (i64.load $bytes (i64.const 2)) (i64.const 0x3837363534333231))
    ;; Of a copy between both kinds the count is an i32.
    (memory.copy $narrow $wide (i32.const 100) (i64.const 0) (i32.const 8))
    (call $expect (i64.load $narrow (i32.const 100)) (i64.const 0x646574726f706d69))
    (memory.copy $wide $narrow (i64.const 65528) (i32.const 100) (i32.const 8))
    (call $expect (i64.load $wide (i64.const 65528)) (i64.const 0x646574726f706d69))
    (memory.copy $bytes $wide (i64.const 2) (i64.const 65528) (i64.const 8))
    (call $expect (i64.load $bytes offset=1 (i64.const 1)) (i64.const 0x646574726f706d69))
    (memory.init $wide $passive (i64.const 65532) (i32.const 8) (i32.const 4))
    (call $expect_number (i32.load $wide (i64.const 65532)) (i32.const 0x61746164))
    ;; Growth is seen by both modules.
    (call $expect (memory.grow $wide (i64.const 1)) (i64.const 1))
    (call $expect (call $size) (i64.const 2))
    (call $expect (memory.grow $wide (i64.const 3)) (i64.const -1))
    (call $expect (i64.load $wide (i64.const 131064)) (i64.const 0))

    (call $expect_number (call_indirect $wide_table (type $number) (i64.const 2)) (i32.const 2))
    (table.copy $wide_table $narrow_table (i64.const 1) (i32.const 0) (i32.const 2))
    (call $expect_number (call_indirect $wide_table (type $number) (i64.const 1)) (i32.const 1))
    (table.copy $narrow_table $wide_table (i32.const 3) (i64.const 1) (i32.const 1))
    (call $expect_number (call_indirect $narrow_table (type $number) (i32.const 3)) (i32.const 1))
    (table.init $wide_table $passive_elements (i64.const 3) (i32.const 0) (i32.const 1))
    (call $expect_number (call_indirect $wide_table (type $number) (i64.const 3)) (i32.const 2))
    (call $expect (table.grow $wide_table (ref.func $one) (i64.const 2)) (i64.const 4))
    (call $expect (table.size $wide_table) (i64.const 6))
    (call $expect (table.grow $wide_table (ref.null func) (i64.const -1)) (i64.const -1))
    (table.fill $wide_table (i64.const 4) (ref.func $two) (i64.const 2))
    (call $expect_number (call_indirect $wide_table (type $number) (i64.const 5)) (i32.const 2))))
