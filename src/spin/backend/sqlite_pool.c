#include "spin/backend/sqlite_pool.h"

#include <errno.h>

#include "base/limits.h"
#include "spin/backend/sqlite_guard.h"
#include "wasi/context.h"
#include "wasm/runtime.h"

/* How long the first look for a lock of another process waits, and the longest. */
#define FIRST_LOOK_NS (NS_PER_MS / 2)
#define LAST_LOOK_NS  (20 * NS_PER_MS)

static deadline_t wait_end(uint64_t most_ns, const struct wasi_context *wasi)
{
    deadline_t end = clock_monotonic_ns() + most_ns;
    return wasi && wasi->deadline < end ? wasi->deadline : end;
}

int sqlite_pool_new(
    const struct sqlite_pool_options *options, struct sqlite_pool **ret_pool, struct error *err)
{
    if (sqlite_process_init(err) < 0)
        return -1;
    struct sqlite_pool *pool = calloc(1, sizeof(*pool));
    char *path = options->path ? str_dup(str_of(options->path)) : NULL;
    if (!pool) {
        free(path);
        return error_set(err, ERROR_MEMORY, "no memory for a database");
    }
    pool->options = *options;
    pool->options.path = path;
    if (!options->wait_ns)
        pool->options.wait_ns = LIMIT_SQLITE_WAIT_NS;
    if (!options->line_ns)
        pool->options.line_ns = LIMIT_SQLITE_LINE_NS;
    if (!options->left_ns)
        pool->options.left_ns = LIMIT_SQLITE_TRANSACTION_NS;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_mutex_init(&pool->writer, NULL);
    pthread_cond_init(&pool->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret_pool = pool;
    return 0;
}

static void close_connection(struct sqlite_connection *c)
{
    struct sqlite_account *before = sqlite_account_enter(&c->account);
    for (size_t i = 0; i < SQLITE_STATEMENTS; i++)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close_v2(c->db);
    sqlite_account_leave(before);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void sqlite_pool_free(struct sqlite_pool *pool)
{
    if (!pool)
        return;
    BUG_IF(pool->taken);
    while (pool->idle) {
        struct sqlite_connection *c = pool->idle;
        pool->idle = c->next;
        close_connection(c);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->writer);
    pthread_mutex_destroy(&pool->lock);
    free((char *)(uintptr_t)pool->options.path);
    free(pool);
}

/* Ends transactions that their guests have left alone for too long. Called with the pool's lock. */
static void end_left_transactions(struct sqlite_pool *pool)
{
    uint64_t now = clock_monotonic_ns();
    for (struct sqlite_connection *c = pool->taken; c; c = c->next) {
        if (pthread_mutex_trylock(&c->lock) != 0)
            continue; /* in use, so not left alone */
        if (c->rested_at && now - c->rested_at > pool->options.left_ns) {
            struct sqlite_account *before = sqlite_account_enter(&c->account);
            sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
            sqlite_account_leave(before);
            c->rested_at = 0;
            c->was_ended = true;
        }
        pthread_mutex_unlock(&c->lock);
    }
}

/* SQLite has met another connection's lock for the count-th time in one go. */
static int on_busy(void *data, int count)
{
    struct sqlite_connection *c = data;
    struct sqlite_pool *pool = c->pool;
    if (count == 0)
        c->wait_until = wait_end(pool->options.wait_ns, c->wasi);
    uint64_t now = clock_monotonic_ns(), look = FIRST_LOOK_NS << (count < 8 ? count : 8);
    if (now >= c->wait_until)
        return 0;
    look = look < LAST_LOOK_NS ? look : LAST_LOOK_NS;
    deadline_t until = now + look < c->wait_until ? now + look : c->wait_until;
    struct timespec when = clock_timespec(until);
    sqlite_blocks(c);
    pthread_mutex_lock(&pool->lock);
    pool->waiting++;
    end_left_transactions(pool);
    pthread_cond_timedwait(&pool->changed, &pool->lock, &when);
    pool->waiting--;
    pthread_mutex_unlock(&pool->lock);
    return 1;
}

static int open_connection(
    struct sqlite_pool *pool, struct sqlite_connection **ret_connection, struct error *err)
{
    struct sqlite_connection *c = calloc(1, sizeof(*c));
    if (!c)
        return error_set(err, ERROR_MEMORY, "no memory for a database's connection");
    const char *path = pool->options.path ? pool->options.path : ":memory:";
    pthread_mutex_init(&c->lock, NULL);
    c->pool = pool;
    c->account.max = LIMIT_SQLITE_MEMORY;
    sqlite_use(c);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path, &c->db, flags, NULL) == SQLITE_OK ? 0 : -1;
    if (result == 0) {
        sqlite3_extended_result_codes(c->db, 1);
        sqlite3_busy_handler(c->db, on_busy, c);
        if (pool->options.guarded)
            result = sqlite_guard(c);
    }
    if (result < 0)
        result = sqlite_fail(c, err);
    else if (pool->options.prepare)
        result = pool->options.prepare(c, err);
    sqlite_rest(c);
    if (result < 0) {
        close_connection(c);
        return error_wrap(err, "cannot open database '%s'", path);
    }
    *ret_connection = c;
    return 0;
}

/* Until a connection is given back. Called with the lock. */
static int wait_for_connection(
    struct sqlite_pool *pool, struct wasi_context *wasi, struct error *err)
{
    struct timespec until = clock_timespec(wait_end(pool->options.line_ns, wasi));
    int waited = 0;
    pthread_mutex_unlock(&pool->lock);
    if (wasi)
        wasi_blocks(wasi);
    pthread_mutex_lock(&pool->lock);
    pool->waiting++;
    while (!pool->idle && pool->count >= pool->options.max_connections && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
    pool->waiting--;
    pthread_mutex_unlock(&pool->lock);
    if (wasi)
        wasi_resumes(wasi);
    pthread_mutex_lock(&pool->lock);
    return waited == ETIMEDOUT ? error_set(err, ERROR_LIMIT, "too many connections opened") : 0;
}

static void link_taken(struct sqlite_pool *pool, struct sqlite_connection *c)
{
    c->previous = NULL;
    c->next = pool->taken;
    if (c->next)
        c->next->previous = c;
    pool->taken = c;
}

static void unlink_taken(struct sqlite_pool *pool, struct sqlite_connection *c)
{
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        pool->taken = c->next;
}

/* Takes an idle one (*ret_connection), or leave to open one (NULL). */
static int reserve(struct sqlite_pool *pool, struct wasi_context *wasi,
    struct sqlite_connection **ret_connection, struct error *err)
{
    int result = 0;
    pthread_mutex_lock(&pool->lock);
    while (!pool->idle && pool->count >= pool->options.max_connections && result == 0)
        result = wait_for_connection(pool, wasi, err);
    struct sqlite_connection *c = result == 0 ? pool->idle : NULL;
    if (c) {
        pool->idle = c->next;
        pool->idle_count--;
        link_taken(pool, c);
    } else if (result == 0) {
        pool->count++;
    }
    pthread_mutex_unlock(&pool->lock);
    *ret_connection = c;
    return result;
}

static int open_reserved(
    struct sqlite_pool *pool, struct sqlite_connection **ret_connection, struct error *err)
{
    struct sqlite_connection *c;
    int result = open_connection(pool, &c, err);
    pthread_mutex_lock(&pool->lock);
    if (result == 0)
        link_taken(pool, c);
    else
        pool->count--;
    pthread_mutex_unlock(&pool->lock);
    if (result == 0)
        *ret_connection = c;
    return result;
}

/* The file was removed or replaced, as developers do while an application runs. */
static bool has_moved(struct sqlite_connection *c)
{
    int moved = 0;
    return c->pool->options.path &&
           sqlite3_file_control(c->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved;
}

int sqlite_pool_take(struct sqlite_pool *pool, struct wasi_context *wasi,
    struct sqlite_connection **ret_connection, struct error *err)
{
    struct sqlite_connection *c;
    for (;;) {
        if (reserve(pool, wasi, &c, err) < 0)
            return -1;
        if (!c || !has_moved(c))
            break;
        c->spent = true;
        sqlite_pool_give(c);
    }
    if (!c && open_reserved(pool, &c, err) < 0)
        return -1;
    c->wasi = wasi;
    *ret_connection = c;
    return 0;
}

/* Makes it as if just opened. False: it cannot be. */
static bool scrub(struct sqlite_connection *c)
{
    bool clean = !c->spent;
    sqlite_use(c);
    if (!sqlite3_get_autocommit(c->db))
        clean = sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK && clean;
    if (clean && c->pool->options.guarded)
        sqlite_guard_reset(c);
    if (clean && c->account.used > LIMIT_SQLITE_IDLE_MEMORY)
        sqlite3_db_release_memory(c->db);
    sqlite_rest(c);
    return clean;
}

void sqlite_pool_give(struct sqlite_connection *c)
{
    struct sqlite_pool *pool = c->pool;
    bool keep = scrub(c);
    c->wasi = NULL;
    pthread_mutex_lock(&pool->lock);
    unlink_taken(pool, c);
    keep = keep && pool->idle_count < pool->options.max_idle;
    if (keep) {
        c->next = pool->idle;
        pool->idle = c;
        pool->idle_count++;
    } else {
        pool->count--;
    }
    if (pool->waiting)
        pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        close_connection(c);
}

void sqlite_use(struct sqlite_connection *c)
{
    pthread_mutex_lock(&c->lock);
    c->account_before = sqlite_account_enter(&c->account);
}

void sqlite_rest(struct sqlite_connection *c)
{
    struct sqlite_pool *pool = c->pool;
    bool open = c->db && !sqlite3_get_autocommit(c->db);
    bool writes = c->writes, blocked = c->blocked;
    c->rested_at = open ? clock_monotonic_ns() : 0;
    c->writes = c->blocked = false;
    sqlite_account_leave(c->account_before);
    pthread_mutex_unlock(&c->lock);
    if (writes)
        pthread_mutex_unlock(&pool->writer);
    if (pool->waiting) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->changed);
        pthread_mutex_unlock(&pool->lock);
    }
    if (blocked)
        wasi_resumes(c->wasi);
}

void sqlite_blocks(struct sqlite_connection *c)
{
    if (c->wasi && !c->blocked) {
        wasi_blocks(c->wasi);
        c->blocked = true;
    }
}

int sqlite_begin_write(struct sqlite_connection *c, struct error *err)
{
    struct sqlite_pool *pool = c->pool;
    if (!pool->options.path)
        return 0; /* nobody else has it */
    sqlite_blocks(c);
    struct timespec until = clock_timespec(wait_end(pool->options.line_ns, c->wasi));
    if (pthread_mutex_clocklock(&pool->writer, CLOCK_MONOTONIC, &until) != 0)
        return error_set(err, ERROR_IO, "%s", sqlite3_errstr(SQLITE_BUSY));
    c->writes = true;
    return 0;
}

sqlite3_stmt *sqlite_statement(struct sqlite_connection *c, unsigned which, const char *sql)
{
    sqlite3_stmt **kept = &c->statements[which];
    if (!*kept)
        sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
    return *kept;
}

int sqlite_fail(struct sqlite_connection *c, struct error *err)
{
    int code = c->db ? sqlite3_errcode(c->db) & 0xff : SQLITE_NOMEM;
    const char *text = c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(code);
    switch (code) {
    case SQLITE_INTERRUPT:
        return error_set(err, ERROR_TIMEOUT, "%s", text);
    case SQLITE_NOMEM:
        if (wasm_budget_is_over())
            return error_set(err, ERROR_TIMEOUT, "%s", text);
        return error_set(err, ERROR_MEMORY, "%s", text);
    case SQLITE_FULL:
        return error_set(err, ERROR_LIMIT, "%s", text);
    default:
        return error_set(err, ERROR_IO, "%s", text);
    }
}
