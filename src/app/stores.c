#include "app/stores.h"

#include "app/component.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/redis.h"

#define DEFAULT_KEY_VALUE "sqlite_key_value.db"
#define DEFAULT_SQLITE    "sqlite_db.db"

void app_stores_open(struct app_stores *stores, const struct app_options *options)
{
    *stores = (struct app_stores){.arena = ARENA_INIT(LIMIT_GRANTS_BYTES), .options = options};
}

static void close_databases(struct app_database *list)
{
    for (struct app_database *d = list; d; d = d->next)
        sqlite_pool_free(d->pool);
}

void app_stores_close(struct app_stores *stores)
{
    for (struct app_store *s = stores->stores; s; s = s->next)
        s->store->backend->free(s->store);
    client_redis_pool_free(stores->redis);
    close_databases(stores->key_value_files);
    close_databases(stores->sqlite_files);
    arena_release(&stores->arena);
    *stores = (struct app_stores){0};
}

/* Where databases are. */

/* The file in the state folder; NULL: in memory. */
static const char *default_path(struct app_stores *stores, const char *name)
{
    const char *state = stores->options->state_folder;
    return state ? path_join(&stores->arena, state, name) : NULL;
}

/* A configured path, or the default one. Its folder is made. */
static int find_path(struct app_stores *stores, struct str configured, const char *folder,
    const char *name, const char **ret_path, struct error *err)
{
    struct arena *a = &stores->arena;
    const char *path = default_path(stores, name);
    if (configured.len) {
        path = arena_copy(a, configured).ptr;
        path = strcmp(folder, ".") ? path_join(a, folder, path) : path;
    }
    if (path && file_make_dirs(path_dir(a, path), 0777, err) < 0)
        return -1;
    *ret_path = path;
    return 0;
}

static struct app_database *find_database(
    struct app_database *list, const char *path, bool allow_attach)
{
    for (struct app_database *d = list; d; d = d->next) {
        bool same = d->path && path ? !strcmp(d->path, path) : !d->path && !path;
        if (same && d->allow_attach == allow_attach)
            return d;
    }
    return NULL;
}

static struct sqlite_pool *add_database(struct app_stores *stores, struct app_database **list,
    const char *path, bool allow_attach, struct sqlite_pool *pool)
{
    struct app_database *d = arena_new(&stores->arena, struct app_database);
    *d = (struct app_database){*list, path, allow_attach, pool};
    *list = d;
    return pool;
}

/* Key-value. */

static int key_value_pool(
    struct app_stores *stores, const char *path, struct sqlite_pool **ret_pool, struct error *err)
{
    struct app_database *d = find_database(stores->key_value_files, path, false);
    if (!d && key_value_sqlite_pool_new(path, ret_pool, err) < 0)
        return -1;
    *ret_pool =
        d ? d->pool : add_database(stores, &stores->key_value_files, path, false, *ret_pool);
    return 0;
}

static int open_sqlite_store(struct app_stores *stores, struct str label,
    const struct runtime_config_key_value *configured, struct key_value_store **ret_store,
    struct error *err)
{
    const struct runtime_config *config = stores->options->runtime_config;
    const char *path;
    struct sqlite_pool *pool;
    if (find_path(stores, configured ? configured->path : STR_EMPTY, config ? config->folder : ".",
            DEFAULT_KEY_VALUE, &path, err) < 0 ||
        key_value_pool(stores, path, &pool, err) < 0)
        return -1;
    return key_value_sqlite_new(pool, label, ret_store, err);
}

/* The server is the choice of who runs the application: blocked networks are not for it. */
static int open_redis_store(struct app_stores *stores,
    const struct runtime_config_key_value *configured, struct key_value_store **ret_store,
    struct error *err)
{
    const struct client_redis_pool_options options = {0};
    if (!stores->redis && client_redis_pool_new(&options, &stores->redis, err) < 0)
        return -1;
    if (key_value_redis_new(stores->redis, configured->url, ret_store, err) < 0)
        return error_wrap(err, "the `url` of this store cannot be used");
    return 0;
}

/* Says which table of the runtime config it is that cannot be used. */
static int fail_at_table(
    const struct app_stores *stores, struct manifest_place place, struct error *err)
{
    struct buf reason = BUF_INIT(LIMIT_MESSAGE_BYTES);
    enum error_kind kind = error_take_line(err, &reason);
    runtime_config_fail(stores->options->runtime_config, place, kind, err, "%s", buf_cstr(&reason));
    buf_release(&reason);
    return -1;
}

