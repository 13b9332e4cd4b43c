/* fermyon:spin/sqlite and spin:sqlite through their wrappers. */
#include "granted.h"

#include "host/fermyon_spin_v2_sqlite.h"
#include "host/spin_sqlite_v3_sqlite.h"
#include "spin/backend/sqlite_pool.h"

#define SQLITE fermyon_spin_v2_sqlite_interface
#define V3     spin_sqlite_v3_sqlite_interface

static struct spin_sqlite_database databases[2];
static const struct spin_sqlite granted = {2, databases};

static void open_database(size_t i, const char *label, struct sqlite_pool_options options)
{
    struct error err = ERROR_INIT;
    options.max_connections = 16;
    options.max_idle = options.path ? 4 : 0;
    options.guarded = true;
    databases[i].label = str_of(label);
    assert_int_equal(sqlite_pool_new(&options, &databases[i].pool, &err), 0);
}

static int setup(void **state)
{
    (void)state;
    static const struct spin_config config = {.sqlite = &granted};
    make_folder();
    open_database(0, "default",
        (struct sqlite_pool_options){.path = in_folder("a.db"),
            .wait_ns = 20 * NS_PER_MS,
            .line_ns = 20 * NS_PER_MS,
            .left_ns = 1});
    open_database(1, "memory", (struct sqlite_pool_options){0});
    start_guest(&config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop_guest();
    sqlite_pool_free(databases[0].pool);
    sqlite_pool_free(databases[1].pool);
    remove_folder();
    return 0;
}

static uint32_t open_label(const char *label)
{
    fake_call(SQLITE, "[static]connection.open", fake_put(str_of(label)), strlen(label), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    return fake_u32(AREA + 4);
}

/* Executes with `count` parameters at `parameters`. 0, or 1 with an error at AREA + 4. */
static uint8_t execute_with(uint32_t c, struct str statement, uint32_t parameters, uint32_t count)
{
    fake.heap = fake.heap < FAKE_MEMORY / 2 ? fake.heap : FAKE_HEAP;
    fake_call(SQLITE, "[method]connection.execute", c, fake_put(statement), statement.len,
        parameters, count, AREA);
    return fake.memory[AREA];
}

static uint32_t row_count(void)
{
    return fake_u32(AREA + 16);
}

/* Where a value of the answer lies. */
static const uint8_t *value(uint32_t row, uint32_t column)
{
    uint32_t rows = fake_u32(AREA + 12), values = fake_u32(rows + 8 * row);
    assert_true(row < row_count() && column < fake_u32(rows + 8 * row + 4));
    return fake.memory + values + 16 * column;
}

static void run(uint32_t c, const char *statement)
{
    if (execute_with(c, str_of(statement), 0, 0) != 0)
        fail_msg("%s: %.*s", statement, STR_ARG(fake_text(AREA + 8)));
}

static int64_t number(uint32_t c, const char *statement)
{
    run(c, statement);
    assert_int_equal(value(0, 0)[0], FERMYON_SPIN_V2_SQLITE_VALUE_INTEGER);
    return (int64_t)host_load_u64(value(0, 0) + 8);
}

static void fails(uint32_t c, const char *statement, const char *text)
{
    assert_int_equal(execute_with(c, str_of(statement), 0, 0), 1);
    assert_int_equal(fake.memory[AREA + 4], FERMYON_SPIN_V2_SQLITE_ERROR_IO);
    if (!str_is(fake_text(AREA + 8), text))
        fail_msg("%.60s: '%.*s'", statement, STR_ARG(fake_text(AREA + 8)));
}

/* Puts a value of WIT at index i of a list in guest memory. */
static void put_value(uint32_t list, uint32_t i, uint8_t tag, uint64_t bits, uint32_t len)
{
    uint8_t *at = fake.memory + list + 16 * i;
    at[0] = tag;
    host_store_u64(at + 8, len ? (bits | (uint64_t)len << 32) : bits);
}

static void every_type_both_ways(void **state)
{
    (void)state;
    uint32_t c = open_label("default");
    run(c, "CREATE TABLE t (i, r, x, b, n)");
    uint32_t list = fake_put(str_make((char[80]){0}, 80));
    double real = -0.5;
    put_value(list, 0, 0, (uint64_t)INT64_MIN, 0);
    put_value(list, 1, 1, host_f64_bits(real), 0);
    put_value(list, 2, 2, fake_put(STR("tür\0")), 5);
    put_value(list, 3, 3, fake_put(STR("\0\xff")), 2);
    put_value(list, 4, 4, 0, 0);
    assert_int_equal(execute_with(c, STR("INSERT INTO t VALUES (?, ?, ?, ?4, ?)"), list, 5), 0);
    assert_true(fake_u32(AREA + 8) == 0 && row_count() == 0);
    run(c, "SELECT i, r, x AS text, b, n FROM t");
    assert_int_equal(fake_u32(AREA + 8), 5);
    assert_true(str_is(fake_text(fake_u32(AREA + 4) + 16), "text"));
    assert_int_equal(value(0, 0)[0], 0);
    assert_int_equal((int64_t)host_load_u64(value(0, 0) + 8), INT64_MIN);
    assert_int_equal(value(0, 1)[0], 1);
    assert_true(host_load_f64(value(0, 1) + 8) == real);
    assert_int_equal(value(0, 2)[0], 2);
    assert_true(str_equal(fake_text((uint32_t)(value(0, 2) + 8 - fake.memory)), STR("tür\0")));
    assert_int_equal(value(0, 3)[0], 3);
    assert_true(str_equal(fake_text((uint32_t)(value(0, 3) + 8 - fake.memory)), STR("\0\xff")));
    assert_int_equal(value(0, 4)[0], 4);
}

static void empty_text_and_blobs_are_not_null(void **state)
{
    (void)state;
    uint32_t c = open_label("memory");
    uint32_t list = fake_put(str_make((char[32]){0}, 32));
    put_value(list, 0, 2, 0, 0);
    put_value(list, 1, 3, 0, 0);
    assert_int_equal(execute_with(c, STR("SELECT ?, ?"), list, 2), 0);
    assert_int_equal(value(0, 0)[0], FERMYON_SPIN_V2_SQLITE_VALUE_TEXT);
    assert_int_equal(value(0, 1)[0], FERMYON_SPIN_V2_SQLITE_VALUE_BLOB);
}

static void errors_are_sqlites_text(void **state)
{
    (void)state;
    uint32_t c = open_label("default");
    fails(c, "SELECT * FROM absent", "no such table: absent");
    fails(c, "SELEC", "near \"SELEC\": syntax error");
    fails(c, "SELECT ?", "Wrong number of parameters passed to query. Got 0, needed 1");
    run(c, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    run(c, "INSERT INTO t VALUES (1)");
    fails(c, "INSERT INTO t VALUES (1)", "UNIQUE constraint failed: t.id");
    fails(c, "SELECT CAST(x'ff' AS TEXT) AS x",
        "the text in column 'x' is not UTF-8: select it as a blob, CAST(... AS BLOB)");
    run(c, " -- nothing");
    run(c, "INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)"); /* only the first */
    assert_int_equal(number(c, "SELECT count(*) FROM t"), 2);
}

static void other_labels_are_denied(void **state)
{
    (void)state;
    fake_call(SQLITE, "[static]connection.open", fake_put(STR("secret")), 6, AREA);
    assert_int_equal(fake.memory[AREA], 1);
    assert_int_equal(fake.memory[AREA + 4], FERMYON_SPIN_V2_SQLITE_ERROR_ACCESS_DENIED);
}

static void in_memory_each_connection_is_alone(void **state)
{
    (void)state;
    uint32_t first = open_label("memory"), second = open_label("memory");
    run(first, "CREATE TABLE t (x)");
    fails(second, "SELECT * FROM t", "no such table: t");
    next_request();
    fails(open_label("memory"), "SELECT * FROM t", "no such table: t");
}

static void version_3_counts(void **state)
{
    (void)state;
    fake_call(V3, "[static]connection.open", fake_put(STR("default")), 7, AREA);
    uint32_t c = fake_u32(AREA + 4);
    assert_int_equal(fake_get(&V3, "[method]connection.last-insert-rowid", c), 0);
    assert_int_equal(fake_get(&V3, "[method]connection.changes", c), 0);
    struct str create = STR("CREATE TABLE t (x)"), insert = STR("INSERT INTO t VALUES (1), (2)");
    fake_call(V3, "[method]connection.execute", c, fake_put(create), create.len, 0, 0, AREA);
    fake_call(V3, "[method]connection.execute", c, fake_put(insert), insert.len, 0, 0, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    assert_int_equal(fake_get(&V3, "[method]connection.last-insert-rowid", c), 2);
    assert_int_equal(fake_get(&V3, "[method]connection.changes", c), 2);
    next_request();
    fake_call(V3, "[static]connection.open", fake_put(STR("default")), 7, AREA);
    c = fake_u32(AREA + 4);
    struct str question = STR("SELECT last_insert_rowid() + changes() + total_changes()");
    fake_call(V3, "[method]connection.execute", c, fake_put(question), question.len, 0, 0, AREA);
    assert_int_equal(host_load_u64(value(0, 0) + 8), 0);
    assert_int_equal(fake_get(&V3, "[method]connection.last-insert-rowid", c), 0);
    assert_int_equal(fake_get(&V3, "[method]connection.changes", c), 0);
}

static void nothing_of_a_request_reaches_the_next(void **state)
{
    (void)state;
    uint32_t c = open_label("default");
    run(c, "CREATE TABLE t (x)");
    run(c, "BEGIN");
    run(c, "INSERT INTO t VALUES (1)");
    next_request();
    c = open_label("default");
    assert_int_equal(number(c, "SELECT count(*) FROM t"), 0);
    run(c, "CREATE TEMP TABLE mine (x)");
    run(c, "ATTACH ':memory:' AS beside");
    next_request();
    c = open_label("default");
    fails(c, "SELECT * FROM mine", "no such table: mine");
    fails(c, "DETACH beside", "no such database: beside");
    run(c, "PRAGMA foreign_keys = OFF");
    assert_int_equal(number(c, "PRAGMA foreign_keys"), 0);
    run(c, "PRAGMA synchronous = OFF");
    run(c, "PRAGMA cache_size = 77");
    next_request();
    c = open_label("default");
    assert_int_equal(number(c, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(c, "PRAGMA synchronous"), 2);
    assert_int_not_equal(number(c, "PRAGMA cache_size"), 77);
}

static void hostile_statements_are_refused(void **state)
{
    (void)state;
    uint32_t c = open_label("default");
    char statement[256];
    static const char *const refused[] = {
        "ATTACH '%s' AS x",
        "ATTACH 'file:%s' AS x",
        "ATTACH '%s' || '' AS x",
        "ATTACH (SELECT '%s') AS x",
        "VACUUM INTO '%s'",
        "PRAGMA temp_store_directory = '%s'",
        "PRAGMA data_store_directory = '%s'",
        "PRAGMA soft_heap_limit = 1 -- %s",
        "PRAGMA hard_heap_limit = 1 -- %s",
        "PRAGMA locking_mode = EXCLUSIVE -- %s",
        "PRAGMA temp_store = FILE -- %s",
        "PRAGMA database_list -- %s",
        "SELECT file FROM pragma_database_list -- %s",
    };
    run(c, "CREATE TABLE t (x)");
    for (size_t i = 0; i < countof(refused); i++) {
        char path[96];
        snprintf(path, sizeof(path), "%s/other.db", folder);
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
        snprintf(statement, sizeof(statement), refused[i], path);
#pragma clang diagnostic pop
        if (execute_with(c, str_of(statement), 0, 0) != 1)
            fail_msg("'%s' was not refused", statement);
        assert_int_not_equal(access(path, F_OK), 0);
    }
    assert_int_equal(execute_with(c, STR("SELECT load_extension('x')"), 0, 0), 1);
    assert_int_equal(execute_with(c, STR("SELECT fts3_tokenizer('simple', x'00')"), 0, 0), 1);
    run(c, "PRAGMA writable_schema = ON");
    fails(c, "DELETE FROM sqlite_schema", "table sqlite_master may not be modified");
    run(c, "PRAGMA journal_mode = OFF");
    run(c, "PRAGMA mmap_size = 100000000");
    assert_int_equal(number(c, "PRAGMA mmap_size"), 0);
    run(c, "VACUUM");
}

static void answers_and_memory_are_bounded(void **state)
{
    (void)state;
    uint32_t c = open_label("default");
    fails(c, "SELECT randomblob(1000000000)", "string or blob too big");
    fails(c,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT zeroblob(10000000) FROM n",
        "query result exceeds limit of 134217728 bytes");
    fails(c,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) "
        "SELECT count(*) FROM (SELECT randomblob(1000000) AS b FROM n ORDER BY b)",
        "out of memory");
    assert_int_equal(number(c, "SELECT 1"), 1);
    struct str like = STR("SELECT replace(hex(zeroblob(10000)), '0', '%a') LIKE "
                          "replace(hex(zeroblob(10000)), '0', '%a')");
    assert_int_equal(execute_with(c, like, 0, 0), 1);
}

/* A chain of views is resolved by recursion. Threads that serve have 8 MiB of stack, and here no
 * guest limits it: so this one is as long as its memory allows. */
static void a_long_chain_of_views(void **state)
{
    (void)state;
    uint32_t c = open_label("memory");
    char statement[100];
    run(c, "CREATE TABLE v0 (x)");
    for (int i = 1; i <= 2000; i++) {
        snprintf(statement, sizeof(statement), "CREATE VIEW v%d AS SELECT * FROM v%d", i, i - 1);
        run(c, statement);
    }
    run(c, "SELECT * FROM v2000");
}

static void a_wait_for_a_lock_is_bounded(void **state)
{
    (void)state;
    uint32_t first = open_label("default"), second = open_label("default");
    sqlite3 *stranger;
    run(first, "CREATE TABLE t (x)");
    assert_int_equal(sqlite3_open(in_folder("a.db"), &stranger), SQLITE_OK);
    assert_int_equal(sqlite3_exec(stranger, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    fails(second, "SELECT * FROM t", "database is locked");
    fails(second, "INSERT INTO t VALUES (1)", "database is locked");
    assert_int_equal(sqlite3_exec(stranger, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(stranger);
    run(second, "INSERT INTO t VALUES (1)");
}

static void a_transaction_left_alone_is_ended_when_another_waits(void **state)
{
    (void)state;
    uint32_t first = open_label("default"), second = open_label("default");
    run(first, "CREATE TABLE t (x)");
    run(first, "BEGIN IMMEDIATE");
    run(first, "INSERT INTO t VALUES (1)");
    run(second, "INSERT INTO t VALUES (2)"); /* left_ns is 1 here */
    fails(first, "COMMIT",
        "the transaction was rolled back: it did nothing for 30 s while others waited");
    assert_int_equal(number(first, "SELECT sum(x) FROM t"), 2);
}

static void connections_are_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++)
        run(open_label("default"), "SELECT 1");
    uint32_t c = open_label("default");
    fails(c, "SELECT 1", "too many connections opened");
    next_request();
    run(open_label("default"), "SELECT 1");
    assert_true(databases[0].pool->count <= 4);
}

static void a_deleted_database_is_not_written_to(void **state)
{
    (void)state;
    run(open_label("default"), "CREATE TABLE t (x)");
    next_request();
    assert_int_equal(unlink(in_folder("a.db")), 0);
    uint32_t c = open_label("default");
    fails(c, "INSERT INTO t VALUES (1)", "no such table: t");
    run(c, "CREATE TABLE t (x)");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_both_ways),
        TEST(empty_text_and_blobs_are_not_null),
        TEST(errors_are_sqlites_text),
        TEST(other_labels_are_denied),
        TEST(in_memory_each_connection_is_alone),
        TEST(version_3_counts),
        TEST(nothing_of_a_request_reaches_the_next),
        TEST(hostile_statements_are_refused),
        TEST(answers_and_memory_are_bounded),
        TEST(a_long_chain_of_views),
        TEST(a_wait_for_a_lock_is_bounded),
        TEST(a_transaction_left_alone_is_ended_when_another_waits),
        TEST(connections_are_bounded),
        TEST(a_deleted_database_is_not_written_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
