/*
 * What SQLite alone takes for a get or a set of a key-value store: the same prepared statements on
 * the same file, with the same settings (rollback journal, synchronous = FULL).
 *
 *     spindle-bench-key-value FILE get|set COUNT
 *
 * prints microseconds an operation.
 */
#include <sqlite3.h>

#include "base/clock.h"

enum { VALUE_BYTES = 100 };

static bool run(sqlite3_stmt *s, bool is_set)
{
    static char value[VALUE_BYTES], copy[VALUE_BYTES];
    sqlite3_bind_text(s, 1, "default", 7, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, "key", 3, SQLITE_STATIC);
    value[0]++; /* SQLite does not write what is there already */
    if (is_set)
        sqlite3_bind_blob(s, 3, value, VALUE_BYTES, SQLITE_STATIC);
    int step = sqlite3_step(s);
    bool good = step == (is_set ? SQLITE_DONE : SQLITE_ROW);
    if (good && !is_set)
        memcpy(copy, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
    return sqlite3_reset(s) == SQLITE_OK && good;
}

int main(int argc, char **argv)
{
    static const char *const get = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
    static const char *const set =
        "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3) ON CONFLICT (store, "
        "key) DO UPDATE SET value = excluded.value";
    unsigned long count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    bool is_set = argc == 4 && !strcmp(argv[2], "set");
    sqlite3 *db;
    sqlite3_stmt *s;
    if (!count || sqlite3_open(argv[1], &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db, is_set ? set : get, -1, &s, NULL) != SQLITE_OK)
        return 2;
    bool good = run(s, is_set); /* reads the schema */
    uint64_t begin = clock_monotonic_ns();
    for (unsigned long i = 0; i < count && good; i++)
        good = run(s, is_set);
    uint64_t took = clock_monotonic_ns() - begin;
    if (!good)
        fprintf(stderr, "%s: %s\n", argv[1], sqlite3_errmsg(db));
    sqlite3_finalize(s);
    sqlite3_close(db);
    if (!good)
        return 1;
    printf("%.2f\n", (double)took / (double)count / 1000);
    return 0;
}
