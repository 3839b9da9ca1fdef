;; A grant that cannot be understood is a usage error of the compiler's: status 2 and one line.
;; COMPILE-FAIL: 2
;; RUN: wasmc %s --dir :ro
;; STDERR: {{.*}}a granted directory is HOST[::GUEST][:ro], not ':ro'
;; RUN: wasmc %s --dir a::
;; STDERR: {{.*}}a granted directory is HOST[::GUEST][:ro], not 'a::'
;; RUN: wasmc %s --dir ::a
;; STDERR: {{.*}}a granted directory is HOST[::GUEST][:ro], not '::a'
;; RUN: wasmc %s --env NAME
;; STDERR: {{.*}}a variable is NAME=VALUE, not 'NAME'
;; RUN: wasmc %s --env =VALUE
;; STDERR: {{.*}}a variable is NAME=VALUE, not '=VALUE'
;; RUN: wasmc %s --tcplisten localhost:80
;; STDERR: {{.*}}a listener is IP:PORT or `activation`, not 'localhost:80'
;; RUN: wasmc %s --tcplisten 127.0.0.1
;; STDERR: {{.*}}a listener is IP:PORT or `activation`, not '127.0.0.1'
;; RUN: wasmc %s --tcplisten 127.0.0.1:99999
;; STDERR: {{.*}}a listener is IP:PORT or `activation`, not '127.0.0.1:99999'
;; RUN: wasmc %s --harden=require --no-harden
;; STDERR: {{.*}}--no-harden{{.*}}
(module (func (export "_start")))
