/*
 * fermyon:spin/sqlite and spin:sqlite, which add two functions to the same types. witc writes
 * structs for each; they are laid out alike, so those of the first serve for both.
 */
#include "spin/sqlite.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "host/fermyon_spin_v2_sqlite.h"
#include "host/spin_sqlite_v3_sqlite.h"
#include "spin/backend/sqlite_guard.h"
#include "spin/context.h"
#include "wasm/runtime.h"

typedef struct fermyon_spin_v2_sqlite_error error_t;
typedef struct fermyon_spin_v2_sqlite_value value_t;
typedef struct fermyon_spin_v2_sqlite_query_result result_t;
typedef struct fermyon_spin_v2_sqlite_result_query_result_error execute_t;
typedef struct fermyon_spin_v2_sqlite_result_own_connection_error open_t;

_Static_assert(
    sizeof(execute_t) == sizeof(struct spin_sqlite_v3_sqlite_result_query_result_error) &&
        sizeof(open_t) == sizeof(struct spin_sqlite_v3_sqlite_result_own_connection_error) &&
        sizeof(value_t) == sizeof(struct spin_sqlite_v3_sqlite_value),
    "the two interfaces' types are laid out alike");

/* Behind a handle. The connection is taken by the first statement, and given back by the drop. */
struct fermyon_spin_v2_sqlite_connection {
    struct sqlite_pool *pool;
    struct sqlite_connection *taken; /* or NULL */
};

static struct sqlite_pool *find(const struct spin_sqlite *granted, struct str label)
{
    for (size_t i = 0; granted && i < granted->count; i++)
        if (str_equal(granted->databases[i].label, label))
            return granted->databases[i].pool;
    return NULL;
}

static enum wasm_trap_kind connection_open(
    struct component_call *call, struct str database, open_t *ret_result)
{
    struct spin_context *context = spin_context_of(call);
    struct sqlite_pool *pool = find(context->config->sqlite, database);
    ret_result->is_err = !pool;
    if (!pool) {
        ret_result->err = (error_t){.tag = FERMYON_SPIN_V2_SQLITE_ERROR_ACCESS_DENIED};
        return WASM_TRAP_NONE;
    }
    struct fermyon_spin_v2_sqlite_connection *object =
        wasi_new(context->wasi, struct fermyon_spin_v2_sqlite_connection);
    if (!object)
        return wasi_no_memory(call);
    object->pool = pool;
    ret_result->ok.object = object;
    return WASM_TRAP_NONE;
}

static void connection_drop(void *host, struct fermyon_spin_v2_sqlite_connection *object)
{
    struct spin_context *context = wasi_context_embedder(host);
    if (object->taken) {
        sqlite_pool_give(object->taken);
        context->database_count--;
    }
    wasi_object_free(host, object, sizeof(*object));
}

static int take(struct spin_context *context, struct fermyon_spin_v2_sqlite_connection *object,
    struct error *err)
{
    if (object->taken)
        return 0;
    if (context->database_count >= LIMIT_SQLITE_PER_REQUEST)
        return error_set(err, ERROR_LIMIT, "too many connections opened");
    if (sqlite_pool_take(object->pool, context->wasi, &object->taken, err) < 0)
        return -1;
    context->database_count++;
    return 0;
}

/* Parameters, from the guest's values. Text and blobs are valid until the statement is finalized:
 * nothing of the guest runs meanwhile. */

static int bind_value(sqlite3_stmt *s, int index, const value_t *value)
{
    switch (value->tag) {
    case FERMYON_SPIN_V2_SQLITE_VALUE_INTEGER:
        return sqlite3_bind_int64(s, index, value->integer);
    case FERMYON_SPIN_V2_SQLITE_VALUE_REAL:
        return sqlite3_bind_double(s, index, value->real);
    case FERMYON_SPIN_V2_SQLITE_VALUE_TEXT:
        return sqlite3_bind_text64(s, index, value->text.ptr ? value->text.ptr : "",
            value->text.len, SQLITE_STATIC, SQLITE_UTF8);
    case FERMYON_SPIN_V2_SQLITE_VALUE_BLOB:
        return sqlite3_bind_blob64(
            s, index, value->blob.ptr ? value->blob.ptr : "", value->blob.len, SQLITE_STATIC);
    case FERMYON_SPIN_V2_SQLITE_VALUE_NULL:
        break;
    }
    return sqlite3_bind_null(s, index);
}

