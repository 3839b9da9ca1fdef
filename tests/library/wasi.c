/* A module that uses WASI: what it may use is its instance's. */
#include "wasi.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(int condition, const char *what) {
    if (!condition) {
        printf("not %s\n", what);
        exit(1);
    }
}

/* What a host closes is closed for the guest, whatever is opened then: no directory becomes a stream. */
static void closed_streams(const char *directory) {
    char grant[4096];
    snprintf(grant, sizeof grant, "%s::/data:ro", directory);
    const char *directories[] = {grant, NULL};
    wasi_options options;
    memset(&options, 0, sizeof options);
    options.dirs = directories;
    wasi_error error;
    fflush(stdout);
    int kept = dup(1), before = open("/dev/null", O_RDONLY);
    close(before);
    close(0);
    close(1);
    wasi_instance *first = wasi_instantiate(NULL, &options, &error);
    wasi_instance *second = wasi_instantiate(NULL, &options, &error);
    int touched = wasi_touch(first, 1, &error), opened = wasi_opened(first, &error);
    int in = open("/dev/null", O_RDONLY), out = open("/dev/null", O_RDONLY);
    int of_second = wasi_touch(second, 1, &error);
    wasi_destroy(first);
    wasi_destroy(second);
    int after = open("/dev/null", O_RDONLY);
    close(after);
    dup2(kept, 1);
    close(kept);
    check(first != NULL && second != NULL && opened == 0, "a file");
    check(touched == 8 && of_second == 8, "a stream that is closed");
    check(in == 0 && out == 1, "numbers that stay the host's");
    check(after == before, "descriptors that are given back");
}

int main(int argc, char **argv) {
    check(argc == 2, "a directory");
    char grant[4096];
    snprintf(grant, sizeof grant, "%s::/data:ro", argv[1]);
    const char *arguments[] = {"program", "first", NULL};
    const char *variables[] = {"A=B", NULL};
    const char *directories[] = {grant, NULL};
    wasi_options options = {arguments, variables, directories, 0, 0, 0};
    wasi_error error;
    wasi_instance *all = wasi_instantiate(NULL, &options, &error);
    check(all != NULL, error.message);
    /* They are copied. */
    memset(grant, 0, sizeof grant);
    arguments[1] = variables[0] = NULL;
    wasi_instance *nothing = wasi_instantiate(NULL, NULL, &error);
    check(nothing != NULL, error.message);
    check(wasi_opened(all, &error) == 0 && wasi_opened(nothing, &error) == 8, "a file for one of them");

    wasi_show(all, &error);
    check(error.kind == WASI_EXIT && error.code == 2, "an exit status");
    check(strcmp(error.message, "wasmc: exit with status 2") == 0, error.message);
    check(wasi_raise_2(all, &error) == 52, "no signal for the process");
    /* Descriptors of one are not those of another, nor those of the host. */
    check(wasi_close(all, 1, &error) == 0 && wasi_close(all, 1, &error) == 8, "a descriptor that is closed once");
    check(wasi_close(nothing, 1, &error) == 0, "another's");
    int before = open("/dev/null", O_RDONLY);
    wasi_destroy(all);
    wasi_destroy(nothing);
    int after = open("/dev/null", O_RDONLY);
    check(after < before, "descriptors that are given back");

    options.flags = WASI_NO_STREAMS;
    options.dirs = NULL;
    wasi_instance *closed = wasi_instantiate(NULL, &options, &error);
    check(closed != NULL && wasi_close(closed, 1, &error) == 8, "no streams");
    wasi_destroy(closed);
    const char *bad[] = {"A=B", "=x", NULL};
    options.env = bad;
    check(wasi_instantiate(NULL, &options, &error) == NULL && error.kind == WASI_REFUSED, "a variable with a name");
    puts(error.message);
    options.env = NULL;
    closed_streams(argv[1]);
    const char *missing[] = {"/does/not/exist", NULL};
    options.dirs = missing;
    check(wasi_instantiate(NULL, &options, &error) == NULL && error.kind == WASI_REFUSED, "a directory that exists");
    puts(error.message);
    return 0;
}
