#include "spin/backend/sqlite_guard.h"

#include "base/limits.h"
#include "wasm/runtime.h"

enum { PROGRESS_STEPS = 4000 }; /* of SQLite's machine, between two looks at the clock */

enum pragma_effect {
    PRAGMA_ASKS,    /* nothing, or a change of the database itself */
    PRAGMA_RESET,   /* a setting that sqlite_guard_reset sets back */
    PRAGMA_IGNORED, /* does nothing here */
    PRAGMA_REFUSED,
    PRAGMA_SPENDS, /* a setting of the connection */
};

/* Pragmas with a value; others, and those that are not listed without one, only ask. */
static const struct {
    const char *name;
    enum pragma_effect effect, without_value;
} pragmas[] = {
    {"application_id", PRAGMA_ASKS, PRAGMA_ASKS},
    {"busy_timeout", PRAGMA_IGNORED, PRAGMA_IGNORED}, /* would replace our way of waiting */
    {"data_store_directory", PRAGMA_REFUSED, PRAGMA_REFUSED},
    {"database_list", PRAGMA_REFUSED, PRAGMA_REFUSED}, /* tells paths of the host */
    {"foreign_key_check", PRAGMA_ASKS, PRAGMA_ASKS},
    {"foreign_key_list", PRAGMA_ASKS, PRAGMA_ASKS},
    {"foreign_keys", PRAGMA_RESET, PRAGMA_ASKS},
    {"hard_heap_limit", PRAGMA_REFUSED, PRAGMA_ASKS}, /* of the process */
    {"index_info", PRAGMA_ASKS, PRAGMA_ASKS},
    {"index_list", PRAGMA_ASKS, PRAGMA_ASKS},
    {"index_xinfo", PRAGMA_ASKS, PRAGMA_ASKS},
    {"integrity_check", PRAGMA_ASKS, PRAGMA_ASKS},
    {"locking_mode", PRAGMA_REFUSED, PRAGMA_ASKS}, /* locks that nobody takes away */
    {"mmap_size", PRAGMA_IGNORED, PRAGMA_ASKS},
    {"optimize", PRAGMA_ASKS, PRAGMA_ASKS},
    {"quick_check", PRAGMA_ASKS, PRAGMA_ASKS},
    {"soft_heap_limit", PRAGMA_REFUSED, PRAGMA_ASKS},
    {"table_info", PRAGMA_ASKS, PRAGMA_ASKS},
    {"table_list", PRAGMA_ASKS, PRAGMA_ASKS},
    {"table_xinfo", PRAGMA_ASKS, PRAGMA_ASKS},
    {"temp_store", PRAGMA_REFUSED, PRAGMA_ASKS}, /* temporary tables stay in memory */
    {"temp_store_directory", PRAGMA_REFUSED, PRAGMA_REFUSED},
    {"threads", PRAGMA_IGNORED, PRAGMA_ASKS},
    {"user_version", PRAGMA_ASKS, PRAGMA_ASKS},
    {"wal_checkpoint", PRAGMA_ASKS, PRAGMA_ASKS},
};

static int authorize_pragma(struct sqlite_connection *c, const char *name, const char *value)
{
    enum pragma_effect effect = value ? PRAGMA_SPENDS : PRAGMA_ASKS;
    for (size_t i = 0; i < countof(pragmas); i++)
        if (str_equal_ignore_case(str_of(name), str_of(pragmas[i].name)))
            effect = value ? pragmas[i].effect : pragmas[i].without_value;
    c->spent = c->spent || effect == PRAGMA_SPENDS;
    return effect == PRAGMA_REFUSED   ? SQLITE_DENY
           : effect == PRAGMA_IGNORED ? SQLITE_IGNORE
                                      : SQLITE_OK;
}

/* `file` is NULL when it is not written as a literal. An empty one is a temporary database. */
static int authorize_attach(struct sqlite_connection *c, const char *file)
{
    bool in_memory = file && (!*file || !strcmp(file, ":memory:"));
    c->spent = true;
    return in_memory || c->pool->options.allow_attach ? SQLITE_OK : SQLITE_DENY;
}

static int authorize(void *data, int action, const char *first, const char *second,
    const char *database, const char *trigger)
{
    struct sqlite_connection *c = data;
    (void)trigger;
    switch (action) {
    case SQLITE_READ:
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return second && str_equal_ignore_case(str_of(second), STR("load_extension")) ? SQLITE_DENY
                                                                                      : SQLITE_OK;
    case SQLITE_PRAGMA:
        return authorize_pragma(c, first, second);
    case SQLITE_ATTACH:
        return authorize_attach(c, first);
    default:
        if (database && !strcmp(database, "temp"))
            c->spent = true;
        return SQLITE_OK;
    }
}

/* Stops a statement whose request will be stopped anyway, or one that waits past its deadline. */
static int on_progress(void *data)
{
    (void)data;
    return wasm_budget_is_over();
}

/* SQLite's changes(), total_changes() and last_insert_rowid() count from the connection's start,
 * which may have been in another request. last_insert_rowid can be set; these two are ours. */
static void sql_changes(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    (void)values;
    sqlite3_result_int64(context, sqlite_guard_changes(sqlite3_user_data(context)));
}

static void sql_total_changes(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct sqlite_connection *c = sqlite3_user_data(context);
    (void)count;
    (void)values;
    sqlite3_result_int64(context, sqlite3_total_changes64(c->db) - c->changes_before);
}

int64_t sqlite_guard_changes(const struct sqlite_connection *c)
{
    return sqlite3_total_changes64(c->db) == c->changes_before ? 0 : sqlite3_changes64(c->db);
}

static void set_limits(sqlite3 *db)
{
    static const struct {
        int limit, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, (int)LIMIT_SQLITE_VALUE_BYTES},
        {SQLITE_LIMIT_SQL_LENGTH, (int)LIMIT_SQLITE_STATEMENT},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LIMIT_SQLITE_PATTERN},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < countof(limits); i++)
        sqlite3_limit(db, limits[i].limit, limits[i].value);
}

/* As Spin's SQLite is compiled: foreign keys are enforced. The rest keeps guests to SQL. */
static int set_switches(sqlite3 *db)
{
    static const struct {
        int what, on;
    } switches[] = {
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    };
    for (size_t i = 0; i < countof(switches); i++)
        if (sqlite3_db_config(db, switches[i].what, switches[i].on, NULL) != SQLITE_OK)
            return -1;
    return 0;
}

int sqlite_guard(struct sqlite_connection *c)
{
    const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
    set_limits(c->db);
    if (set_switches(c->db) < 0 ||
        sqlite3_exec(c->db, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_create_function(c->db, "changes", 0, flags, c, sql_changes, NULL, NULL) !=
            SQLITE_OK ||
        sqlite3_create_function(
            c->db, "total_changes", 0, flags, c, sql_total_changes, NULL, NULL) != SQLITE_OK ||
        sqlite3_set_authorizer(c->db, authorize, c) != SQLITE_OK)
        return -1;
    sqlite3_progress_handler(c->db, PROGRESS_STEPS, on_progress, c);
    return 0;
}

void sqlite_guard_reset(struct sqlite_connection *c)
{
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    sqlite3_set_last_insert_rowid(c->db, 0);
    c->changes_before = sqlite3_total_changes64(c->db);
    c->was_ended = false;
}
