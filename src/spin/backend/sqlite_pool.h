/*
 * A SQLite database and its connections.
 *
 *     sqlite_pool_take ─> sqlite_use ─> SQLite's own functions ─> sqlite_rest ─> ... ─>
 * sqlite_pool_give
 *
 * A connection is taken for one operation (key-value) or for as long as a guest holds it (sqlite).
 * Journal mode and synchronous are SQLite's defaults, as they are in Spin: a rollback journal, and
 * a sync before a commit returns.
 *
 * A guest that waits for another one's lock waits for an event: whoever rests wakes it. Other
 * processes give no events, so it also looks by itself, more and more rarely. The wait is bounded
 * (LIMIT_SQLITE_WAIT_NS); a transaction in which its guest has done nothing for
 * LIMIT_SQLITE_TRANSACTION_NS is rolled back when somebody waits.
 *
 * Nothing of a request reaches the next: sqlite_pool_give rolls back what is open, forgets the last
 * row id and closes the connection if a statement left something that cannot be taken back.
 *
 * Locks: `pool->lock` guards the lists and counts; `connection->lock` is held while a thread uses
 * the connection; `pool->writer` makes those who write outside of transactions stand in line.
 * Order: connection, writer, pool. With `pool->lock` held other connections are only tried.
 */
#ifndef SPINDLE_SPIN_BACKEND_SQLITE_POOL_H
#define SPINDLE_SPIN_BACKEND_SQLITE_POOL_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "spin/backend/sqlite_process.h"

struct wasi_context;
struct sqlite_connection;

struct sqlite_pool_options {
    const char *path;                   /* copied; NULL: in memory, new for each connection */
    unsigned max_connections, max_idle; /* in memory: what is idle is what is kept */
    bool guarded;                       /* statements come from guests (sqlite_guard.h) */
    bool allow_attach;                  /* guests may attach files */
    uint64_t wait_ns, line_ns, left_ns; /* 0: the limits above; for tests */
    /* Of a connection that was just opened. NULL: nothing. */
    int (*prepare)(struct sqlite_connection *c, struct error *err);
};

struct sqlite_pool {
    struct sqlite_pool_options options;
    pthread_mutex_t lock, writer;
    pthread_cond_t changed; /* a connection was given back or rests, while `waiting` */
    _Atomic unsigned waiting;
    unsigned count; /* of connections, idle ones too */
    unsigned idle_count;
    struct sqlite_connection *idle, *taken; /* taken: a doubly linked list */
};

enum { SQLITE_STATEMENTS = 8 };

struct sqlite_connection {
    sqlite3 *db;
    struct sqlite_pool *pool;
    struct sqlite_connection *next, *previous;
    pthread_mutex_t lock;
    struct sqlite_account account, *account_before;
    sqlite3_stmt *statements[SQLITE_STATEMENTS]; /* prepared once, by sqlite_statement */
    /* While it is used. */
    struct wasi_context *wasi; /* on whose behalf; NULL: nobody's */
    bool blocked;              /* wasi_blocks was called */
    bool writes;               /* holds the pool's writer lock */
    deadline_t wait_until;
    /* Of the request that has taken it. */
    bool spent;             /* cannot be used by another request */
    bool was_ended;         /* its transaction was rolled back because others waited */
    uint64_t rested_at;     /* in an open transaction; else 0 */
    int64_t changes_before; /* SQLite's count of changed rows when it was taken */
};

int sqlite_pool_new(
    const struct sqlite_pool_options *options, struct sqlite_pool **ret_pool, struct error *err);
/* All connections have been given back. Takes NULL. */
void sqlite_pool_free(struct sqlite_pool *pool);

/*
 * An idle connection or a new one. Waits when max_connections are taken; ERROR_LIMIT when that took
 * too long. `wasi`: on whose behalf, NULL at start.
 */
int sqlite_pool_take(struct sqlite_pool *pool, struct wasi_context *wasi,
    struct sqlite_connection **ret_connection, struct error *err);
void sqlite_pool_give(struct sqlite_connection *c);

/* Around SQLite's functions on this connection. */
void sqlite_use(struct sqlite_connection *c);
void sqlite_rest(struct sqlite_connection *c);
/* Before something that will wait for the disk: lets other requests go on until sqlite_rest. */
void sqlite_blocks(struct sqlite_connection *c);
/* Before a write outside of a transaction: stands in line, until sqlite_rest. */
int sqlite_begin_write(struct sqlite_connection *c, struct error *err);
/*
 * One of SQLITE_STATEMENTS statements that a connection keeps, ready to be bound; NULL when it
 * cannot be prepared. Whoever used it resets it.
 */
sqlite3_stmt *sqlite_statement(struct sqlite_connection *c, unsigned which, const char *sql);
/*
 * The error for SQLite's last one on this connection, with its text. ERROR_TIMEOUT when the
 * request's time is over, ERROR_MEMORY, ERROR_LIMIT when the disk is full, else ERROR_IO.
 */
int sqlite_fail(struct sqlite_connection *c, struct error *err);

#endif
