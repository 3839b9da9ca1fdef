// System calls and little else: `io KIND COUNT`. On a file of the working directory, which stays in the page cache.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[64 << 10];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const char *kind = argv[1];
    int count = atoi(argv[2]);
    if (strcmp(kind, "open") == 0) {
        for (int i = 0; i < count; i++) {
            int file = open("io.data", O_RDONLY);
            if (file < 0 || close(file) != 0) fail(kind);
        }
    } else {
        int reads = strncmp(kind, "read", 4) == 0;
        size_t size = strtoul(kind + (reads ? 4 : 5), 0, 10);
        int file = open("io.data", reads ? O_RDONLY : O_WRONLY);
        if (file < 0 || size > sizeof block) fail(kind);
        // The file is 1 MiB: again and again the same.
        size_t position = 0;
        for (int i = 0; i < count; i++) {
            ssize_t done = reads ? read(file, block, size) : write(file, block, size);
            if (done != (ssize_t)size) fail(kind);
            position += size;
            if (position == 1 << 20) {
                position = 0;
                if (lseek(file, 0, SEEK_SET) != 0) fail("lseek");
            }
        }
    }
    puts("done");
    return 0;
}