/* ERROR_NOT_FOUND, without a message of the place, when nothing is configured for the label. */
static int open_store(struct app_stores *stores, struct str label,
    struct key_value_store **ret_store, struct error *err)
{
    const struct runtime_config_key_value *configured =
        runtime_config_key_value(stores->options->runtime_config, label);
    for (struct app_store *s = stores->stores; s; s = s->next)
        if (str_equal(s->label, label)) {
            *ret_store = s->store;
            return 0;
        }
    if (!configured && !str_is(label, "default"))
        return error_set(err, ERROR_NOT_FOUND, "no store has this label");
    int result = configured && configured->kind == RUNTIME_KEY_VALUE_REDIS
                     ? open_redis_store(stores, configured, ret_store, err)
                     : open_sqlite_store(stores, label, configured, ret_store, err);
    if (result < 0)
        return configured ? fail_at_table(stores, configured->place, err) : -1;
    struct app_store *s = arena_new(&stores->arena, struct app_store);
    *s = (struct app_store){stores->stores, arena_copy(&stores->arena, label), *ret_store};
    stores->stores = s;
    return 0;
}

static int grant_key_value(
    struct app_component *c, const struct manifest *manifest, struct error *err)
{
    const struct manifest_strings *labels = &c->manifest->key_value_stores;
    struct spin_key_value *granted = arena_try_array(&c->grants, 1, struct spin_key_value);
    struct spin_key_value_store *stores =
        arena_try_array(&c->grants, labels->count, struct spin_key_value_store);
    if (!granted || !stores)
        return error_set(err, ERROR_MEMORY, "no memory for a component's grants");
    for (size_t i = 0; i < labels->count; i++) {
        const struct manifest_string *label = &labels->items[i];
        stores[i].label = label->text;
        if (open_store(&c->services->stores, label->text, &stores[i].store, err) == 0)
            continue;
        if (err->kind != ERROR_NOT_FOUND)
            return -1;
        error_release(err);
        return manifest_fail(manifest, label->place, ERROR_NOT_FOUND, err,
            "unknown key_value_stores label \"%" STR_FMT "\" for component \"%" STR_FMT
            "\": define [key_value_store.%" STR_FMT "] in the file of --runtime-config-file",
            STR_ARG(label->text), STR_ARG(c->manifest->id), STR_ARG(label->text));
    }
    *granted = (struct spin_key_value){labels->count, stores};
    c->spin.key_value = granted;
    return 0;
}

/* SQLite. */

static int open_database(
    struct app_stores *stores, struct str label, struct sqlite_pool **ret_pool, struct error *err)
{
    const struct runtime_config_sqlite *configured =
        runtime_config_sqlite(stores->options->runtime_config, label);
    if (!configured && !str_is(label, "default"))
        return error_set(err, ERROR_NOT_FOUND, "no database has this label");
    struct sqlite_pool_options options = {
        .max_connections = LIMIT_SQLITE_CONNECTIONS,
        .guarded = true,
        .allow_attach = configured && configured->allow_attach_file,
    };
    if (find_path(stores, configured ? configured->path : STR_EMPTY, ".", DEFAULT_SQLITE,
            &options.path, err) < 0)
        return -1;
    options.max_idle = options.path ? LIMIT_SQLITE_IDLE : 0;
    struct app_database *d =
        find_database(stores->sqlite_files, options.path, options.allow_attach);
    if (!d && sqlite_pool_new(&options, ret_pool, err) < 0)
        return -1;
    *ret_pool = d ? d->pool
                  : add_database(stores, &stores->sqlite_files, options.path, options.allow_attach,
                        *ret_pool);
    return 0;
}

