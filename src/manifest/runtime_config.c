#include "manifest/runtime_config.h"

#include "base/file.h"
#include "base/limits.h"
#include "manifest/names.h"
#include "manifest/reader.h"

static const struct field root_fields[] = {
    {"state_dir", FIELD_USED},
    {"log_dir", FIELD_USED},
    {"max_instance_memory", FIELD_USED},
    {"variables_provider", FIELD_USED},
    {"config_provider", FIELD_USED},
    {"key_value_store", FIELD_USED},
    {"sqlite_database", FIELD_USED},
    {"llm_compute", FIELD_USED},
    {"outbound_http", FIELD_USED},
    {"outbound_redis", FIELD_USED},
    {"outbound_networking", FIELD_USED},
    {"outbound_pg", FIELD_LATER},
    {"outbound_mysql", FIELD_LATER},
    {"outbound_mqtt", FIELD_LATER},
    {"client_tls", FIELD_LATER},
};

/* One value of a table's `type`: what else the table may have then. */
struct variant {
    const char *type;
    bool later;
    const struct field *fields;
    size_t field_count;
};

/* Checks a table by its `type`; *ret is the index of the variant. */
static int read_variant(struct reading *r, const struct toml_node *table, const char *what,
    const struct variant *variants, size_t count, size_t *ret)
{
    struct str type = STR_EMPTY;
    if (table->kind != TOML_TABLE)
        return fail_at(
            r, place_of(table), "%s must be a table, not %s", what, toml_kind_name(table->kind));
    if (read_string(r, table, what, "type", true, &type) < 0)
        return -1;
    struct manifest_place place = place_of(toml_get(table, STR("type")));
    const char *known = "";
    for (size_t i = 0; i < count; i++) {
        if (!variants[i].later)
            known =
                arena_printf(r->arena, "%s%s\"%s\"", known, *known ? ", " : "", variants[i].type);
        if (!str_is(type, variants[i].type))
            continue;
        if (variants[i].later)
            return fail_later(r, place, "the type \"%" STR_FMT "\" of %s is not supported yet",
                STR_ARG(type), what);
        *ret = i;
        return check_fields(r, table, what, variants[i].fields, variants[i].field_count);
    }
    return fail_at(
        r, place, "unknown type \"%" STR_FMT "\" of %s; there is %s", STR_ARG(type), what, known);
}

#define VARIANT(type, fields) {type, false, fields, countof(fields)}
#define VARIANT_LATER(type)   {type, true, NULL, 0}

static int read_number(
    struct reading *r, const struct toml_node *table, const char *key, uint64_t *ret)
{
    const struct toml_node *value;
    if (read_kind(r, table, key, TOML_INTEGER, &value) < 0)
        return -1;
    if (value && value->integer < 1)
        return fail_at(r, place_of(value), "`%s` must be at least 1", key);
    if (value)
        *ret = (uint64_t)value->integer;
    return 0;
}

static int read_provider(struct reading *r, const struct toml_node *table, const char *what,
    struct runtime_config_provider *p)
{
    static const struct field env_fields[] = {
        {"type", FIELD_USED}, {"prefix", FIELD_USED}, {"dotenv_path", FIELD_USED}};
    static const struct field static_fields[] = {{"type", FIELD_USED}, {"values", FIELD_USED}};
    static const struct variant variants[] = {
        [RUNTIME_PROVIDER_ENV] = VARIANT("env", env_fields),
        [RUNTIME_PROVIDER_STATIC] = VARIANT("static", static_fields),
        VARIANT_LATER("vault"),
        VARIANT_LATER("azure_key_vault"),
    };
    size_t kind = 0;
    if (read_variant(r, table, what, variants, countof(variants), &kind) < 0)
        return -1;
    *p = (struct runtime_config_provider){
        .kind = kind, .prefix = STR("SPIN_VARIABLE"), .place = place_of(table)};
    if (read_string(r, table, what, "prefix", false, &p->prefix) < 0 ||
        read_string(r, table, what, "dotenv_path", false, &p->dotenv_path) < 0)
        return -1;
    return read_pairs(r, table, "values", &p->values);
}

