;;! targets = "x86_64 aarch64"

;; A jump table: the index is clamped by a compare, the offset loaded, and one indirect jump made.
(module
  (func $switch (export "switch") (param i32) (result i32)
    (block $c (block $b (block $a (br_table $a $b $c $a $b $c (local.get 0)))
      (return (i32.const 11))) (return (i32.const 22))) (i32.const 33)))
