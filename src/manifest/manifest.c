#include "manifest/manifest.h"

#include "base/file.h"
#include "base/limits.h"
#include "manifest/reader.h"

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

static const struct field http_fields[] = {
    {"id", FIELD_USED},
    {"route", FIELD_USED},
    {"component", FIELD_USED},
    {"executor", FIELD_USED},
    {"static_response", FIELD_LATER},
    {"components", FIELD_LATER},
    {"dependencies", FIELD_LATER},
};

static const struct field component_fields[] = {
    {"source", FIELD_USED},
    {"description", FIELD_USED},
    {"environment", FIELD_USED},
    {"build", FIELD_USED},
    {"variables", FIELD_LATER},
    {"files", FIELD_LATER},
    {"exclude_files", FIELD_LATER},
    {"allowed_outbound_hosts", FIELD_LATER},
    {"allowed_http_hosts", FIELD_LATER},
    {"key_value_stores", FIELD_LATER},
    {"sqlite_databases", FIELD_LATER},
    {"ai_models", FIELD_LATER},
    {"targets", FIELD_LATER},
    {"dependencies", FIELD_LATER},
    {"dependencies_inherit_configuration", FIELD_LATER},
    {"profile", FIELD_LATER},
    {"tool", FIELD_IGNORED},
};

static const struct field build_fields[] = {
    {"command", FIELD_USED},
    {"workdir", FIELD_USED},
    {"watch", FIELD_USED},
};

#define CHECK_FIELDS(r, table, what, fields) check_fields(r, table, what, fields, countof(fields))

