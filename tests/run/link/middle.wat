;; Between `link-three-modules` and `library`: passes a function on, and wraps another.
(module
  (import "library" "count" (func $count (result i32)))
  (export "count" (func $count))
  (func (export "count_twice") (result i32) (i32.add (call $count) (call $count))))