static int grant_sqlite(struct app_component *c, const struct manifest *manifest, struct error *err)
{
    const struct manifest_strings *labels = &c->manifest->sqlite_databases;
    struct spin_sqlite *granted = arena_try_array(&c->grants, 1, struct spin_sqlite);
    struct spin_sqlite_database *databases =
        arena_try_array(&c->grants, labels->count, struct spin_sqlite_database);
    if (!granted || !databases)
        return error_set(err, ERROR_MEMORY, "no memory for a component's grants");
    for (size_t i = 0; i < labels->count; i++) {
        const struct manifest_string *label = &labels->items[i];
        databases[i].label = label->text;
        if (open_database(&c->services->stores, label->text, &databases[i].pool, err) == 0)
            continue;
        if (err->kind != ERROR_NOT_FOUND)
            return -1;
        error_release(err);
        return manifest_fail(manifest, label->place, ERROR_NOT_FOUND, err,
            "One or more components use SQLite databases which are not defined. Component "
            "\"%" STR_FMT "\" uses database \"%" STR_FMT "\": define [sqlite_database.%" STR_FMT
            "] in the file of --runtime-config-file",
            STR_ARG(c->manifest->id), STR_ARG(label->text), STR_ARG(label->text));
    }
    *granted = (struct spin_sqlite){labels->count, databases};
    c->spin.sqlite = granted;
    return 0;
}

int app_stores_grant(struct app_component *c, const struct manifest *manifest, struct error *err)
{
    return grant_key_value(c, manifest, err) < 0 ? -1 : grant_sqlite(c, manifest, err);
}

/* At start. */

static void announce(
    struct app_stores *stores, struct app_database *list, const char *name, const char *what)
{
    const char *path = default_path(stores, name);
    if (path && (find_database(list, path, false) || find_database(list, path, true)))
        fprintf(stderr, "Storing default %s data to \"%s\".\n", what, path);
}

static int set_key_values(struct app_stores *stores, struct error *err)
{
    const struct manifest_pairs *given = &stores->options->key_values;
    struct arena a = ARENA_INIT(MIB);
    const struct key_value_use use = {.results = &a};
    struct key_value_store *store;
    int result = given->count ? open_store(stores, STR("default"), &store, err) : 0;
    for (size_t i = 0; i < given->count && result == 0; i++) {
        const struct key_value_pair pair = {given->items[i].name, given->items[i].value};
        result = store->backend->set(store, &use, &pair, 1, err);
        if (result < 0)
            error_wrap(err, "cannot set \"%" STR_FMT "\" in the default store", STR_ARG(pair.key));
    }
    arena_release(&a);
    return result;
}

/* All statements of the text. They may do what a guest's may. */
static int run_statements(struct sqlite_pool *pool, const char *statements, struct error *err)
{
    struct sqlite_connection *c;
    if (sqlite_pool_take(pool, NULL, &c, err) < 0)
        return -1;
    sqlite_use(c);
    int result =
        sqlite3_exec(c->db, statements, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_fail(c, err);
    sqlite_rest(c);
    sqlite_pool_give(c);
    return result;
}

/* STATEMENT, or @FILE[:LABEL]. */
static int run_given(struct app_stores *stores, const char *given, struct error *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_SQLITE_STATEMENT);
    const char *colon = *given == '@' ? strrchr(given, ':') : NULL;
    struct str label = colon ? str_of(colon + 1) : STR("default");
    struct str file =
        *given == '@' ? str_make(given + 1, (colon ? (size_t)(colon - given) : strlen(given)) - 1)
                      : STR_EMPTY;
    struct sqlite_pool *pool;
    if (open_database(stores, label, &pool, err) < 0) {
        if (err->kind != ERROR_NOT_FOUND)
            return -1;
        error_release(err);
        return error_set(err, ERROR_NOT_FOUND,
            "--sqlite '%s': no database has the label \"%" STR_FMT "\"", given, STR_ARG(label));
    }
    if (*given == '@' &&
        file_read(arena_copy(&stores->arena, file).ptr, LIMIT_SQLITE_STATEMENT, &text, err) < 0)
        return error_wrap(err, "--sqlite '%s': the statements cannot be read", given);
    if (run_statements(pool, *given == '@' ? buf_cstr(&text) : given, err) < 0)
        return error_wrap(
            err, "--sqlite '%s' failed on database \"%" STR_FMT "\"", given, STR_ARG(label));
    return 0;
}

int app_stores_fill(struct app_stores *stores, struct error *err)
{
    announce(stores, stores->sqlite_files, DEFAULT_SQLITE, "SQLite");
    announce(stores, stores->key_value_files, DEFAULT_KEY_VALUE, "key-value");
    if (set_key_values(stores, err) < 0)
        return -1;
    for (size_t i = 0; i < stores->options->statement_count; i++)
        if (run_given(stores, stores->options->statements[i], err) < 0)
            return -1;
    return 0;
}