static int bind(struct sqlite_connection *c, sqlite3_stmt *s,
    const struct fermyon_spin_v2_sqlite_list_value *parameters, struct error *err)
{
    size_t needed = (size_t)sqlite3_bind_parameter_count(s);
    if (parameters->len != needed)
        return error_set(err, ERROR_INVALID,
            "Wrong number of parameters passed to query. Got %zu, needed %zu", parameters->len,
            needed);
    for (size_t i = 0; i < needed; i++)
        if (bind_value(s, (int)i + 1, &parameters->data[i]) != SQLITE_OK)
            return sqlite_fail(c, err);
    return 0;
}

/* Answers, copied to the arena of results. */

struct answer {
    struct arena *arena;
    size_t bytes; /* of values, so far */
};

static int fail_limit(struct error *err)
{
    return error_set(
        err, ERROR_LIMIT, "query result exceeds limit of %zu bytes", LIMIT_RESULT_BYTES);
}

static int copy(
    struct answer *answer, const void *bytes, size_t len, struct str *ret_copy, struct error *err)
{
    answer->bytes += len;
    char *memory =
        answer->bytes <= LIMIT_RESULT_BYTES ? arena_try_alloc_raw(answer->arena, len) : NULL;
    if (!memory)
        return fail_limit(err);
    if (len)
        memcpy(memory, bytes, len);
    *ret_copy = str_make(memory, len);
    return 0;
}

/* SQLite does not check what is stored as text; what a guest gets as a string must be UTF-8. */
static int copy_text(
    struct answer *answer, sqlite3_stmt *s, int column, struct str *ret_text, struct error *err)
{
    const void *text = sqlite3_column_text(s, column);
    size_t len = (size_t)sqlite3_column_bytes(s, column);
    if (!text)
        return error_set(err, ERROR_MEMORY, "%s", sqlite3_errstr(SQLITE_NOMEM));
    if (!utf8_valid(str_make(text, len)))
        return error_set(err, ERROR_INVALID,
            "the text in column '%s' is not UTF-8: select it as a blob, CAST(... AS BLOB)",
            sqlite3_column_name(s, column));
    return copy(answer, text, len, ret_text, err);
}

static int copy_value(
    struct answer *answer, sqlite3_stmt *s, int column, value_t *ret_value, struct error *err)
{
    const void *bytes;
    switch (sqlite3_column_type(s, column)) {
    case SQLITE_INTEGER:
        ret_value->tag = FERMYON_SPIN_V2_SQLITE_VALUE_INTEGER;
        ret_value->integer = sqlite3_column_int64(s, column);
        return 0;
    case SQLITE_FLOAT:
        ret_value->tag = FERMYON_SPIN_V2_SQLITE_VALUE_REAL;
        ret_value->real = sqlite3_column_double(s, column);
        return 0;
    case SQLITE_TEXT:
        ret_value->tag = FERMYON_SPIN_V2_SQLITE_VALUE_TEXT;
        return copy_text(answer, s, column, &ret_value->text, err);
    case SQLITE_BLOB:
        ret_value->tag = FERMYON_SPIN_V2_SQLITE_VALUE_BLOB;
        bytes = sqlite3_column_blob(s, column);
        if (!bytes && sqlite3_column_bytes(s, column))
            return error_set(err, ERROR_MEMORY, "%s", sqlite3_errstr(SQLITE_NOMEM));
        return copy(answer, bytes, (size_t)sqlite3_column_bytes(s, column), &ret_value->blob, err);
    default:
        ret_value->tag = FERMYON_SPIN_V2_SQLITE_VALUE_NULL;
        return 0;
    }
}

