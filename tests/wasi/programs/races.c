/* Threads and descriptors. `race` looks whether a number that a thread has looked up can ever lead to another file:
 * number KEPT always stands for a file full of 'x', but what is behind it is replaced all the time, while others open and
 * close files full of 'y' and directories, which get the host's numbers that become free. Whoever reads at KEPT must
 * find nothing but 'x'. `listing` has several threads list one directory through one descriptor; `embedded` has them read
 * one file through one descriptor, each byte of which somebody must get. */
#include "../../threads/src/layer.h"

WASI("path_open") int path_open(int, int, const char *, size_t, int, uint64_t, uint64_t, int, int *);
WASI("fd_close") int fd_close(int);
WASI("fd_renumber") int fd_renumber(int, int);
WASI("fd_pread") int fd_pread(int, const void *, int, uint64_t, size_t *);
WASI("fd_read") int fd_read(int, const void *, int, size_t *);
WASI("fd_readdir") int fd_readdir(int, char *, size_t, uint64_t, size_t *);

#define FD_READ 2
#define FD_SEEK 4
#define FD_READDIR 0x4000
#define DIRECTORY 2
#define THREADS 6

static int rounds, kept;
static uint32_t wrong, reads, stop;

static int open_file(const char *name, int flags) {
    int fd;
    size_t length = 0;
    while (name[length]) length++;
    uint64_t rights = flags == DIRECTORY ? FD_READDIR : FD_READ | FD_SEEK;
    if (path_open(3, 0, name, length, flags, rights, 0, 0, &fd)) quit(10);
    return fd;
}

static void replace(void *unused) {
    (void)unused;
    while (!__atomic_load_n(&reads, __ATOMIC_ACQUIRE)) {}
    for (int round = 0; round < rounds; round++) {
        if (fd_renumber(open_file("x", 0), kept)) quit(11);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
}

static void churn(void *directory) {
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        int fd = directory ? open_file(".", DIRECTORY) : open_file("y", 0);
        if (fd_close(fd)) quit(12);
    }
}

static void look(void *unused) {
    (void)unused;
    char bytes[64];
    struct { char *at; size_t length; } vector = {bytes, sizeof bytes};
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        size_t count = 0;
        int error = fd_pread(kept, &vector, 1, 0, &count);
        if (error || count != sizeof bytes) __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
        for (size_t at = 0; at < count; at++) {
            if (bytes[at] != 'x') __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
        }
        __atomic_fetch_add(&reads, 1, __ATOMIC_RELAXED);
    }
}

static void list(void *expected) {
    static const int header = 24;
    for (int round = 0; round < rounds; round++) {
        char buffer[512];
        uint64_t cookie = 0;
        int entries = 0;
        for (;;) {
            size_t used, at = 0;
            if (fd_readdir(kept, buffer, sizeof buffer, cookie, &used)) quit(13);
            while (at + header <= used) {
                uint32_t length;
                __builtin_memcpy(&length, buffer + at + 16, 4);
                if (at + header + length > used) break;
                __builtin_memcpy(&cookie, buffer + at, 8);
                at += header + length;
                entries++;
            }
            if (used < sizeof buffer) break;
        }
        if (entries != (int)(intptr_t)expected) __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    }
}

static void read_bytes(void *unused) {
    (void)unused;
    unsigned char bytes[7];
    struct { unsigned char *at; size_t length; } vector = {bytes, sizeof bytes};
    for (;;) {
        size_t count = 0;
        if (fd_read(kept, &vector, 1, &count)) quit(14);
        if (count == 0) return;
        for (size_t at = 0; at < count; at++) __atomic_fetch_add(&reads, bytes[at], __ATOMIC_RELAXED);
    }
}

static void all(int threads, void (*const *functions)(void *), void *const *arguments) {
    thread *started[THREADS];
    for (int index = 0; index < threads; index++) {
        if (!(started[index] = thread_start(functions[index], arguments[index]))) quit(1);
    }
    for (int index = 0; index < threads; index++) thread_join(started[index]);
}

void program(void) {
    rounds = argument(2000);
    kept = open_file("x", 0);
    all(6, (void (*const[])(void *)){look, churn, churn, churn, look, replace}, (void *const[]){0, 0, (void *)1, 0, 0, 0});
    print("wrong:", wrong);

    rounds = rounds / 20 + 1;
    kept = open_file("many", DIRECTORY);
    void *count = (void *)(intptr_t)202;
    all(3, (void (*const[])(void *)){list, list, list}, (void *const[]){count, count, count});
    print("wrong listings:", wrong);

    reads = 0;
    kept = open_file("y", 0);
    all(3, (void (*const[])(void *)){read_bytes, read_bytes, read_bytes}, (void *const[]){0, 0, 0});
    print("sum of what was read:", reads);
}
