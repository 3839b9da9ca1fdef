/* Asks everything that can be asked of the directory that is descriptor 4, and writes the answers. What may differ
 * between a read-only grant and an embedded tree with the same files (inodes, times, sizes of directories, the order of
 * a listing) is not written. Descriptor 3 is a directory that may be changed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#define OTHER 3
#define TREE 4
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ALL_RIGHTS ((__wasi_rights_t)0x3fffffff)
#define ALL_TO_READ (ALL_RIGHTS & ~__WASI_RIGHTS_FD_WRITE)

static const char *const names[] = {
    "a.txt", "empty", "d", "e", "f.txt", "to-file", "to-dir", "up", "dangling", "loop", "chain", "slash", ".", "..", "",
};

static char long_name[400];

/* --- Paths ---------------------------------------------------------------------------------------- */

static void show_stat(int error, const __wasi_filestat_t *stat) {
    printf(" %d", error);
    if (error == 0) {
        printf(":%d", stat->filetype);
        if (stat->filetype != __WASI_FILETYPE_DIRECTORY) printf(",%llu", (unsigned long long)stat->size);
    }
}

static void show_open(int dirflags, const char *path, int oflags, __wasi_rights_t base, int fdflags) {
    __wasi_fd_t fd;
    int error = __wasi_path_open(TREE, dirflags, path, oflags, base, ALL_RIGHTS, fdflags, &fd);
    printf(" %d", error);
    if (error != 0) return;
    __wasi_fdstat_t stat;
    error = __wasi_fd_fdstat_get(fd, &stat);
    printf(":%d,%d,%d,%llx,%llx", error, stat.fs_filetype, stat.fs_flags, (unsigned long long)stat.fs_rights_base,
           (unsigned long long)stat.fs_rights_inheriting);
    (void)__wasi_fd_close(fd);
}

/* What leads somewhere, and where. */
static void look_up(const char *path) {
    printf("'%.60s':", path);
    for (int follow = 0; follow < 2; follow++) {
        __wasi_filestat_t stat;
        show_stat(__wasi_path_filestat_get(TREE, follow, path, &stat), &stat);
        show_open(follow, path, 0, __WASI_RIGHTS_FD_READ, 0);
        show_open(follow, path, __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_FD_READDIR, 0);
    }
    char target[64];
    __wasi_size_t used = 0;
    int error = __wasi_path_readlink(TREE, path, (uint8_t *)target, sizeof target, &used);
    printf(" readlink %d '%.*s'\n", error, error ? 0 : (int)used, target);
}

/* All combinations of up to three names, with and without a slash behind them. */
static void look_up_all(void) {
    char path[64];
    for (size_t slash = 0; slash < 2; slash++) {
        for (size_t i = 0; i < COUNT(names); i++) {
            sprintf(path, "%s%s", names[i], slash ? "/" : "");
            look_up(path);
            for (size_t j = 0; j < COUNT(names); j++) {
                sprintf(path, "%s/%s%s", names[i], names[j], slash ? "/" : "");
                look_up(path);
                for (size_t k = 0; k < COUNT(names); k++) {
                    sprintf(path, "%s/%s/%s%s", names[i], names[j], names[k], slash ? "/" : "");
                    look_up(path);
                }
            }
        }
    }
    look_up("/a.txt");
    look_up("d/./../d//e/f.txt");
    look_up(long_name);
    look_up("A.TXT");
    look_up("a.tx");
    look_up("a.txt2");
    char target[3];
    __wasi_size_t used = 0;
    int error = __wasi_path_readlink(TREE, "to-file", (uint8_t *)target, sizeof target, &used);
    printf("readlink, little room: %d %d %.*s\n", error, (int)used, (int)used, target);
    __wasi_filestat_t stat;
    printf("unknown lookupflags: %d\n", __wasi_path_filestat_get(TREE, 2, "a.txt", &stat));
}