static int copy_row(struct answer *answer, sqlite3_stmt *s, size_t columns,
    struct fermyon_spin_v2_sqlite_row_result *ret_row, struct error *err)
{
    value_t *values = arena_try_array(answer->arena, columns, value_t);
    if (!values)
        return fail_limit(err);
    for (size_t i = 0; i < columns; i++)
        if (copy_value(answer, s, (int)i, &values[i], err) < 0)
            return -1;
    ret_row->values = (struct fermyon_spin_v2_sqlite_list_value){values, columns};
    return 0;
}

static int copy_columns(struct answer *answer, sqlite3_stmt *s,
    struct fermyon_spin_v2_sqlite_list_string *ret_columns, struct error *err)
{
    size_t count = (size_t)sqlite3_column_count(s);
    struct str *names = arena_try_array(answer->arena, count, struct str);
    if (!names)
        return fail_limit(err);
    for (size_t i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(s, (int)i);
        if (!name)
            return error_set(err, ERROR_MEMORY, "%s", sqlite3_errstr(SQLITE_NOMEM));
        if (copy(answer, name, strlen(name), &names[i], err) < 0)
            return -1;
    }
    *ret_columns = (struct fermyon_spin_v2_sqlite_list_string){names, count};
    return 0;
}

static int collect(struct sqlite_connection *c, sqlite3_stmt *s, struct arena *a,
    result_t *ret_result, struct error *err)
{
    struct answer answer = {.arena = a};
    VEC(struct fermyon_spin_v2_sqlite_row_result) rows = {0};
    int step;
    if (copy_columns(&answer, s, &ret_result->columns, err) < 0)
        return -1;
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        struct fermyon_spin_v2_sqlite_row_result *row = VEC_PUSH(&rows, a);
        if (!row)
            return fail_limit(err);
        if (copy_row(&answer, s, ret_result->columns.len, row, err) < 0)
            return -1;
    }
    if (step != SQLITE_DONE)
        return sqlite_fail(c, err);
    ret_result->rows = (struct fermyon_spin_v2_sqlite_list_row_result){rows.data, rows.len};
    return 0;
}

/* What writes stands in line, unless it is in a transaction, where SQLite's locks decide; both it
 * and the end of a transaction wait for the disk. */
static int prepare_to_wait(struct sqlite_connection *c, sqlite3_stmt *s, struct error *err)
{
    bool in_transaction = !sqlite3_get_autocommit(c->db);
    bool writes = !sqlite3_stmt_readonly(s);
    if (writes && !in_transaction)
        return sqlite_begin_write(c, err);
    if (in_transaction && (writes || sqlite3_column_count(s) == 0) && c->pool->options.path)
        sqlite_blocks(c);
    return 0;
}

static int run(struct sqlite_connection *c, struct str statement,
    const struct fermyon_spin_v2_sqlite_list_value *parameters, struct arena *a,
    result_t *ret_result, struct error *err)
{
    sqlite3_stmt *s;
    if (c->was_ended) {
        c->was_ended = false;
        return error_set(err, ERROR_IO,
            "the transaction was rolled back: it did nothing for %llu s while others waited",
            LIMIT_SQLITE_TRANSACTION_NS / NS_PER_S);
    }
    if (statement.len > LIMIT_SQLITE_STATEMENT)
        return error_set(
            err, ERROR_LIMIT, "the statement is longer than %zu MiB", LIMIT_SQLITE_STATEMENT / MIB);
    c->account.ends_in_time = true;
    int prepared =
        sqlite3_prepare_v2(c->db, statement.ptr ? statement.ptr : "", (int)statement.len, &s, NULL);
    c->account.ends_in_time = false;
    if (prepared != SQLITE_OK)
        return sqlite_fail(c, err);
    *ret_result = (result_t){0};
    if (!s)
        return 0; /* nothing but comments */
    int result = bind(c, s, parameters, err);
    if (result == 0)
        result = prepare_to_wait(c, s, err);
    if (result == 0)
        result = collect(c, s, a, ret_result, err);
    sqlite3_finalize(s);
    return result;
}

static error_t lift_error(struct component_call *call, struct error *err)
{
    error_t error = {.tag = FERMYON_SPIN_V2_SQLITE_ERROR_IO};
    if (err->kind == ERROR_LIMIT && !strcmp(error_message(err), sqlite3_errstr(SQLITE_FULL)))
        error.tag = FERMYON_SPIN_V2_SQLITE_ERROR_DATABASE_FULL;
    error.io = spin_take_error(call, err);
    return error;
}

