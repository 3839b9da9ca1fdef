;; Sections that are not as they should be do not make a module invalid: hints for functions and places that do not
;; exist or are no branches, a value that means nothing, a section that ends early, one twice, one behind the code.
;; RUN: wasmc
(module
  (@custom "metadata.code.branch_hint" (before code) "\02\00\01\01\01\00\7f\02\00\01\00\ff\ff\ff\ff\0f\01\01")
  (@custom "metadata.code.branch_hint" (before code) "\01\00\01\05\01\02")
  (@custom "metadata.code.branch_hint" (before code) "\01\00\05\05\01")
  (@custom "metadata.code.branch_hint" (before type) "\01\00\01\05\01\00")
  (@custom "metadata.code.branch_hint" (after code) "\01\00\01\05\01\00")
  (@custom "metadata.code.branch_hint" (after last) "\ff\ff\ff\ff\ff")
  (func $expect (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
  (func (export "_start") (call $expect (i32.const 1))))
