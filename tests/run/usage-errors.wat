;; What cannot be understood is a usage error: status 2 and a line that says what. A target that exists elsewhere is not
;; supported: 3.
;; COMPILE-FAIL: 2
;; RUN: wasmc %s --no-such-flag
;; STDERR: {{.*}}--no-such-flag{{.*}}
;; RUN: wasmc %s -o
;; STDERR: {{.*}}-o{{.*}}
;; RUN: wasmc %s -O7
;; STDERR: {{.*}}7{{.*}}
;; RUN: wasmc %s --bounds-checks=none
;; STDERR: {{.*}}none{{.*}}
;; RUN: wasmc %s --emit song
;; STDERR: {{.*}}song{{.*}}
;; RUN: wasmc %s --max-memory much
;; STDERR: {{.*}}much{{.*}}
;; RUN: wasmc %s --link library
;; STDERR: {{.*}}--link{{.*}}
;; RUN: wasmc %s --link library=
;; STDERR: {{.*}}--link{{.*}}
;; RUN: wasmc %s --link library=%s --link library=%s
;; STDERR: {{.*}}'library' twice{{.*}}
;; RUN: wasmc %s --import-fn env.missing=f
;; STDERR: {{.*}}no module imports a function 'env.missing'{{.*}}
;; RUN: wasmc %s --emit staticlib --name wasmc_x
;; STDERR: {{.*}}'wasmc'{{.*}}
;; RUN: wasmc %s -o %s
;; STDERR: {{.*}}would replace the input{{.*}}
;; RUN: wasmc %s --debug-text %s
;; STDERR: {{.*}}would replace the input{{.*}}
;; RUN: wasmc %s --stack-size 0
;; STDERR: {{.*}}128K{{.*}}
;; RUN: wasmc %s --stack-size 18446744073709551615
;; STDERR: {{.*}}128K{{.*}}
;; RUN: wasmc %s -j 0
;; STDERR: {{.*}}1..=1024{{.*}}
;; RUN: wasmc %s -j 100000
;; STDERR: {{.*}}1..=1024{{.*}}
;; RUN: wasmc %s %s
;; STDERR: {{.*}}
;; RUN: wasmc %s --target aarch64 --cpu x86-64-v3
;; STDERR: {{.*}}aarch64 has no CPU 'x86-64-v3'; it has native, armv8-a, {{.*}}
;; RUN: wasmc %s --target x86_64 --cpu armv8-a
;; STDERR: {{.*}}x86_64 has no CPU 'armv8-a'{{.*}}
;; RUN: wasmc targets %s
;; STDERR: {{.*}}unexpected argument{{.*}}
;; RUN: wasmc %s --target pdp11-unknown-unix
;; COMPILE-FAIL: 3
;; STDERR: {{.*}}pdp11{{.*}}
(module (func (export "_start")))