static void open_in_all_ways(const char *path) {
    static const __wasi_rights_t rights[] = {
        0, __WASI_RIGHTS_FD_READ, __WASI_RIGHTS_FD_WRITE, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE,
        __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_PATH_OPEN, ALL_TO_READ,
    };
    for (int dirflags = 0; dirflags < 2; dirflags++) {
        for (int oflags = 0; oflags <= 16; oflags++) {
            printf("open '%s' %d %d:", path, dirflags, oflags);
            for (size_t i = 0; i < COUNT(rights); i++) show_open(dirflags, path, oflags, rights[i], 0);
            for (int fdflags = 1; fdflags <= 32; fdflags++) show_open(dirflags, path, oflags, rights[1], fdflags);
            printf("\n");
        }
    }
}

static void change(const char *path) {
    printf("change '%s':", path);
    printf(" %d", __wasi_path_create_directory(TREE, path));
    printf(" %d", __wasi_path_remove_directory(TREE, path));
    printf(" %d", __wasi_path_unlink_file(TREE, path));
    printf(" %d", __wasi_path_symlink("a.txt", TREE, path));
    printf(" %d", __wasi_path_symlink("/a.txt", TREE, path));
    for (int follow = 0; follow < 3; follow++) {
        printf(" %d", __wasi_path_filestat_set_times(TREE, follow, path, 1, 2, __WASI_FSTFLAGS_ATIM));
        printf(" %d", __wasi_path_link(TREE, follow, path, TREE, "new"));
        printf(" %d", __wasi_path_link(TREE, follow, path, OTHER, "new"));
        printf(" %d", __wasi_path_link(OTHER, follow, "mine", TREE, path));
    }
    printf(" %d", __wasi_path_rename(TREE, path, TREE, "new"));
    printf(" %d", __wasi_path_rename(TREE, path, OTHER, "new"));
    printf(" %d\n", __wasi_path_rename(OTHER, "mine", TREE, path));
}

/* --- Descriptors ---------------------------------------------------------------------------------- */

static unsigned sum(const uint8_t *bytes, size_t count) {
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) sum = sum * 31 + bytes[i];
    return sum;
}

static void show_offset(const char *what, int error, __wasi_filesize_t offset) {
    printf(" %s %d", what, error);
    if (error == 0) printf(":%llu", (unsigned long long)offset);
}

static void read_file(__wasi_fd_t fd) {
    static uint8_t buffer[5000];
    __wasi_iovec_t few[] = {{buffer, 0}, {buffer, 7}, {buffer + 7, 100}, {buffer + 4000, 1}};
    __wasi_iovec_t whole = {buffer, sizeof buffer}, bad = {(uint8_t *)0xfffffff0u, 32};
    __wasi_size_t done = 0;
    __wasi_filesize_t offset = 0;
    static const struct { int64_t delta; int whence; } seeks[] = {
        {0, 0}, {5, 0}, {-1, 0}, {0, 1}, {-5, 1}, {-6, 1}, {100000, 1}, {0, 2}, {-3, 2}, {10, 2}, {-100000, 2}, {0, 3},
        {INT64_MIN, 0}, {INT64_MIN, 1}, {INT64_MIN, 2}, {3, 0},
    };
    for (size_t i = 0; i < COUNT(seeks); i++) {
        int error = __wasi_fd_seek(fd, seeks[i].delta, seeks[i].whence, &offset);
        show_offset("seek", error, offset);
        error = __wasi_fd_tell(fd, &offset);
        show_offset("tell", error, offset);
        memset(buffer, 0, sizeof buffer);
        error = __wasi_fd_read(fd, few, COUNT(few), &done);
        printf(" read %d %d %u\n", error, error ? 0 : (int)done, sum(buffer, sizeof buffer));
    }
    static const __wasi_filesize_t places[] = {0, 1, 2998, 2999, 3000, 3001, (uint64_t)INT64_MAX + 1};
    for (size_t i = 0; i < COUNT(places); i++) {
        memset(buffer, 0, sizeof buffer);
        int error = __wasi_fd_pread(fd, &whole, 1, places[i], &done);
        printf(" pread %d %d %u\n", error, error ? 0 : (int)done, sum(buffer, sizeof buffer));
    }
    printf(" bad %d", __wasi_fd_read(fd, &bad, 1, &done));
    printf(" none %d\n", __wasi_fd_read(fd, &whole, 0, &done));
}