static enum wasm_trap_kind connection_execute(struct component_call *call,
    struct fermyon_spin_v2_sqlite_connection_borrow self, struct str statement,
    struct fermyon_spin_v2_sqlite_list_value parameters, execute_t *ret_result)
{
    struct spin_context *context = spin_context_of(call);
    struct arena *a = spin_results(call);
    struct error err = ERROR_INIT;
    if (wasm_stack_left() < LIMIT_SQLITE_STACK)
        return WASM_TRAP_STACK_EXHAUSTED;
    int result = take(context, self.object, &err);
    if (result == 0) {
        struct sqlite_connection *c = self.object->taken;
        sqlite_use(c);
        result = run(c, statement, &parameters, a, &ret_result->ok, &err);
        sqlite_rest(c);
    }
    ret_result->is_err = result < 0;
    if (result == 0)
        return WASM_TRAP_NONE;
    bool is_over = err.kind == ERROR_TIMEOUT;
    ret_result->err = lift_error(call, &err);
    return is_over ? WASM_TRAP_DEADLINE : WASM_TRAP_NONE;
}

const struct fermyon_spin_v2_sqlite_functions fermyon_spin_v2_sqlite_functions = {
    .connection_open = connection_open,
    .connection_execute = connection_execute,
    .connection_drop = connection_drop,
};

/* spin:sqlite@3.0.0. */

static struct fermyon_spin_v2_sqlite_connection *of_v3(
    struct spin_sqlite_v3_sqlite_connection *object)
{
    return (struct fermyon_spin_v2_sqlite_connection *)object;
}

static enum wasm_trap_kind open_v3(struct component_call *call, struct str database,
    struct spin_sqlite_v3_sqlite_result_own_connection_error *ret_result)
{
    return connection_open(call, database, (open_t *)ret_result);
}

static enum wasm_trap_kind execute_v3(struct component_call *call,
    struct spin_sqlite_v3_sqlite_connection_borrow self, struct str statement,
    struct spin_sqlite_v3_sqlite_list_value parameters,
    struct spin_sqlite_v3_sqlite_result_query_result_error *ret_result)
{
    const struct fermyon_spin_v2_sqlite_list_value values = {
        (value_t *)parameters.data, parameters.len};
    const struct fermyon_spin_v2_sqlite_connection_borrow connection = {of_v3(self.object)};
    return connection_execute(call, connection, statement, values, (execute_t *)ret_result);
}

/* Of this request's; before its first statement both are 0. The connection is used for it: somebody
 * else may be ending a transaction that was left alone. */
static enum wasm_trap_kind last_insert_rowid_v3(struct component_call *call,
    struct spin_sqlite_v3_sqlite_connection_borrow self, int64_t *ret_result)
{
    struct sqlite_connection *c = of_v3(self.object)->taken;
    (void)call;
    *ret_result = 0;
    if (!c)
        return WASM_TRAP_NONE;
    sqlite_use(c);
    *ret_result = sqlite3_last_insert_rowid(c->db);
    sqlite_rest(c);
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind changes_v3(struct component_call *call,
    struct spin_sqlite_v3_sqlite_connection_borrow self, uint64_t *ret_result)
{
    struct sqlite_connection *c = of_v3(self.object)->taken;
    (void)call;
    *ret_result = 0;
    if (!c)
        return WASM_TRAP_NONE;
    sqlite_use(c);
    *ret_result = (uint64_t)sqlite_guard_changes(c);
    sqlite_rest(c);
    return WASM_TRAP_NONE;
}

static void drop_v3(void *host, struct spin_sqlite_v3_sqlite_connection *object)
{
    connection_drop(host, of_v3(object));
}

const struct spin_sqlite_v3_sqlite_functions spin_sqlite_v3_sqlite_functions = {
    .connection_open = open_v3,
    .connection_execute = execute_v3,
    .connection_last_insert_rowid = last_insert_rowid_v3,
    .connection_changes = changes_v3,
    .connection_drop = drop_v3,
};
