/*
 * What stands behind a key-value store: one struct of callbacks for each kind.
 *
 * All of them may be called by many threads at once. Keys and values that they are given are views
 * that they may read until they return; what they answer lies in use->results. Each returns 0, or
 * -1 with an error whose text a guest may read: ERROR_TIMEOUT when the request's time is over,
 * anything else is the store's failure.
 */
#ifndef SPINDLE_SPIN_BACKEND_KEY_VALUE_H
#define SPINDLE_SPIN_BACKEND_KEY_VALUE_H

#include "base/arena.h"
#include "base/error.h"

struct wasi_context;

struct key_value_store {
    const struct key_value_backend *backend;
};

/* On whose behalf, and where answers go. */
struct key_value_use {
    struct wasi_context *wasi; /* NULL: nobody's, at start */
    struct arena *results;
};

struct key_value_found {
    bool is_there;
    struct str value;
};

struct key_value_pair {
    struct str key, value;
};

struct key_value_keys {
    size_t count;
    struct str *keys;
};

struct key_value_backend {
    int (*get)(struct key_value_store *store, const struct key_value_use *use, struct str key,
        struct key_value_found *ret_found, struct error *err);
    int (*exists)(struct key_value_store *store, const struct key_value_use *use, struct str key,
        bool *ret_exists, struct error *err);
    /* All of them or none. */
    int (*set)(struct key_value_store *store, const struct key_value_use *use,
        const struct key_value_pair *pairs, size_t count, struct error *err);
    /* Keys that are not there are no error. */
    int (*delete)(struct key_value_store *store, const struct key_value_use *use,
        const struct str *keys, size_t count, struct error *err);
    int (*keys)(struct key_value_store *store, const struct key_value_use *use,
        struct key_value_keys *ret_keys, struct error *err);
    /* Adds to a number, 0 if the key is not there, and gives the sum. Nobody comes in between. */
    int (*increment)(struct key_value_store *store, const struct key_value_use *use, struct str key,
        int64_t delta, int64_t *ret_sum, struct error *err);
    /* Sets the value if it is still what was found. Nobody comes in between. */
    int (*swap)(struct key_value_store *store, const struct key_value_use *use, struct str key,
        struct key_value_found expected, struct str value, bool *ret_swapped, struct error *err);
    void (*free)(struct key_value_store *store);
};

/* A store in a SQLite database, in the rows that have its label. The pool outlives it; several
 * stores may share one. */
struct sqlite_pool;
int key_value_sqlite_new(struct sqlite_pool *pool, struct str label,
    struct key_value_store **ret_store, struct error *err);
/* The pool for such stores. `path` NULL: in memory. */
int key_value_sqlite_pool_new(const char *path, struct sqlite_pool **ret_pool, struct error *err);

/* A store in a Redis server: all its keys, without a prefix. Connects when it is used; the pool
 * outlives it. ERROR_INVALID, ERROR_UNSUPPORTED: no such address. */
struct client_redis_pool;
int key_value_redis_new(struct client_redis_pool *pool, struct str url,
    struct key_value_store **ret_store, struct error *err);

#endif
