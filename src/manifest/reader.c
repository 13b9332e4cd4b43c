#include "manifest/reader.h"

#include "base/limits.h"
#include "manifest/names.h"

struct manifest_place place_of_key(const struct toml_entry *entry)
{
    return (struct manifest_place){entry->line, entry->column, entry->key.len};
}

struct manifest_place place_of(const struct toml_node *node)
{
    size_t len = node->kind == TOML_STRING ? node->string.len + 2 : 1;
    return (struct manifest_place){node->line, node->column, len};
}

static int vfail(struct reading *r, struct manifest_place place, enum error_kind kind,
    const char *fmt, va_list args)
{
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    buf_vprintf(&text, fmt, args);
    toml_fail(r->doc, place.line, place.column, place.len, kind, r->err, "%s", buf_cstr(&text));
    buf_release(&text);
    return -1;
}

int fail_at(struct reading *r, struct manifest_place place, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfail(r, place, ERROR_INVALID, fmt, args);
    va_end(args);
    return -1;
}

int fail_later(struct reading *r, struct manifest_place place, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfail(r, place, ERROR_UNSUPPORTED, fmt, args);
    va_end(args);
    return -1;
}

static void add_notice(struct reading *r, struct manifest_notice **list,
    struct manifest_place place, const char *fmt, va_list args)
{
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    buf_vprintf(&text, fmt, args);
    while (*list)
        list = &(*list)->next;
    *list = arena_new(r->arena, struct manifest_notice);
    **list = (struct manifest_notice){NULL, place, arena_copy(r->arena, buf_str(&text)).ptr};
    buf_release(&text);
}

void note_later(struct reading *r, struct manifest_place place, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_notice(r, &r->later, place, fmt, args);
    va_end(args);
}

void note_warning(struct reading *r, struct manifest_place place, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_notice(r, &r->warnings, place, fmt, args);
    va_end(args);
}

static int fail_unknown(struct reading *r, const struct toml_entry *entry, const char *what,
    const struct field *fields, size_t count)
{
    struct str names[64];
    size_t used = 0;
    for (size_t i = 0; i < count && used < countof(names); i++)
        names[used++] = str_of(fields[i].name);
    struct str near = nearest_name(entry->key, names, used);
    if (near.len)
        return fail_at(r, place_of_key(entry),
            "unknown field `%" STR_FMT "` in %s; did you mean `%" STR_FMT "`?", STR_ARG(entry->key),
            what, STR_ARG(near));
    struct buf list = BUF_INIT(4 * KIB);
    for (size_t i = 0; i < used; i++)
        buf_printf(&list, "%s`%" STR_FMT "`", i ? ", " : "", STR_ARG(names[i]));
    fail_at(r, place_of_key(entry), "unknown field `%" STR_FMT "` in %s; it may have %s",
        STR_ARG(entry->key), what, buf_cstr(&list));
    buf_release(&list);
    return -1;
}

/* Asks for nothing, so that leaving it out changes nothing. */
static bool is_empty(const struct toml_node *value)
{
    switch (value->kind) {
    case TOML_ARRAY:
    case TOML_TABLE:
        return value->count == 0;
    case TOML_BOOLEAN:
        return !value->integer;
    default:
        return false;
    }
}

int check_fields(struct reading *r, const struct toml_node *table, const char *what,
    const struct field *fields, size_t count)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct toml_entry *entry = &table->entries[i];
        const struct field *found = NULL;
        for (size_t j = 0; j < count && !found; j++)
            if (str_is(entry->key, fields[j].name))
                found = &fields[j];
        if (!found)
            return fail_unknown(r, entry, what, fields, count);
        if (found->state == FIELD_LATER && !is_empty(entry->value))
            note_later(r, place_of_key(entry), "`%" STR_FMT "` in %s is not supported yet",
                STR_ARG(entry->key), what);
    }
    return 0;
}

int read_kind(struct reading *r, const struct toml_node *table, const char *key,
    enum toml_kind kind, const struct toml_node **ret)
{
    const struct toml_node *value = toml_get(table, str_of(key));
    if (value && value->kind != kind)
        return fail_at(r, place_of(value), "`%s` must be %s, not %s", key, toml_kind_name(kind),
            toml_kind_name(value->kind));
    *ret = value;
    return 0;
}

int read_string(struct reading *r, const struct toml_node *table, const char *what, const char *key,
    bool required, struct str *ret)
{
    const struct toml_node *value;
    if (read_kind(r, table, key, TOML_STRING, &value) < 0)
        return -1;
    if (!value && required)
        return fail_at(r, place_of(table), "missing field `%s` in %s", key, what);
    if (value)
        *ret = value->string;
    return 0;
}

int read_bool(struct reading *r, const struct toml_node *table, const char *key, bool *ret)
{
    const struct toml_node *value;
    if (read_kind(r, table, key, TOML_BOOLEAN, &value) < 0)
        return -1;
    if (value)
        *ret = value->integer != 0;
    return 0;
}

int read_strings(
    struct reading *r, const struct toml_node *table, const char *key, struct manifest_strings *ret)
{
    const struct toml_node *value;
    if (read_kind(r, table, key, TOML_ARRAY, &value) < 0)
        return -1;
    if (!value)
        return 0;
    ret->count = value->count;
    ret->items = arena_alloc(r->arena, (value->count + 1) * sizeof *ret->items);
    for (size_t i = 0; i < value->count; i++) {
        const struct toml_node *item = value->entries[i].value;
        if (item->kind != TOML_STRING)
            return fail_at(r, place_of(item), "`%s` must be an array of strings", key);
        ret->items[i] = (struct manifest_string){item->string, place_of(item)};
    }
    return 0;
}

int read_pairs(
    struct reading *r, const struct toml_node *table, const char *key, struct manifest_pairs *ret)
{
    const struct toml_node *value;
    if (read_kind(r, table, key, TOML_TABLE, &value) < 0)
        return -1;
    if (!value)
        return 0;
    ret->count = value->count;
    ret->items = arena_alloc(r->arena, (value->count + 1) * sizeof *ret->items);
    for (size_t i = 0; i < value->count; i++) {
        const struct toml_entry *entry = &value->entries[i];
        if (entry->value->kind != TOML_STRING)
            return fail_at(r, place_of(entry->value), "`%s.%" STR_FMT "` must be a string, not %s",
                key, STR_ARG(entry->key), toml_kind_name(entry->value->kind));
        ret->items[i] = (struct manifest_pair){
            entry->key, entry->value->string, place_of_key(entry), place_of(entry->value)};
    }
    return 0;
}
