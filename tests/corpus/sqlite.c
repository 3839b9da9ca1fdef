// What a program does with a database in a file: link it with SQLite's amalgamation, compile it to Wasm, and run it in a
// granted directory (tests/corpus/sqlite.sh does, and says what it must print).
//
//   create FILE ROWS   a new table with an index, all rows in one transaction
//   verify FILE        how many rows, their sum, and whether the file is sound
//   update FILE        changes all rows in one transaction again and again, until it is killed; says when it has begun
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *db;

static void check(int result, int expected) {
    if (result != expected) {
        printf("error %d: %s\n", result, sqlite3_errmsg(db));
        exit(1);
    }
}

static void execute(const char *sql) {
    check(sqlite3_exec(db, sql, 0, 0, 0), SQLITE_OK);
}

static const char *ask(const char *sql) {
    static char answer[64];
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v2(db, sql, -1, &statement, 0), SQLITE_OK);
    check(sqlite3_step(statement), SQLITE_ROW);
    snprintf(answer, sizeof answer, "%s", sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return answer;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    // WASI has no locks, so SQLite would make a directory instead, which outlives a process that is killed.
    check(sqlite3_open_v2(argv[2], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix-none"), SQLITE_OK);
    if (strcmp(argv[1], "create") == 0) {
        int rows = atoi(argv[3]);
        execute("create table t(id integer primary key, value integer, name text)");
        execute("create index by_name on t(name)");
        sqlite3_stmt *insert;
        check(sqlite3_prepare_v2(db, "insert into t values(?, ?, ?)", -1, &insert, 0), SQLITE_OK);
        execute("begin");
        for (int row = 0; row < rows; row++) {
            char name[32];
            snprintf(name, sizeof name, "row %08x", row * 2654435761u);
            sqlite3_bind_int(insert, 1, row);
            sqlite3_bind_int(insert, 2, row % 1000);
            sqlite3_bind_text(insert, 3, name, -1, SQLITE_STATIC);
            check(sqlite3_step(insert), SQLITE_DONE);
            sqlite3_reset(insert);
        }
        sqlite3_finalize(insert);
        execute("commit");
    } else if (strcmp(argv[1], "verify") == 0) {
        printf("rows %s\n", ask("select count(*) from t"));
        // The same before and after any whole number of updates.
        printf("sum %s\n", ask("select sum(value % 1000) from t"));
        printf("distinct states %s\n", ask("select count(distinct value / 1000) from t"));
        printf("names %s\n", ask("select count(distinct name) from t"));
        printf("integrity %s\n", ask("pragma integrity_check"));
    } else {
        // A small cache, so that pages reach the file in the middle of a transaction.
        execute("pragma cache_size = 10");
        for (;;) {
            execute("begin");
            execute("update t set value = value + 1000 where id % 2 = 0");
            puts("updating");
            fflush(stdout);
            execute("update t set value = value + 1000 where id % 2 = 1");
            execute("commit");
        }
    }
    check(sqlite3_close(db), SQLITE_OK);
    return 0;
}