static void poll(__wasi_fd_t fd) {
    __wasi_subscription_t in[3];
    __wasi_event_t out[3];
    __wasi_size_t count = 0;
    memset(in, 0, sizeof in);
    in[0].userdata = 10;
    in[0].u.tag = __WASI_EVENTTYPE_FD_READ;
    in[0].u.u.fd_read.file_descriptor = fd;
    in[1].userdata = 11;
    in[1].u.tag = __WASI_EVENTTYPE_FD_WRITE;
    in[1].u.u.fd_write.file_descriptor = fd;
    in[2].userdata = 12;
    in[2].u.tag = __WASI_EVENTTYPE_CLOCK;
    in[2].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    in[2].u.u.clock.timeout = 30000000000;
    printf(" poll %d", __wasi_poll_oneoff(in, out, 3, &count));
    for (size_t i = 0; i < count; i++) {
        printf(" %d:%d:%d:%llu:%d", (int)out[i].userdata, out[i].error, out[i].type,
               (unsigned long long)out[i].fd_readwrite.nbytes, out[i].fd_readwrite.flags);
    }
    printf("\n");
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The whole listing, through a buffer for few entries. */
static void list(__wasi_fd_t fd, size_t room) {
    static uint8_t buffer[4096];
    char *lines[64];
    size_t count = 0;
    __wasi_dircookie_t cookie = 0;
    int error = 0;
    for (;;) {
        __wasi_size_t used = 0;
        error = __wasi_fd_readdir(fd, buffer, room, cookie, &used);
        size_t at = 0;
        while (error == 0 && at + sizeof(__wasi_dirent_t) <= used && count < COUNT(lines)) {
            __wasi_dirent_t entry;
            memcpy(&entry, buffer + at, sizeof entry);
            if (at + sizeof entry + entry.d_namlen > used) break;
            lines[count] = malloc(entry.d_namlen + 16);
            sprintf(lines[count++], "%.*s:%d", (int)entry.d_namlen, buffer + at + sizeof entry, entry.d_type);
            at += sizeof entry + entry.d_namlen;
            cookie = entry.d_next;
        }
        if (error != 0 || used < room || at == 0) break;
    }
    qsort(lines, count, sizeof *lines, by_text);
    printf(" list %d:", error);
    for (size_t i = 0; i < count; i++) printf(" %s", lines[i]);
    printf("\n");
}

static void describe(__wasi_fd_t fd) {
    __wasi_fdstat_t stat;
    __wasi_filestat_t file;
    __wasi_prestat_t preopen;
    uint8_t name[8];
    int error = __wasi_fd_fdstat_get(fd, &stat);
    printf(" fdstat %d %d %d %llx %llx", error, stat.fs_filetype, stat.fs_flags,
           (unsigned long long)stat.fs_rights_base, (unsigned long long)stat.fs_rights_inheriting);
    show_stat(__wasi_fd_filestat_get(fd, &file), &file);
    printf(" prestat %d %d", __wasi_fd_prestat_get(fd, &preopen), __wasi_fd_prestat_dir_name(fd, name, sizeof name));
    printf("\n");
}

static void use(const char *path) {
    static uint8_t byte;
    __wasi_fd_t fd = TREE, socket;
    __wasi_size_t done;
    __wasi_roflags_t roflags;
    __wasi_iovec_t in = {&byte, 1};
    __wasi_ciovec_t out = {&byte, 1};
    printf("use '%s'\n", path);
    if (*path) printf(" open %d\n", __wasi_path_open(TREE, 0, path, 0, ALL_TO_READ, ALL_RIGHTS, 0, &fd));
    describe(fd);
    read_file(fd);
    __wasi_filesize_t offset;
    (void)__wasi_fd_seek(fd, 10, __WASI_WHENCE_SET, &offset);
    poll(fd);
    list(fd, 4096);
    list(fd, 40);
    list(fd, 0);
    printf(" readdir, bad cookie %d\n", __wasi_fd_readdir(fd, &byte, 1, (uint64_t)1 << 63, &done));
    printf(" write %d pwrite %d", __wasi_fd_write(fd, &out, 1, &done), __wasi_fd_pwrite(fd, &out, 1, 0, &done));
    printf(" allocate %d size %d times %d", __wasi_fd_allocate(fd, 0, 1), __wasi_fd_filestat_set_size(fd, 0),
           __wasi_fd_filestat_set_times(fd, 1, 2, __WASI_FSTFLAGS_MTIM));
    printf(" sync %d datasync %d", __wasi_fd_sync(fd), __wasi_fd_datasync(fd));
    for (int advice = 0; advice < 7; advice++) printf(" advise %d", __wasi_fd_advise(fd, 0, 10, advice));
    const uint64_t too_large = (uint64_t)1 << 63;
    printf(" advise %d %d\n", __wasi_fd_advise(fd, too_large, 10, 0), __wasi_fd_advise(fd, 0, too_large, 0));
    printf(" accept %d recv %d", __wasi_sock_accept(fd, 0, &socket), __wasi_sock_recv(fd, &in, 1, 0, &done, &roflags));
    printf(" send %d", __wasi_sock_send(fd, &out, 1, 0, &done));
    printf(" shutdown %d\n", __wasi_sock_shutdown(fd, __WASI_SDFLAGS_RD));
    for (int flags = 0; flags <= 32; flags++) {
        printf(" flags %d", __wasi_fd_fdstat_set_flags(fd, flags));
        describe(fd);
    }
    printf(" rights %d", __wasi_fd_fdstat_set_rights(fd, ALL_RIGHTS, 0));
    printf(" rights %d", __wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_FILESTAT_GET, 0));
    printf(" rights %d\n", __wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_SYNC, 0));
    describe(fd);
    read_file(fd);
    poll(fd);
}

