/*
 * Key-value stores in a SQLite database, in the table that Spin makes.
 */
#include <inttypes.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "spin/backend/key_value.h"
#include "spin/backend/sqlite_pool.h"
#include "wasm/runtime.h"

struct sqlite_store {
    struct key_value_store base;
    struct sqlite_pool *pool;
    struct str label; /* follows in memory */
};

enum { GET, EXISTS, SET, DELETE, KEYS, BEGIN, COMMIT, ROLLBACK };

#define SET_SQL                                                           \
    "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3) " \
    "ON CONFLICT (store, key) DO UPDATE SET value = excluded.value"

static const char *const statements[SQLITE_STATEMENTS] = {
    [GET] = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2",
    [EXISTS] = "SELECT 1 FROM spin_key_value WHERE store = ?1 AND key = ?2",
    [SET] = SET_SQL,
    [DELETE] = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2",
    [KEYS] = "SELECT key FROM spin_key_value WHERE store = ?1",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

static int prepare(struct sqlite_connection *c, struct error *err)
{
    const char *schema = "CREATE TABLE IF NOT EXISTS spin_key_value ("
                         "store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, "
                         "PRIMARY KEY (store, key))";
    return sqlite3_exec(c->db, schema, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_fail(c, err);
}

int key_value_sqlite_pool_new(const char *path, struct sqlite_pool **ret_pool, struct error *err)
{
    /* What is in memory is in one connection, which is never closed. */
    const struct sqlite_pool_options options = {
        .path = path,
        .max_connections = path ? LIMIT_SQLITE_CONNECTIONS : 1,
        .max_idle = path ? LIMIT_SQLITE_IDLE : 1,
        .prepare = prepare,
    };
    return sqlite_pool_new(&options, ret_pool, err);
}

static struct sqlite_store *store_of(struct key_value_store *store)
{
    return (struct sqlite_store *)store;
}

static int begin_use(struct key_value_store *store, const struct key_value_use *use,
    struct sqlite_connection **ret_connection, struct error *err)
{
    if (sqlite_pool_take(store_of(store)->pool, use->wasi, ret_connection, err) < 0)
        return -1;
    sqlite_use(*ret_connection);
    return 0;
}

static int end_use(struct sqlite_connection *c, int result)
{
    sqlite_rest(c);
    sqlite_pool_give(c);
    return result;
}

static int fail_memory(struct error *err)
{
    return error_set(
        err, ERROR_LIMIT, "query result exceeds limit of %zu bytes", LIMIT_RESULT_BYTES);
}

/* An empty view may have no address, and SQLite takes that for NULL. */
static const char *address(struct str s)
{
    return s.ptr ? s.ptr : "";
}

/* Text and blobs are not copied: they are valid until the statement is reset. */
static bool bind(sqlite3_stmt *s, struct str label, struct str key)
{
    return sqlite3_bind_text64(s, 1, label.ptr, label.len, SQLITE_STATIC, SQLITE_UTF8) ==
               SQLITE_OK &&
           sqlite3_bind_text64(s, 2, address(key), key.len, SQLITE_STATIC, SQLITE_UTF8) ==
               SQLITE_OK;
}

static sqlite3_stmt *statement(struct sqlite_connection *c, unsigned which)
{
    return sqlite_statement(c, which, statements[which]);
}

/* Runs a statement that answers nothing. The bindings may be of memory that goes. */
static int finish(struct sqlite_connection *c, sqlite3_stmt *s, struct error *err)
{
    int result = sqlite3_step(s) == SQLITE_DONE ? 0 : sqlite_fail(c, err);
    sqlite3_reset(s);
    return result;
}

static int run(struct sqlite_connection *c, unsigned which, struct error *err)
{
    sqlite3_stmt *s = statement(c, which);
    return s ? finish(c, s, err) : sqlite_fail(c, err);
}

/* The first column of the row, copied. */
static int copy_column(sqlite3_stmt *s, struct arena *a, struct str *ret_value, struct error *err)
{
    const void *bytes = sqlite3_column_blob(s, 0);
    size_t len = (size_t)sqlite3_column_bytes(s, 0);
    char *copy = arena_try_alloc_raw(a, len);
    if (!copy)
        return fail_memory(err);
    if (len)
        memcpy(copy, bytes, len);
    *ret_value = str_make(copy, len);
    return 0;
}

static int find(struct sqlite_connection *c, struct str label, struct str key, struct arena *a,
    struct key_value_found *ret_found, struct error *err)
{
    sqlite3_stmt *s = statement(c, GET);
    if (!s || !bind(s, label, key))
        return sqlite_fail(c, err);
    int step = sqlite3_step(s), result = 0;
    ret_found->is_there = step == SQLITE_ROW;
    if (step == SQLITE_ROW)
        result = copy_column(s, a, &ret_found->value, err);
    else if (step != SQLITE_DONE)
        result = sqlite_fail(c, err);
    sqlite3_reset(s);
    return result;
}

static int put(struct sqlite_connection *c, struct str label, struct str key, struct str value,
    struct error *err)
{
    sqlite3_stmt *s = statement(c, SET);
    if (!s || !bind(s, label, key) ||
        sqlite3_bind_blob64(s, 3, address(value), value.len, SQLITE_STATIC) != SQLITE_OK)
        return sqlite_fail(c, err);
    return finish(c, s, err);
}

static int drop(struct sqlite_connection *c, struct str label, struct str key, struct error *err)
{
    sqlite3_stmt *s = statement(c, DELETE);
    if (!s || !bind(s, label, key))
        return sqlite_fail(c, err);
    return finish(c, s, err);
}

/* Of many that are asked for at once, before each. */
static int check_time(struct error *err)
{
    return wasm_budget_is_over() ? error_set(err, ERROR_TIMEOUT, "the request's time is over") : 0;
}

/* Writes: in a line with other writers; `several` statements as a transaction. */
static int begin_write(struct key_value_store *store, const struct key_value_use *use, bool several,
    struct sqlite_connection **ret_connection, struct error *err)
{
    if (begin_use(store, use, ret_connection, err) < 0)
        return -1;
    int result = sqlite_begin_write(*ret_connection, err);
    if (result == 0 && several)
        result = run(*ret_connection, BEGIN, err);
    return result < 0 ? end_use(*ret_connection, -1) : 0;
}

static int end_write(struct sqlite_connection *c, bool several, int result, struct error *err)
{
    if (several && result == 0)
        result = run(c, COMMIT, err);
    if (several && !sqlite3_get_autocommit(c->db)) {
        struct error ignored = ERROR_INIT;
        if (run(c, ROLLBACK, &ignored) < 0)
            c->spent = true;
        error_release(&ignored);
    }
    return end_use(c, result);
}

static int get(struct key_value_store *store, const struct key_value_use *use, struct str key,
    struct key_value_found *ret_found, struct error *err)
{
    struct sqlite_connection *c;
    if (begin_use(store, use, &c, err) < 0)
        return -1;
    return end_use(c, find(c, store_of(store)->label, key, use->results, ret_found, err));
}

static int exists(struct key_value_store *store, const struct key_value_use *use, struct str key,
    bool *ret_exists, struct error *err)
{
    struct sqlite_connection *c;
    if (begin_use(store, use, &c, err) < 0)
        return -1;
    sqlite3_stmt *s = statement(c, EXISTS);
    if (!s || !bind(s, store_of(store)->label, key))
        return end_use(c, sqlite_fail(c, err));
    int step = sqlite3_step(s), result = 0;
    *ret_exists = step == SQLITE_ROW;
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        result = sqlite_fail(c, err);
    sqlite3_reset(s);
    return end_use(c, result);
}

static int set(struct key_value_store *store, const struct key_value_use *use,
    const struct key_value_pair *pairs, size_t count, struct error *err)
{
    struct sqlite_connection *c;
    if (begin_write(store, use, count > 1, &c, err) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = check_time(err) < 0
                     ? -1
                     : put(c, store_of(store)->label, pairs[i].key, pairs[i].value, err);
    return end_write(c, count > 1, result, err);
}

static int delete(struct key_value_store *store, const struct key_value_use *use,
    const struct str *keys, size_t count, struct error *err)
{
    struct sqlite_connection *c;
    if (begin_write(store, use, count > 1, &c, err) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = check_time(err) < 0 ? -1 : drop(c, store_of(store)->label, keys[i], err);
    return end_write(c, count > 1, result, err);
}

static int collect_keys(struct sqlite_connection *c, sqlite3_stmt *s, struct arena *a,
    struct key_value_keys *ret_keys, struct error *err)
{
    VEC(struct str) found = {0};
    int step;
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        struct str *slot = VEC_PUSH(&found, a);
        if (!slot)
            return fail_memory(err);
        if (copy_column(s, a, slot, err) < 0)
            return -1;
        if (!utf8_valid(*slot)) /* a guest gets it as a string */
            return error_set(err, ERROR_INVALID, "a key of the store is not UTF-8");
    }
    *ret_keys = (struct key_value_keys){found.len, found.data};
    return step == SQLITE_DONE ? 0 : sqlite_fail(c, err);
}

static int keys(struct key_value_store *store, const struct key_value_use *use,
    struct key_value_keys *ret_keys, struct error *err)
{
    struct sqlite_connection *c;
    if (begin_use(store, use, &c, err) < 0)
        return -1;
    struct str label = store_of(store)->label;
    sqlite3_stmt *s = statement(c, KEYS);
    if (!s ||
        sqlite3_bind_text64(s, 1, label.ptr, label.len, SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
        return end_use(c, sqlite_fail(c, err));
    int result = collect_keys(c, s, use->results, ret_keys, err);
    sqlite3_reset(s);
    return end_use(c, result);
}

/* Numbers are 8 bytes, the lowest first. */
static int add(struct key_value_found found, int64_t delta, int64_t *ret_sum, struct error *err)
{
    int64_t number = 0;
    if (found.is_there && found.value.len != sizeof(number))
        return error_set(err, ERROR_INVALID,
            "the value is no number: it has %zu bytes, and a number has 8", found.value.len);
    if (found.is_there)
        memcpy(&number, found.value.ptr, sizeof(number));
    if (__builtin_add_overflow(number, delta, ret_sum))
        return error_set(err, ERROR_INVALID,
            "%" PRId64 " and %" PRId64 " are more than a number of 64 bits can hold", number,
            delta);
    return 0;
}

static int increment(struct key_value_store *store, const struct key_value_use *use, struct str key,
    int64_t delta, int64_t *ret_sum, struct error *err)
{
    struct sqlite_connection *c;
    struct key_value_found found;
    struct str label = store_of(store)->label;
    if (begin_write(store, use, true, &c, err) < 0)
        return -1;
    int result = find(c, label, key, use->results, &found, err);
    if (result == 0)
        result = add(found, delta, ret_sum, err);
    if (result == 0)
        result = put(c, label, key, str_make(ret_sum, sizeof(*ret_sum)), err);
    return end_write(c, true, result, err);
}

static int swap(struct key_value_store *store, const struct key_value_use *use, struct str key,
    struct key_value_found expected, struct str value, bool *ret_swapped, struct error *err)
{
    struct sqlite_connection *c;
    struct key_value_found found;
    struct str label = store_of(store)->label;
    if (begin_write(store, use, true, &c, err) < 0)
        return -1;
    int result = find(c, label, key, use->results, &found, err);
    if (result == 0) {
        *ret_swapped = found.is_there == expected.is_there &&
                       (!found.is_there || str_equal(found.value, expected.value));
        if (*ret_swapped)
            result = put(c, label, key, value, err);
    }
    return end_write(c, true, result, err);
}

static void free_store(struct key_value_store *store)
{
    free(store);
}

static const struct key_value_backend backend = {
    .get = get,
    .exists = exists,
    .set = set,
    .delete = delete,
    .keys = keys,
    .increment = increment,
    .swap = swap,
    .free = free_store,
};

int key_value_sqlite_new(struct sqlite_pool *pool, struct str label,
    struct key_value_store **ret_store, struct error *err)
{
    struct sqlite_store *store = malloc(sizeof(*store) + label.len + 1);
    if (!store)
        return error_set(err, ERROR_MEMORY, "no memory for a key-value store");
    char *copy = (char *)(store + 1);
    memcpy(copy, label.ptr, label.len);
    *store = (struct sqlite_store){
        .base.backend = &backend, .pool = pool, .label = str_make(copy, label.len)};
    *ret_store = &store->base;
    return 0;
}
