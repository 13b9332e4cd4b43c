#include "manifest/manifest.h"

#include "base/file.h"
#include "base/limits.h"
#include "manifest/names.h"
#include "manifest/tables.h"

static const struct field root_fields[] = {
    {"spin_manifest_version", FIELD_USED},
    {"application", FIELD_USED},
    {"variables", FIELD_USED},
    {"trigger", FIELD_USED},
    {"component", FIELD_USED},
};

static const struct field application_fields[] = {
    {"name", FIELD_USED},
    {"version", FIELD_USED},
    {"description", FIELD_USED},
    {"authors", FIELD_USED},
    {"trigger", FIELD_USED},
    {"targets", FIELD_LATER},
    {"tool", FIELD_IGNORED},
};

static const struct field variable_fields[] = {
    {"description", FIELD_USED},
    {"default", FIELD_USED},
    {"required", FIELD_USED},
    {"secret", FIELD_USED},
};

/* Before version 2 it was text, by one of two names. */
static bool is_version1(const struct toml_node *root)
{
    const struct toml_node *version = toml_get(root, STR("spin_manifest_version"));
    const struct toml_node *old = toml_get(root, STR("spin_version"));
    return (version && version->kind == TOML_STRING && str_is(version->string, "1")) ||
           (!version && old && old->kind == TOML_STRING && str_is(old->string, "1"));
}

static int read_version(struct reading *r, const struct toml_node *root)
{
    const struct toml_node *version = toml_get(root, STR("spin_manifest_version"));
    if (!version)
        return fail_at(r, (struct manifest_place){1, 1, 1},
            "missing field `spin_manifest_version`; begin with `spin_manifest_version = 2`");
    if (version->kind == TOML_INTEGER && version->integer == 2)
        return 0;
    if (version->kind == TOML_INTEGER)
        return fail_at(r, place_of(version), "invalid manifest version: \"%lld\"",
            (long long)version->integer);
    return fail_at(r, place_of(version), "invalid manifest version; it must be the integer 2");
}

/* [application.trigger.<type>]: only what means nothing is taken. */
static int read_application_triggers(struct reading *r, const struct toml_node *application)
{
    const struct toml_node *triggers;
    if (read_kind(r, application, "trigger", TOML_TABLE, &triggers) < 0)
        return -1;
    for (size_t i = 0; triggers && i < triggers->count; i++) {
        const struct toml_entry *type = &triggers->entries[i];
        if (!str_is(type->key, "http"))
            note_later(r, place_of_key(type),
                "`application.trigger.%" STR_FMT "` is not supported yet", STR_ARG(type->key));
        if (!str_is(type->key, "http") || type->value->kind != TOML_TABLE)
            continue;
        const struct toml_entry *base = toml_get_entry(type->value, STR("base"));
        if (base && !(base->value->kind == TOML_STRING && str_is(base->value->string, "/")))
            return fail_at(r, place_of_key(base),
                "This application is using the deprecated trigger 'base' field. The base must be "
                "prepended to each [[trigger.http]]'s 'route'.");
    }
    return 0;
}

static int read_application(struct reading *r, struct manifest *m)
{
    static const char what[] = "[application]";
    const struct toml_node *table;
    if (read_kind(r, m->document.root, "application", TOML_TABLE, &table) < 0)
        return -1;
    if (!table)
        return fail_at(r, (struct manifest_place){1, 1, 1}, "missing table `[application]`");
    if (CHECK_FIELDS(r, table, what, application_fields) < 0 ||
        read_string(r, table, what, "name", true, &m->name) < 0 ||
        read_string(r, table, what, "version", false, &m->version) < 0 ||
        read_string(r, table, what, "description", false, &m->description) < 0 ||
        read_strings(r, table, "authors", &m->authors) < 0)
        return -1;
    return read_application_triggers(r, table);
}

static int read_variable(
    struct reading *r, const struct toml_entry *entry, struct manifest_variable *v)
{
    const char *what = arena_printf(r->arena, "[variables.%" STR_FMT "]", STR_ARG(entry->key));
    const char *problem = check_variable_name(r->arena, entry->key);
    if (problem)
        return fail_at(r, place_of_key(entry), "%s", problem);
    if (entry->value->kind != TOML_TABLE)
        return fail_at(r, place_of(entry->value),
            "a variable is a table, as in `%" STR_FMT " = { default = \"...\" }`",
            STR_ARG(entry->key));
    v->name = entry->key;
    v->place = place_of_key(entry);
    if (CHECK_FIELDS(r, entry->value, what, variable_fields) < 0 ||
        read_string(r, entry->value, what, "description", false, &v->description) < 0 ||
        read_string(r, entry->value, what, "default", false, &v->value) < 0 ||
        read_bool(r, entry->value, "required", &v->required) < 0 ||
        read_bool(r, entry->value, "secret", &v->secret) < 0)
        return -1;
    v->has_default = toml_get(entry->value, STR("default")) != NULL;
    if (v->required == v->has_default)
        return fail_at(r, place_of_key(entry),
            "variable `%" STR_FMT "` must be `required` OR have a `default`", STR_ARG(entry->key));
    return 0;
}