/* What a descriptor of a subdirectory can reach. */
static void look_from_below(void) {
    __wasi_fd_t fd = 0, file = 0;
    printf("below %d", __wasi_path_open(TREE, 0, "d", __WASI_OFLAGS_DIRECTORY, ALL_TO_READ, ALL_RIGHTS, 0, &fd));
    static const char *const paths[] = {
        "..", "../a.txt", "e/..", "e/../..", "up", "e/up", "e/f.txt", "e/../e/f.txt", "e/top",
    };
    for (size_t i = 0; i < COUNT(paths); i++) {
        __wasi_filestat_t stat;
        show_stat(__wasi_path_filestat_get(fd, 1, paths[i], &stat), &stat);
    }
    printf("\n open %d", __wasi_path_open(fd, 0, "e/f.txt", 0, __WASI_RIGHTS_FD_READ, 0, 0, &file));
    /* A descriptor that is moved onto another takes its position along. */
    uint8_t bytes[3] = {0};
    __wasi_iovec_t in = {bytes, 2};
    __wasi_size_t done = 0;
    printf(" read %d", __wasi_fd_read(file, &in, 1, &done));
    printf(" renumber %d", __wasi_fd_renumber(file, fd));
    printf(" read %d '%s'", __wasi_fd_read(fd, &in, 1, &done), bytes);
    printf(" close %d %d %d\n", __wasi_fd_close(file), __wasi_fd_close(fd), __wasi_fd_close(fd));
}

int main(void) {
    memset(long_name, 'x', sizeof long_name - 1);
    look_up_all();
    for (size_t i = 0; i < COUNT(names); i++) {
        open_in_all_ways(names[i]);
        change(names[i]);
    }
    open_in_all_ways("d/");
    open_in_all_ways("new");
    change("new");
    change("d/e/f.txt");
    use("a.txt");
    use("empty");
    use("d");
    look_from_below();
    list(OTHER, 4096);
    use("");
    printf("close %d %d\n", __wasi_fd_close(TREE), __wasi_fd_close(TREE));
    return 0;
}
