;; Valid, but not supported: status 3, and the proposal is named.
;; RUN: wasmc
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}gc{{.*}}
(module (type $s (struct)) (func (export "_start") (drop (struct.new $s))))
