/* As much of a threaded C library as the programs here need: on wasi-threads, where there is none to be had, and on
 * pthreads, which the expected output and the comparisons of speed come from. Nothing is freed. */
#pragma once
#include <stdint.h>
#include <stddef.h>

typedef struct thread thread;

/* Starts `function(argument)` in a thread; 0 if that fails. */
static thread *thread_start(void (*function)(void *), void *argument);
static void thread_join(thread *);
/* Sleeps while a word has a value, or for no reason wakes up; wakes so many of those who sleep. */
static void word_wait(uint32_t *word, uint32_t value);
static void word_wake(uint32_t *word, int count);
static void *allocate(size_t bytes);
static void write_out(const char *text, size_t length);
static int argument(int otherwise);
static _Noreturn void quit(int status);
void program(void);

#ifdef __wasm__

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define WASI(name) IMPORT("wasi_snapshot_preview1", name)
IMPORT("wasi", "thread-spawn") int32_t wasi_thread_spawn(void *);
WASI("fd_write") int wasi_fd_write(int, const void *, int, size_t *);
WASI("proc_exit") _Noreturn void wasi_proc_exit(int);
WASI("args_sizes_get") int wasi_args_sizes_get(size_t *, size_t *);
WASI("args_get") int wasi_args_get(char **, char *);

#define PAGE 65536
#define STACK 32768

static void *allocate(size_t bytes) {
    static char *next, *end;
    static uint32_t locked;
    while (__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE)) {}
    bytes = (bytes + 15) & ~(size_t)15;
    if ((size_t)(end - next) < bytes) {
        size_t pages = (bytes + PAGE - 1) / PAGE;
        size_t first = __builtin_wasm_memory_grow(0, pages);
        if (first == (size_t)-1) quit(70);
        next = (char *)(first * PAGE);
        end = next + pages * PAGE;
    }
    char *place = next;
    next += bytes;
    __atomic_store_n(&locked, 0, __ATOMIC_RELEASE);
    return place;
}

struct thread {
    void *stack; /* The assembly below knows that it is the first. */
    void (*function)(void *);
    void *argument;
    uint32_t is_done;
    int32_t number;
    struct thread *next;
};

/* Those that have been joined, to be used again. */
static thread *idle;
static uint32_t idle_locked;

static thread *thread_start(void (*function)(void *), void *argument) {
    while (__atomic_exchange_n(&idle_locked, 1, __ATOMIC_ACQUIRE)) {}
    thread *new = idle;
    if (new) idle = new->next;
    __atomic_store_n(&idle_locked, 0, __ATOMIC_RELEASE);
    if (!new) {
        new = allocate(sizeof *new);
        new->stack = (char *)allocate(STACK) + STACK;
    }
    new->function = function;
    new->argument = argument;
    new->is_done = 0;
    return wasi_thread_spawn(new) > 0 ? new : NULL;
}

static void thread_join(thread *joined) {
    while (!__atomic_load_n(&joined->is_done, __ATOMIC_ACQUIRE)) word_wait(&joined->is_done, 0);
    while (__atomic_exchange_n(&idle_locked, 1, __ATOMIC_ACQUIRE)) {}
    joined->next = idle;
    idle = joined;
    __atomic_store_n(&idle_locked, 0, __ATOMIC_RELEASE);
}

__attribute__((used)) void thread_main(int32_t number, thread *self) {
    self->number = number;
    self->function(self->argument);
    /* From here on who joins may give the stack to another thread; so nothing below uses it. */
    __asm__ volatile(
        "local.get %0\n i32.const 1\n i32.atomic.store 0\n"
        "local.get %0\n i32.const 1\n memory.atomic.notify 0\n drop\n"
        "return\n" ::"r"(&self->is_done));
    __builtin_unreachable();
}

/* Each thread is an instance of its own, whose stack pointer is that of the first one: it gets its own here. */
__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".functype thread_main (i32, i32) -> ()\n"
    ".globl wasi_thread_start\n"
    ".type wasi_thread_start,@function\n"
    "wasi_thread_start:\n"
    ".functype wasi_thread_start (i32, i32) -> ()\n"
    "local.get 1\n i32.load 0\n global.set __stack_pointer\n"
    "local.get 0\n local.get 1\n call thread_main\n"
    "end_function\n");

static void word_wait(uint32_t *word, uint32_t value) { __builtin_wasm_memory_atomic_wait32((int *)word, value, -1); }

static void word_wake(uint32_t *word, int count) { __builtin_wasm_memory_atomic_notify((int *)word, count); }

static void write_out(const char *text, size_t length) {
    struct { const char *text; size_t length; } vector = {text, length};
    size_t written;
    wasi_fd_write(1, &vector, 1, &written);
}

static int argument(int otherwise) {
    static char *arguments[16], bytes[1024];
    size_t count, size;
    if (wasi_args_sizes_get(&count, &size) || count < 2 || count > 16 || size > sizeof bytes) return otherwise;
    wasi_args_get(arguments, bytes);
    int value = 0;
    for (const char *at = arguments[1]; *at; at++) value = value * 10 + (*at - '0');
    return value;
}

static _Noreturn void quit(int status) { wasi_proc_exit(status); }

void _start(void) { program(); }

#else

#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct thread {
    pthread_t thread;
    void (*function)(void *);
    void *argument;
};

static void *run(void *self) {
    thread *this = self;
    this->function(this->argument);
    return NULL;
}

static thread *thread_start(void (*function)(void *), void *argument) {
    thread *new = malloc(sizeof *new);
    new->function = function;
    new->argument = argument;
    return pthread_create(&new->thread, NULL, run, new) == 0 ? new : NULL;
}

static void thread_join(thread *joined) {
    pthread_join(joined->thread, NULL);
    free(joined);
}

static void word_wait(uint32_t *word, uint32_t value) { syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL); }

static void word_wake(uint32_t *word, int count) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count); }

static void *allocate(size_t bytes) { return calloc(1, bytes); }

static void write_out(const char *text, size_t length) {
    if (write(1, text, length) < 0) quit(70);
}

static int argument_value;

static int argument(int otherwise) { return argument_value ? argument_value : otherwise; }

static _Noreturn void quit(int status) { _exit(status); }

int main(int count, char **arguments) {
    argument_value = count > 1 ? atoi(arguments[1]) : 0;
    program();
}

#endif

/* --- The same for both -------------------------------------------------------------------------------- */

static void print(const char *name, uint64_t value) {
    char text[100];
    size_t end = sizeof text, begin = end;
    text[--begin] = '\n';
    do text[--begin] = (char)('0' + value % 10);
    while (value /= 10);
    text[--begin] = ' ';
    size_t length = 0;
    while (name[length]) length++;
    while (length && begin) text[--begin] = name[--length];
    write_out(text + begin, end - begin);
}

/* Drepper's third mutex. */
typedef uint32_t mutex;

static void mutex_lock(mutex *mutex) {
    uint32_t free = 0;
    if (__atomic_compare_exchange_n(mutex, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
    while (__atomic_exchange_n(mutex, 2, __ATOMIC_ACQUIRE)) word_wait(mutex, 2);
}

static void mutex_unlock(mutex *mutex) {
    if (__atomic_exchange_n(mutex, 0, __ATOMIC_RELEASE) == 2) word_wake(mutex, 1);
}
