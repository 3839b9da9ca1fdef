/* Copies a tree: directories, files with their times, and links; says how much there was. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned directories, files, links;
static unsigned long long bytes;

static void fail(const char *what, const char *path) {
    fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static void copy_file(const char *from, const char *to, const struct stat *stat) {
    static char buffer[16384];
    int input = open(from, O_RDONLY);
    int output = open(to, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (input < 0) fail("open", from);
    if (output < 0) fail("create", to);
    ssize_t length;
    while ((length = read(input, buffer, sizeof buffer)) > 0) {
        if (write(output, buffer, length) != length) fail("write", to);
        bytes += length;
    }
    if (length < 0) fail("read", from);
    struct timespec times[2] = {stat->st_atim, stat->st_mtim};
    if (futimens(output, times)) fail("futimens", to);
    if (close(input) || close(output)) fail("close", to);
    files++;
}

static void copy(const char *from, const char *to) {
    struct stat stat;
    if (lstat(from, &stat)) fail("lstat", from);
    if (S_ISLNK(stat.st_mode)) {
        char target[4096];
        ssize_t length = readlink(from, target, sizeof target - 1);
        if (length < 0) fail("readlink", from);
        target[length] = 0;
        if (symlink(target, to)) fail("symlink", to);
        links++;
    } else if (S_ISDIR(stat.st_mode)) {
        if (mkdir(to, 0777)) fail("mkdir", to);
        directories++;
        DIR *directory = opendir(from);
        if (!directory) fail("opendir", from);
        struct dirent *entry;
        while (errno = 0, (entry = readdir(directory))) {
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
            char inner_from[4096], inner_to[4096];
            snprintf(inner_from, sizeof inner_from, "%s/%s", from, entry->d_name);
            snprintf(inner_to, sizeof inner_to, "%s/%s", to, entry->d_name);
            copy(inner_from, inner_to);
        }
        if (errno) fail("readdir", from);
        closedir(directory);
    } else {
        copy_file(from, to, &stat);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    copy(argv[1], argv[2]);
    printf("%u directories, %u files, %u links, %llu bytes\n", directories, files, links, bytes);
}