static int read_version(struct reading *r, const struct toml_node *root)
{
    const struct toml_node *version = toml_get(root, STR("spin_manifest_version"));
    const struct toml_entry *old = toml_get_entry(root, STR("spin_version"));
    if (old || (version && version->kind == TOML_STRING && str_is(version->string, "1")))
        return fail_later(r, version ? place_of(version) : place_of_key(old),
            "manifests of version 1 are not supported yet; this one needs "
            "`spin_manifest_version = 2`");
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
            return fail_later(r, place_of_key(type),
                "`application.trigger.%" STR_FMT "` is not supported yet", STR_ARG(type->key));
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

static int read_variables(struct reading *r, struct manifest *m)
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

static int read_build(struct reading *r, const struct toml_node *component, struct str id,
    struct manifest_build *build)
{
    const char *what = arena_printf(r->arena, "[component.%" STR_FMT ".build]", STR_ARG(id));
    const struct toml_node *table;
    if (read_kind(r, component, "build", TOML_TABLE, &table) < 0)
        return -1;
    if (!table)
        return 0;
    build->present = true;
    if (CHECK_FIELDS(r, table, what, build_fields) < 0 ||
        read_string(r, table, what, "workdir", false, &build->workdir) < 0 ||
        read_strings(r, table, "watch", &build->watch) < 0)
        return -1;
    if (build->workdir.len && build->workdir.ptr[0] == '/')
        return fail_at(r, place_of(toml_get(table, STR("workdir"))),
            "The workdir specified in the application file must be relative.");
    const struct toml_node *command = toml_get(table, STR("command"));
    build->is_array = command && command->kind == TOML_ARRAY;
    if (build->is_array)
        return read_strings(r, table, "command", &build->commands);
    build->commands.count = 1;
    build->commands.items = arena_new(r->arena, struct str);
    return read_string(r, table, what, "command", true, &build->commands.items[0]);
}

static int read_source(
    struct reading *r, const struct toml_node *table, struct manifest_component *c)
{
    const struct toml_node *source = toml_get(table, STR("source"));
    if (!source)
        return fail_at(
            r, c->place, "missing field `source` in [component.%" STR_FMT "]", STR_ARG(c->id));
    c->source_place = place_of(source);
    if (source->kind == TOML_TABLE)
        return fail_later(r, c->source_place, "a `source` other than a path is not supported yet");
    if (source->kind != TOML_STRING)
        return fail_at(
            r, c->source_place, "`source` must be a string, not %s", toml_kind_name(source->kind));
    c->source = source->string;
    return 0;
}

static int read_component(struct reading *r, const struct toml_entry *entry,
    enum manifest_purpose purpose, struct manifest_component *c)
{
    const char *what = arena_printf(r->arena, "[component.%" STR_FMT "]", STR_ARG(entry->key));
    const char *problem = check_kebab_id(r->arena, entry->key);
    c->id = entry->key;
    c->place = place_of_key(entry);
    if (problem)
        return fail_at(r, c->place, "%s", problem);
    if (entry->value->kind != TOML_TABLE)
        return fail_at(r, place_of(entry->value), "a component is a table");
    if (read_build(r, entry->value, c->id, &c->build) < 0)
        return -1;
    if (purpose == MANIFEST_FOR_BUILDING)
        return 0;
    if (CHECK_FIELDS(r, entry->value, what, component_fields) < 0 ||
        read_source(r, entry->value, c) < 0 ||
        read_string(r, entry->value, what, "description", false, &c->description) < 0)
        return -1;
    return read_pairs(r, entry->value, "environment", &c->environment_count, &c->environment);
}

static int read_components(struct reading *r, struct manifest *m, enum manifest_purpose purpose)
{
    const struct toml_node *table;
    if (read_kind(r, m->document.root, "component", TOML_TABLE, &table) < 0)
        return -1;
    m->component_count = table ? table->count : 0;
    m->components = arena_alloc(r->arena, (m->component_count + 1) * sizeof *m->components);
    for (size_t i = 0; i < m->component_count; i++)
        if (read_component(r, &table->entries[i], purpose, &m->components[i]) < 0)
            return -1;
    return 0;
}

static int read_route(
    struct reading *r, const struct toml_entry *trigger, struct manifest_http_trigger *t)
{
    const struct toml_node *table = trigger->value;
    const struct toml_node *route = toml_get(table, STR("route"));
    if (!route)
        return fail_at(r, t->place, "missing field `route` in [[trigger.http]]");
    if (route->kind == TOML_TABLE) {
        static const struct field private_fields[] = {{"private", FIELD_USED}};
        if (CHECK_FIELDS(r, route, "`route`", private_fields) < 0 ||
            read_bool(r, route, "private", &t->is_private) < 0)
            return -1;
        if (!t->is_private)
            return fail_at(r, place_of(route), "a `route` is a string or `{ private = true }`");
        return 0;
    }
    if (route->kind != TOML_STRING)
        return fail_at(r, place_of(route), "a `route` is a string or `{ private = true }`");
    t->route = route->string;
    const char *problem = check_route(r->arena, t->route);
    return problem ? fail_at(r, place_of(route), "%s", problem) : 0;
}

static int read_executor(struct reading *r, const struct toml_node *table)
{
    static const struct field executor_fields[] = {
        {"type", FIELD_USED}, {"argv", FIELD_LATER}, {"entrypoint", FIELD_LATER}};
    const struct toml_node *executor;
    struct str type = STR("http");
    if (read_kind(r, table, "executor", TOML_TABLE, &executor) < 0)
        return -1;
    if (!executor)
        return 0;
    if (read_string(r, executor, "`executor`", "type", true, &type) < 0)
        return -1;
    if (str_is(type, "wagi") || str_is(type, "wasip3-unstable"))
        return fail_later(r, place_of(toml_get(executor, STR("type"))),
            "the executor \"%" STR_FMT "\" is not supported yet", STR_ARG(type));
    if (!str_is(type, "http") && !str_is(type, "spin"))
        return fail_at(r, place_of(toml_get(executor, STR("type"))),
            "unknown executor \"%" STR_FMT "\"; there is \"http\"", STR_ARG(type));
    return CHECK_FIELDS(r, executor, "`executor`", executor_fields);
}

static int fail_no_component(
    struct reading *r, const struct manifest *m, const struct toml_node *reference)
{
    struct str *names = arena_alloc(r->arena, (m->component_count + 1) * sizeof *names);
    for (size_t i = 0; i < m->component_count; i++)
        names[i] = m->components[i].id;
    struct str near = nearest_name(reference->string, names, m->component_count);
    if (near.len)
        return fail_at(r, place_of(reference),
            "there is no component `%" STR_FMT "`; did you mean `%" STR_FMT "`?",
            STR_ARG(reference->string), STR_ARG(near));
    return fail_at(r, place_of(reference),
        "there is no component `%" STR_FMT "`; add a table `[component.%" STR_FMT "]`",
        STR_ARG(reference->string), STR_ARG(reference->string));
}

static int read_http_trigger(struct reading *r, struct manifest *m, const struct toml_entry *entry,
    size_t number, struct manifest_http_trigger *t)
{
    static const char what[] = "[[trigger.http]]";
    const struct toml_node *table = entry->value;
    t->place = place_of(table);
    if (table->kind != TOML_TABLE)
        return fail_at(r, t->place, "a trigger is a table");
    if (CHECK_FIELDS(r, table, what, http_fields) < 0 || read_route(r, entry, t) < 0 ||
        read_executor(r, table) < 0 || read_string(r, table, what, "id", false, &t->id) < 0)
        return -1;
    const struct toml_node *component = toml_get(table, STR("component"));
    if (component && component->kind == TOML_TABLE)
        return fail_later(r, place_of(component), "inline components are not supported yet");
    if (read_string(r, table, what, "component", false, &t->component) < 0)
        return -1;
    if (!t->id.len && component)
        t->id = str_of(arena_printf(r->arena, "%" STR_FMT "-http-trigger", STR_ARG(t->component)));
    else if (!t->id.len)
        t->id = str_of(arena_printf(r->arena, "http-trigger%zu", number));
    if (!component)
        return fail_at(r, t->place,
            "Triggers must specify either component or static_response - %" STR_FMT " has neither",
            STR_ARG(t->id));
    if (!manifest_find(m, t->component))
        return fail_no_component(r, m, component);
    return 0;
}

static int read_triggers(struct reading *r, struct manifest *m)
{
    const struct toml_node *types, *list;
    if (read_kind(r, m->document.root, "trigger", TOML_TABLE, &types) < 0)
        return -1;
    if (!types)
        return fail_at(
            r, (struct manifest_place){1, 1, 1}, "no triggers; add a table `[[trigger.http]]`");
    for (size_t i = 0; i < types->count; i++)
        if (!str_is(types->entries[i].key, "http"))
            return fail_later(r, place_of_key(&types->entries[i]),
                "the trigger type `%" STR_FMT "` is not supported yet; there is `http`",
                STR_ARG(types->entries[i].key));
    if (read_kind(r, types, "http", TOML_ARRAY, &list) < 0)
        return -1;
    m->trigger_count = list ? list->count : 0;
    m->triggers = arena_alloc(r->arena, (m->trigger_count + 1) * sizeof *m->triggers);
    for (size_t i = 0; i < m->trigger_count; i++)
        if (read_http_trigger(r, m, &list->entries[i], i, &m->triggers[i]) < 0)
            return -1;
    return 0;
}

static int read_manifest(struct manifest *m, enum manifest_purpose purpose, struct error *err)
{
    struct reading r = {.doc = &m->document, .arena = &m->arena, .err = err};
    if (file_read(m->path, LIMIT_TEXT_FILE_BYTES, &m->text, err) < 0 ||
        toml_parse(&m->arena, m->path, buf_str(&m->text), &m->document, err) < 0)
        return -1;
    if (purpose == MANIFEST_FOR_BUILDING)
        return read_components(&r, m, purpose);
    if (read_version(&r, m->document.root) < 0 ||
        CHECK_FIELDS(&r, m->document.root, "the manifest", root_fields) < 0 ||
        read_application(&r, m) < 0 || read_variables(&r, m) < 0 ||
        read_components(&r, m, purpose) < 0)
        return -1;
    return read_triggers(&r, m);
}

int manifest_load(const char *path, enum manifest_purpose purpose, struct manifest **ret_manifest,
    struct error *err)
{
    struct manifest *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(err, ERROR_MEMORY, "no memory for a manifest");
    m->arena = ARENA_INIT(2 * GIB);
    m->text = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    m->path = arena_printf(&m->arena, "%s", path);
    m->folder = path_dir(&m->arena, path);
    if (read_manifest(m, purpose, err) < 0) {
        error_wrap(err, "Failed to load manifest from \"%s\"", path);
        manifest_free(m);
        return -1;
    }
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

int manifest_fail(const struct manifest *m, struct manifest_place place, enum error_kind kind,
    struct error *err, const char *fmt, ...)
{
    struct buf text = BUF_INIT(64 * KIB);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    toml_fail(&m->document, place.line, place.column, place.len, kind, err, "%s", buf_cstr(&text));
    buf_release(&text);
    return -1;
}
