// A list, and something that goes wrong: what a debugger shall show of a program in C.
// Without a library, so that all debug information is that of this file.
#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))

IMPORT("proc_exit") _Noreturn void proc_exit(int status);

struct node {
    int value;
    struct node *next;
    const char *name;
};

struct pair {
    long long sum;
    double mean;
};

enum colour { RED, GREEN = 5 };

int total = 0;
int table[3] = {10, 20, 30};

static inline __attribute__((always_inline)) int checked_div(int a, int b) {
    if (b == 0)
        __builtin_trap();
    return a / b;
}

__attribute__((noinline)) int length(const char *text) {
    int count = 0;
    while (text[count])
        count++;
    return count;
}

__attribute__((noinline)) void append(struct node *list, struct node *last) {
    struct node *at = list;
    while (at->next)
        at = at->next;
    at->next = last;
    total += last->value;
}

__attribute__((noinline)) struct pair measure(const struct node *list) {
    struct pair result = {0, 0.5};
    int count = 0;
    for (const struct node *at = list; at; at = at->next) {
        result.sum += at->value;
        count++;
    }
    result.mean += checked_div((int)result.sum, count);
    return result;
}

static int run(void) {
    struct node second = {41, 0, "second"};
    struct node first = {1, 0, "first"};
    enum colour colour = GREEN;
    unsigned char small = 200;
    append(&first, &second);
    struct pair pair = measure(&first);
    total += length(first.name) + table[1] + small + colour;
    if (pair.mean > 21.0 && total == 271)
        measure(0);
    return 3;
}

void _start(void) {
    proc_exit(run());
}
