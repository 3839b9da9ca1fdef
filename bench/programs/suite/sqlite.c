/* SQLite on a database in memory: the kinds of statements that its own speedtest1 has. The amalgamation comes from the
 * crate `libsqlite3-sys` (`bench/sources`). There is no file system below it, so that every engine does the same. */
#define SQLITE_API static
#define SQLITE_DQS 0
#define SQLITE_OMIT_DEPRECATED
#define SQLITE_OMIT_LOAD_EXTENSION
#define SQLITE_OMIT_SHARED_CACHE
#define SQLITE_OS_OTHER 1
#define SQLITE_TEMP_STORE 3
#define SQLITE_THREADSAFE 0
#include "sqlite3.c"

#include "bench.h"

static int no_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out) {
    (void)vfs, (void)name, (void)file, (void)flags, (void)out;
    return SQLITE_CANTOPEN;
}
static int no_delete(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs, (void)name, (void)sync;
    return SQLITE_IOERR_DELETE;
}
static int no_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    (void)vfs, (void)name, (void)flags;
    *result = 0;
    return SQLITE_OK;
}
static int same_name(sqlite3_vfs *vfs, const char *name, int size, char *result) {
    (void)vfs;
    sqlite3_snprintf(size, result, "%s", name);
    return SQLITE_OK;
}
static int same_numbers(sqlite3_vfs *vfs, int size, char *result) {
    (void)vfs;
    memset(result, 42, (size_t)size);
    return size;
}
static int no_time(sqlite3_vfs *vfs, double *result) {
    (void)vfs;
    *result = 2461000.5;
    return SQLITE_OK;
}

static sqlite3_vfs nothing = {
    .iVersion = 1, .szOsFile = sizeof(sqlite3_file), .mxPathname = 64, .zName = "nothing",
    .xOpen = no_file, .xDelete = no_delete, .xAccess = no_access, .xFullPathname = same_name,
    .xRandomness = same_numbers, .xCurrentTime = no_time,
};

int sqlite3_os_init(void) { return sqlite3_vfs_register(&nothing, 1); }
int sqlite3_os_end(void) { return SQLITE_OK; }

static sqlite3 *db;
static uint64_t sum;

static void check(int result, int expected) {
    if (result == expected) return;
    printf("error %d: %s\n", result, sqlite3_errmsg(db));
    exit(1);
}

/* Performs a statement, and adds all that it gives to the checksum. */
static void step_all(sqlite3_stmt *statement) {
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        for (int column = 0; column < sqlite3_column_count(statement); column++) {
            const unsigned char *text = sqlite3_column_text(statement, column);
            for (; text && *text; text++) sum = (sum ^ *text) * 0x100000001b3ull;
        }
    check(result, SQLITE_DONE);
}

/* Numbers take the place of ?1 and ?2. */
static void repeat(const char *sql, int times, uint32_t *seed, uint32_t below) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v2(db, sql, -1, &statement, 0), SQLITE_OK);
    for (int i = 0; i < times; i++) {
        uint32_t number = rng_next(seed) % below;
        if (sqlite3_bind_parameter_count(statement) > 0) check(sqlite3_bind_int(statement, 1, (int)number), SQLITE_OK);
        if (sqlite3_bind_parameter_count(statement) > 1)
            check(sqlite3_bind_int(statement, 2, (int)(number + below / 100)), SQLITE_OK);
        if (sqlite3_bind_parameter_count(statement) > 2) {
            char name[40];
            sqlite3_snprintf(sizeof name, name, "name %u of %u", number * 2654435761u, (unsigned)i);
            check(sqlite3_bind_text(statement, 3, name, -1, SQLITE_TRANSIENT), SQLITE_OK);
        }
        step_all(statement);
        check(sqlite3_reset(statement), SQLITE_OK);
    }
    sqlite3_finalize(statement);
}

static void once(const char *sql) {
    uint32_t seed = 1;
    repeat(sql, 1, &seed, 1);
}

int main(int argc, char **argv) {
    int reps = scale_arg(argc, argv, 6);
    enum { ROWS = 15000 };
    uint32_t seed = 815;
    for (int r = 0; r < reps; r++) {
        check(sqlite3_open(":memory:", &db), SQLITE_OK);
        once("begin");
        once("create table t1(a integer, b integer, c text)");
        repeat("insert into t1 values(?1, ?2, ?3)", ROWS, &seed, ROWS);
        once("create table t2(a integer primary key, b integer, c text unique)");
        repeat("insert or ignore into t2 values(?1, ?2 % 101, ?3)", ROWS, &seed, 1u << 30);
        once("commit");
        repeat("select count(*), avg(b), max(length(c)) from t1 where b between ?1 and ?2", 10, &seed, ROWS);
        repeat("select count(*), sum(a) from t1 where c like '%' || ?1 || '%'", 10, &seed, 1000);
        once("create index i1 on t1(b)");
        once("create index i2 on t1(c, a)");
        repeat("select count(*), avg(b), max(c) from t1 where b between ?1 and ?2", 400, &seed, ROWS);
        repeat("select c from t1 where b = ?1 order by c", 4000, &seed, ROWS);
        repeat("select a, c from t1 order by c desc, a limit 10 offset ?1", 10, &seed, 1000);
        once("select b, count(*), min(c), group_concat(substr(c, -2)) from t2 group by b having count(*) > 3 order by 2, 1");
        repeat("select count(*) from t1 join t2 on t2.b = t1.b % 101 where t1.b between ?1 and ?2 and t2.a < 10000000", 4,
               &seed, ROWS);
        once("begin");
        repeat("update t1 set b = b + 1, c = c || 'x' where b between ?1 and ?2", 10, &seed, ROWS);
        repeat("update t2 set b = ?1 where a in (select a from t2 where a >= ?1 limit 3)", 2000, &seed, 1u << 30);
        repeat("delete from t1 where b = ?1", 2000, &seed, ROWS);
        repeat("delete from t2 where a between ?1 and ?2", 20, &seed, 1u << 30);
        once("commit");
        once("with recursive n(x, y) as (select 1, 7 union all select x + 1, y * 16807 % 2147483647 from n where x < 20000)"
             " select sum(x * (y % 10)), max(y) from n");
        once("select sum(json_extract(j, '$.b[1]')), max(json_extract(j, '$.c')) from"
             " (select json_object('a', a, 'b', json_array(b, a, 1.5), 'c', c) as j from t2 limit 3000)");
        once("select name, rank, s from (select c as name, row_number() over (partition by b order by a) as rank,"
             " sum(a) over (partition by b order by a rows 3 preceding) as s, b from t2) where rank = 5 order by name");
        once("pragma integrity_check");
        check(sqlite3_close(db), SQLITE_OK);
    }
    report("sqlite", sum);
    return 0;
}