/* Of the two names of the list the newer one wins. */
static int read_providers(struct reading *r, struct runtime_config *c)
{
    const struct toml_node *root = c->document.root, *list;
    const char *key =
        toml_get(root, STR("variables_provider")) ? "variables_provider" : "config_provider";
    if (read_kind(r, root, key, TOML_ARRAY, &list) < 0)
        return -1;
    c->provider_count = list ? list->count : 0;
    c->providers = arena_alloc(r->arena, (c->provider_count + 1) * sizeof *c->providers);
    const char *what = arena_printf(r->arena, "[[%s]]", key);
    for (size_t i = 0; i < c->provider_count; i++)
        if (read_provider(r, list->entries[i].value, what, &c->providers[i]) < 0)
            return -1;
    return 0;
}

/* The table of tables under a key, whose names are labels; NULL if absent. */
static int read_labelled(
    struct reading *r, const struct toml_node *root, const char *key, const struct toml_node **ret)
{
    if (read_kind(r, root, key, TOML_TABLE, ret) < 0)
        return -1;
    for (size_t i = 0; *ret && i < (*ret)->count; i++) {
        const char *problem = check_label(r->arena, (*ret)->entries[i].key);
        if (problem)
            return fail_at(r, place_of_key(&(*ret)->entries[i]), "%s", problem);
    }
    return 0;
}

static int read_key_value(
    struct reading *r, const struct toml_entry *entry, struct runtime_config_key_value *s)
{
    static const struct field spin_fields[] = {{"type", FIELD_USED}, {"path", FIELD_USED}};
    static const struct field redis_fields[] = {{"type", FIELD_USED}, {"url", FIELD_USED}};
    static const struct variant variants[] = {
        [RUNTIME_KEY_VALUE_SPIN] = VARIANT("spin", spin_fields),
        [RUNTIME_KEY_VALUE_REDIS] = VARIANT("redis", redis_fields),
        VARIANT_LATER("azure_cosmos"),
        VARIANT_LATER("aws_dynamo"),
    };
    const char *what =
        arena_printf(r->arena, "[key_value_store.%" STR_FMT "]", STR_ARG(entry->key));
    size_t kind = 0;
    if (read_variant(r, entry->value, what, variants, countof(variants), &kind) < 0)
        return -1;
    *s = (struct runtime_config_key_value){
        .label = entry->key, .kind = kind, .place = place_of_key(entry)};
    if (read_string(r, entry->value, what, "path", false, &s->path) < 0)
        return -1;
    return read_string(r, entry->value, what, "url", kind == RUNTIME_KEY_VALUE_REDIS, &s->url);
}

static int read_key_values(struct reading *r, struct runtime_config *c)
{
    const struct toml_node *table;
    if (read_labelled(r, c->document.root, "key_value_store", &table) < 0)
        return -1;
    c->key_value_count = table ? table->count : 0;
    c->key_values = arena_alloc(r->arena, (c->key_value_count + 1) * sizeof *c->key_values);
    for (size_t i = 0; i < c->key_value_count; i++)
        if (read_key_value(r, &table->entries[i], &c->key_values[i]) < 0)
            return -1;
    return 0;
}

static int read_sqlite(
    struct reading *r, const struct toml_entry *entry, struct runtime_config_sqlite *d)
{
    static const struct field spin_fields[] = {
        {"type", FIELD_USED}, {"path", FIELD_USED}, {"allow_attach_file", FIELD_USED}};
    static const struct variant variants[] = {
        VARIANT("spin", spin_fields), VARIANT_LATER("libsql")};
    const char *what =
        arena_printf(r->arena, "[sqlite_database.%" STR_FMT "]", STR_ARG(entry->key));
    size_t kind;
    if (read_variant(r, entry->value, what, variants, countof(variants), &kind) < 0)
        return -1;
    *d = (struct runtime_config_sqlite){.label = entry->key, .place = place_of_key(entry)};
    if (read_string(r, entry->value, what, "path", false, &d->path) < 0)
        return -1;
    return read_bool(r, entry->value, "allow_attach_file", &d->allow_attach_file);
}

