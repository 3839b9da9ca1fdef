/* Two libraries, and a host with signal handlers of its own: each gets what is meant for it. */
#define _GNU_SOURCE
#include "one.h"
#include "two.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile sig_atomic_t seen_signal, was_blocked;
static void *volatile seen_address;

static void check(int condition, const char *what) {
    if (!condition) {
        printf("not %s\n", what);
        exit(1);
    }
}

static void with_information(int signal, siginfo_t *information, void *context) {
    (void)context;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    was_blocked = sigismember(&blocked, SIGUSR1);
    seen_signal = signal;
    seen_address = information->si_addr;
    if (information->si_code > 0) {
        siglongjmp(back, 1);
    }
}

static void without_information(int signal) {
    seen_signal = signal;
    siglongjmp(back, 1);
}

static void trap_in_both(one_instance *one, two_instance *two) {
    one_error first;
    two_error second;
    seen_signal = 0;
    one_get(one, 65536, &first);
    check(first.code == ONE_TRAP_MEMORY_OUT_OF_BOUNDS, "a trap in the first library");
    two_get(two, 65536, &second);
    check(second.code == TWO_TRAP_MEMORY_OUT_OF_BOUNDS, "a trap in the second library");
    one_deep(one, 0, &first);
    check(first.code == ONE_TRAP_STACK_OVERFLOW, "the end of the first stack");
    two_deep(two, 0, &second);
    check(second.code == TWO_TRAP_STACK_OVERFLOW, "the end of the second stack");
    check(one_fib(one, 10, &first) == 55 && two_fib(two, 10, &second) == 55, "55");
    check(seen_signal == 0, "a trap that the host does not see");
}

/* Whether what a signal interrupts goes on. */
static int restarts(int signal) {
    struct sigaction action;
    sigaction(signal, NULL, &action);
    return (action.sa_flags & SA_RESTART) != 0;
}

static void leave_by_7(int signal) {
    (void)signal;
    _exit(7);
}

/* Handlers of which only the first can be installed still pass signals on. In a process of its own; where there are no
   filters, as in QEMU, there is nothing to see. */
static void half_installed(void) {
    pid_t child = fork();
    if (child == 0) {
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigaction, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SIGFPE, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {sizeof code / sizeof code[0], code};
        signal(SIGILL, leave_by_7);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
            _exit(7);
        }
        if (one_instantiate(NULL, NULL, NULL) != NULL || one_instantiate(NULL, NULL, NULL) != NULL) {
            _exit(1);
        }
        raise(SIGILL);
        _exit(2);
    }
    int status;
    waitpid(child, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 7, "a handler from before");
}

static volatile int zero;

int main(void) {
    half_installed();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = with_information;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(SIGSEGV, &action, NULL);
    memset(&action, 0, sizeof action);
    action.sa_handler = without_information;
    sigaction(SIGTRAP, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    signal(SIGILL, SIG_IGN);

    one_instance *one = one_instantiate(NULL, NULL, NULL);
    two_instance *two = two_instantiate(NULL, NULL, NULL);
    check(one != NULL && two != NULL, "two instances");
    check(restarts(SIGSEGV) && restarts(SIGILL), "calls that go on");
    check(!restarts(SIGBUS) && !restarts(SIGFPE), "calls that are interrupted");
    trap_in_both(one, two);

    /* A fault of the host's. */
    for (int round = 0; round < 3; round++) {
        seen_signal = 0;
        if (sigsetjmp(back, 1) == 0) {
            *(volatile int *)(intptr_t)(64 + zero) = 1;
        }
        check(seen_signal == SIGSEGV && seen_address == (void *)64 && was_blocked == 1, "the host's own fault");
    }
    trap_in_both(one, two);
    /* What is sent. */
    seen_signal = 0;
    raise(SIGSEGV);
    check(seen_signal == SIGSEGV, "a signal that was sent");
    seen_signal = 0;
    if (sigsetjmp(back, 1) == 0) {
        raise(SIGBUS);
    }
    check(seen_signal == SIGBUS, "a handler without information");
    /* What the host ignores. */
    raise(SIGILL);
    trap_in_both(one, two);
    one_destroy(one);
    /* What nobody handles: the process ends by it. */
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        kill(getpid(), SIGFPE);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE, "a process that ends by its signal");
    two_destroy(two);
    puts("each signal reached its handler");
    return 0;
}