int read_variables(struct reading *r, struct manifest *m)
{
    const struct toml_node *table;
    if (read_kind(r, m->document.root, "variables", TOML_TABLE, &table) < 0)
        return -1;
    m->variable_count = table ? table->count : 0;
    m->variables = arena_alloc(r->arena, (m->variable_count + 1) * sizeof *m->variables);
    for (size_t i = 0; i < m->variable_count; i++)
        if (read_variable(r, &table->entries[i], &m->variables[i]) < 0)
            return -1;
    return 0;
}

static int read_version2(struct reading *r, struct manifest *m, enum manifest_purpose purpose)
{
    const struct toml_node *root = m->document.root;
    if (purpose != MANIFEST_BUILD_TABLES &&
        (read_version(r, root) < 0 || CHECK_FIELDS(r, root, "the manifest", root_fields) < 0 ||
            read_application(r, m) < 0 || read_variables(r, m) < 0))
        return -1;
    return read_components(r, m, purpose) < 0 ? -1 : read_triggers(r, m, purpose);
}

static int read_manifest(struct manifest *m, enum manifest_purpose purpose, struct error *err)
{
    struct reading r = {.doc = &m->document, .arena = &m->arena, .err = err};
    if (file_read(m->path, LIMIT_TEXT_FILE_BYTES, &m->text, err) < 0 ||
        toml_parse(&m->arena, m->path, buf_str(&m->text), &m->document, err) < 0)
        return -1;
    if (is_version1(m->document.root) ? read_version1(&r, m, purpose) < 0
                                      : read_version2(&r, m, purpose) < 0)
        return -1;
    m->warnings = r.warnings;
    m->later = r.later;
    if (purpose == MANIFEST_FOR_RUNNING && m->later)
        return manifest_fail(m, m->later->place, ERROR_UNSUPPORTED, err, "%s", m->later->text);
    return 0;
}

static struct manifest *new_manifest(const char *path, struct error *err)
{
    struct manifest *m = calloc(1, sizeof *m);
    if (!m) {
        error_set(err, ERROR_MEMORY, "no memory for a manifest");
        return NULL;
    }
    m->arena = ARENA_INIT(2 * GIB);
    m->text = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    m->path = arena_printf(&m->arena, "%s", path);
    m->folder = path_dir(&m->arena, path);
    return m;
}

int manifest_load(const char *path, enum manifest_purpose purpose, struct manifest **ret_manifest,
    struct error *err)
{
    struct manifest *m = new_manifest(path, err);
    if (!m)
        return -1;
    if (read_manifest(m, purpose, err) < 0) {
        error_wrap(err, "Failed to load manifest from \"%s\"", path);
        manifest_free(m);
        return -1;
    }
    *ret_manifest = m;
    return 0;
}

int manifest_of_component(const char *path, struct manifest **ret_manifest, struct error *err)
{
    struct manifest *m = new_manifest(path, err);
    if (!m)
        return -1;
    const char *name = path_name(m->path), *dot = strrchr(name, '.');
    struct manifest_component *c = arena_new(&m->arena, struct manifest_component);
    c->id = m->name = dot && dot != name ? str_make(name, (size_t)(dot - name)) : str_of(name);
    c->source = str_of(name);
    struct manifest_http_trigger *t = arena_new(&m->arena, struct manifest_http_trigger);
    *t = (struct manifest_http_trigger){
        .id = STR("http-trigger0"), .component = c->id, .route = STR("/...")};
    m->components = c;
    m->triggers = t;
    m->component_count = m->trigger_count = 1;
    *ret_manifest = m;
    return 0;
}

void manifest_free(struct manifest *m)
{
    if (!m)
        return;
    buf_release(&m->text);
    arena_release(&m->arena);
    free(m);
}

const struct manifest_component *manifest_find(const struct manifest *m, struct str id)
{
    for (size_t i = 0; i < m->component_count; i++)
        if (str_equal(m->components[i].id, id))
            return &m->components[i];
    return NULL;
}

int manifest_fail_with(
    const struct manifest *m, struct manifest_place place, struct error *err, const char *fmt, ...)
{
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    buf_append_str(&text, STR(": "));
    enum error_kind kind = error_take_line(err, &text);
    manifest_fail(m, place, kind, err, "%s", buf_cstr(&text));
    buf_release(&text);
    return -1;
}

int manifest_fail(const struct manifest *m, struct manifest_place place, enum error_kind kind,
    struct error *err, const char *fmt, ...)
{
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    if (place.line)
        toml_fail(
            &m->document, place.line, place.column, place.len, kind, err, "%s", buf_cstr(&text));
    else
        error_set(err, kind, "%s: %s", m->path, buf_cstr(&text));
    buf_release(&text);
    return -1;
}
