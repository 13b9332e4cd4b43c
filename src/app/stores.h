/*
 * The key-value stores and SQLite databases of an application: what stands behind the labels of
 * its manifest. Made when a component is granted one, and shared by all components.
 *
 * A label is looked up in the runtime config. `default`, and a label that is configured without a
 * path, is in the state folder; in memory if there is none. Files are made when they are first
 * used, their folders at start.
 */
#ifndef SPINDLE_APP_STORES_H
#define SPINDLE_APP_STORES_H

#include "app/app.h"
#include "spin/key_value.h"
#include "spin/sqlite.h"

struct app_component;
struct client_redis_pool;

/* One file's connections. */
struct app_database {
    struct app_database *next;
    const char *path; /* NULL: in memory */
    bool allow_attach;
    struct sqlite_pool *pool;
};

struct app_store {
    struct app_store *next;
    struct str label;
    struct key_value_store *store;
};

struct app_stores {
    struct arena arena;
    const struct app_options *options; /* NULL: never opened */
    struct client_redis_pool *redis;   /* NULL until a store is in a Redis server */
    struct app_store *stores;
    struct app_database *key_value_files, *sqlite_files;
};

void app_stores_open(struct app_stores *stores, const struct app_options *options);
/* No instance is left. Takes one that was never opened. */
void app_stores_close(struct app_stores *stores);
/* What the manifest lets a component use, into its spin_config. */
int app_stores_grant(struct app_component *c, const struct manifest *manifest, struct error *err);
/*
 * After all grants, before anything is served: says on stderr where the default ones are, if they
 * are used, and does what `--key-value` and `--sqlite` ask for.
 */
int app_stores_fill(struct app_stores *stores, struct error *err);

#endif
