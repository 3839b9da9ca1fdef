/* Arguments, environment and the exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void goodbye(void) { puts("goodbye"); }

int main(int argc, char **argv) {
    atexit(goodbye);
    size_t total = 0;
    for (int index = 1; index < argc; index++) {
        printf("%d: '%s'\n", index, argv[index]);
        total += strlen(argv[index]);
    }
    printf("HOME is %s\n", getenv("HOME") ? "set" : "not set");
    exit((int)total);
}