static int read_sqlites(struct reading *r, struct runtime_config *c)
{
    const struct toml_node *table;
    if (read_labelled(r, c->document.root, "sqlite_database", &table) < 0)
        return -1;
    c->sqlite_count = table ? table->count : 0;
    c->sqlites = arena_alloc(r->arena, (c->sqlite_count + 1) * sizeof *c->sqlites);
    for (size_t i = 0; i < c->sqlite_count; i++)
        if (read_sqlite(r, &table->entries[i], &c->sqlites[i]) < 0)
            return -1;
    return 0;
}

static int read_llm(struct reading *r, struct runtime_config *c)
{
    static const struct field spin_fields[] = {{"type", FIELD_USED}};
    static const struct field http_fields[] = {{"type", FIELD_USED}, {"url", FIELD_USED},
        {"auth_token", FIELD_USED}, {"api_type", FIELD_USED}};
    static const struct variant variants[] = {
        VARIANT("spin", spin_fields), VARIANT("remote_http", http_fields)};
    static const char what[] = "[llm_compute]";
    const struct toml_node *table = toml_get(c->document.root, STR("llm_compute"));
    struct str api = STR("default");
    size_t kind = 0;
    if (!table)
        return 0;
    if (read_variant(r, table, what, variants, countof(variants), &kind) < 0)
        return -1;
    bool remote = kind == 1;
    c->llm.kind = remote ? RUNTIME_LLM_REMOTE_HTTP : RUNTIME_LLM_SPIN;
    c->llm.place = place_of(table);
    if (read_string(r, table, what, "url", remote, &c->llm.url) < 0 ||
        read_string(r, table, what, "auth_token", remote, &c->llm.auth_token) < 0 ||
        read_string(r, table, what, "api_type", false, &api) < 0)
        return -1;
    c->llm.open_ai = str_is(api, "open_ai");
    if (!c->llm.open_ai && !str_is(api, "default"))
        return fail_at(r, place_of(toml_get(table, STR("api_type"))),
            "unknown `api_type` \"%" STR_FMT "\"; there is \"default\", \"open_ai\"", STR_ARG(api));
    return 0;
}

/* A table that is absent turns nothing off; one without `connection_pooling` turns pooling off. */
static int read_outbound_http(struct reading *r, struct runtime_config *c)
{
    static const struct field fields[] = {{"connection_pooling", FIELD_USED},
        {"max_connections", FIELD_USED}, {"max_concurrent_requests", FIELD_LATER}};
    const struct toml_node *table;
    c->http_pooling = true;
    if (read_kind(r, c->document.root, "outbound_http", TOML_TABLE, &table) < 0)
        return -1;
    if (!table)
        return 0;
    c->http_pooling = false;
    if (CHECK_FIELDS(r, table, "[outbound_http]", fields) < 0 ||
        read_bool(r, table, "connection_pooling", &c->http_pooling) < 0)
        return -1;
    return read_number(r, table, "max_connections", &c->http_max_connections);
}

static int read_outbound(struct reading *r, struct runtime_config *c)
{
    static const struct field redis_fields[] = {{"max_connections", FIELD_USED}};
    static const struct field network_fields[] = {{"block_networks", FIELD_USED},
        {"max_socket_connections", FIELD_LATER}, {"max_total_connections", FIELD_LATER}};
    const struct toml_node *root = c->document.root, *redis, *networking;
    if (read_outbound_http(r, c) < 0 ||
        read_kind(r, root, "outbound_redis", TOML_TABLE, &redis) < 0 ||
        read_kind(r, root, "outbound_networking", TOML_TABLE, &networking) < 0)
        return -1;
    if (redis && (CHECK_FIELDS(r, redis, "[outbound_redis]", redis_fields) < 0 ||
                     read_number(r, redis, "max_connections", &c->redis_max_connections) < 0))
        return -1;
    if (networking && (CHECK_FIELDS(r, networking, "[outbound_networking]", network_fields) < 0 ||
                          read_strings(r, networking, "block_networks", &c->block_networks) < 0))
        return -1;
    return 0;
}

