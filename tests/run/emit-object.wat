;; RUN: wasmc --emit obj
;; CONTENT: {{.*}}ELF{{.*}}
(module (func (export "_start")))