static int read_root(struct reading *r, struct runtime_config *c)
{
    const struct toml_node *root = c->document.root;
    if (CHECK_FIELDS(r, root, "the runtime config", root_fields) < 0 ||
        read_string(r, root, "", "state_dir", false, &c->state_dir) < 0 ||
        read_string(r, root, "", "log_dir", false, &c->log_dir) < 0 ||
        read_number(r, root, "max_instance_memory", &c->max_instance_memory) < 0)
        return -1;
    c->has_state_dir = toml_get(root, STR("state_dir")) != NULL;
    c->has_log_dir = toml_get(root, STR("log_dir")) != NULL;
    if (read_providers(r, c) < 0 || read_key_values(r, c) < 0 || read_sqlites(r, c) < 0 ||
        read_llm(r, c) < 0 || read_outbound(r, c) < 0)
        return -1;
    return r->later ? fail_later(r, r->later->place, "%s", r->later->text) : 0;
}

static int load(struct runtime_config *c, struct error *err)
{
    struct reading r = {.doc = &c->document, .arena = &c->arena, .err = err};
    if (file_read(c->path, LIMIT_TEXT_FILE_BYTES, &c->text, err) < 0 ||
        toml_parse(&c->arena, c->path, buf_str(&c->text), &c->document, err) < 0)
        return -1;
    return read_root(&r, c);
}

int runtime_config_load(const char *path, struct runtime_config **ret_config, struct error *err)
{
    struct runtime_config *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, ERROR_MEMORY, "no memory for a runtime config");
    c->arena = ARENA_INIT(2 * GIB);
    c->text = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    c->path = arena_printf(&c->arena, "%s", path);
    c->folder = path_dir(&c->arena, path);
    if (load(c, err) < 0) {
        error_wrap(err, "Failed to load the runtime config from \"%s\"", path);
        runtime_config_free(c);
        return -1;
    }
    *ret_config = c;
    return 0;
}

void runtime_config_free(struct runtime_config *c)
{
    if (!c)
        return;
    buf_release(&c->text);
    arena_release(&c->arena);
    free(c);
}

const struct runtime_config_key_value *runtime_config_key_value(
    const struct runtime_config *c, struct str label)
{
    for (size_t i = 0; c && i < c->key_value_count; i++)
        if (str_equal(c->key_values[i].label, label))
            return &c->key_values[i];
    return NULL;
}

const struct runtime_config_sqlite *runtime_config_sqlite(
    const struct runtime_config *c, struct str label)
{
    for (size_t i = 0; c && i < c->sqlite_count; i++)
        if (str_equal(c->sqlites[i].label, label))
            return &c->sqlites[i];
    return NULL;
}

int runtime_config_fail(const struct runtime_config *c, struct manifest_place place,
    enum error_kind kind, struct error *err, const char *fmt, ...)
{
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    toml_fail(&c->document, place.line, place.column, place.len, kind, err, "%s", buf_cstr(&text));
    buf_release(&text);
    return -1;
}

PRINTF_LIKE(2, 3)
static void add_item(struct buf *out, const char *fmt, ...)
{
    va_list args;
    buf_append_cstr(out, out->len ? ", [" : "[");
    va_start(args, fmt);
    buf_vprintf(out, fmt, args);
    va_end(args);
    buf_append_byte(out, ']');
}

void runtime_config_summary(const struct runtime_config *c, struct buf *out)
{
    for (size_t i = 0; i < c->key_value_count; i++)
        add_item(out, "key_value_store.%" STR_FMT ": %s", STR_ARG(c->key_values[i].label),
            c->key_values[i].kind == RUNTIME_KEY_VALUE_REDIS ? "redis" : "spin");
    for (size_t i = 0; i < c->sqlite_count; i++)
        add_item(out, "sqlite_database.%" STR_FMT ": spin", STR_ARG(c->sqlites[i].label));
    if (c->llm.kind != RUNTIME_LLM_NONE)
        add_item(out, "llm_compute: %s",
            c->llm.kind == RUNTIME_LLM_REMOTE_HTTP ? "remote_http" : "spin");
    if (c->http_max_connections)
        add_item(out, "outbound_http: max_connections=%llu",
            (unsigned long long)c->http_max_connections);
    if (c->redis_max_connections)
        add_item(out, "outbound_redis: max_connections=%llu",
            (unsigned long long)c->redis_max_connections);
}
