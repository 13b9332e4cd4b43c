/*
 * Manifests of version 1, as those of version 2 that mean the same:
 *
 *     spin_manifest_version = "1"
 *     name = "app"
 *     trigger = { type = "http", base = "/" }
 *     [[component]]
 *     id = "hello_world"             # hello-world
 *     source = "app.wasm"
 *     config = { a = "{{ b }}" }     # variables
 *     [component.trigger]            # [[trigger.http]]
 *     route = "/..."
 */
#include "manifest/names.h"
#include "manifest/tables.h"

static const struct field root_fields[] = {
    {"spin_manifest_version", FIELD_USED},
    {"spin_version", FIELD_USED},
    {"name", FIELD_USED},
    {"version", FIELD_USED},
    {"description", FIELD_USED},
    {"authors", FIELD_USED},
    {"trigger", FIELD_USED},
    {"variables", FIELD_USED},
    {"component", FIELD_USED},
};

static const struct field trigger_fields[] = {
    {"type", FIELD_USED},
    {"base", FIELD_USED},
    {"address", FIELD_USED},
};

static const struct field component_fields[] = {
    {"id", FIELD_USED},
    {"source", FIELD_USED},
    {"description", FIELD_USED},
    {"environment", FIELD_USED},
    {"config", FIELD_USED},
    {"files", FIELD_USED},
    {"exclude_files", FIELD_USED},
    {"allowed_outbound_hosts", FIELD_USED},
    {"allowed_http_hosts", FIELD_USED},
    {"key_value_stores", FIELD_USED},
    {"sqlite_databases", FIELD_USED},
    {"ai_models", FIELD_USED},
    {"trigger", FIELD_USED},
    {"build", FIELD_USED},
};

static const struct field route_fields[] = {
    {"route", FIELD_USED},
    {"executor", FIELD_USED},
};

static const struct component_keys keys = {
    .fields = component_fields,
    .field_count = countof(component_fields),
    .variables = "config",
    .version1 = true,
};

static const char root_name[] = "a manifest of version 1", component_name[] = "[[component]]",
                  trigger_name[] = "[component.trigger]";

/* *ret_http: the application's trigger is ours. */
static int read_trigger(struct reading *r, const struct toml_node *root, bool *ret_http)
{
    const struct toml_node *table;
    struct str type = STR_EMPTY, base = STR("/");
    if (read_kind(r, root, "trigger", TOML_TABLE, &table) < 0)
        return -1;
    if (!table)
        return fail_at(r, (struct manifest_place){1, 1, 1},
            "missing field `trigger`, as in `trigger = { type = \"http\" }`");
    if (CHECK_FIELDS(r, table, "`trigger`", trigger_fields) < 0 ||
        read_string(r, table, "`trigger`", "type", true, &type) < 0 ||
        read_string(r, table, "`trigger`", "base", false, &base) < 0)
        return -1;
    *ret_http = str_is(type, "http");
    if (!*ret_http)
        note_later(r, place_of(toml_get(table, STR("type"))),
            "the trigger type `%" STR_FMT "` is not supported yet; there is `http`", STR_ARG(type));
    if (!str_is(base, "/"))
        return fail_at(r, place_of_key(toml_get_entry(table, STR("base"))),
            "This application is using the deprecated trigger 'base' field. The base must be "
            "prepended to each component's 'route'.");
    return 0;
}

/* "Hello_World" is hello-world in version 2. */
static int read_id(struct reading *r, const struct toml_node *table, struct manifest_component *c)
{
    struct str given = STR_EMPTY;
    if (read_string(r, table, component_name, "id", true, &given) < 0)
        return -1;
    c->place = place_of(toml_get(table, STR("id")));
    char *id = arena_printf(r->arena, "%" STR_FMT, STR_ARG(given));
    for (char *at = id; *at; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + 'a' - 'A');
        else if (*at == '_')
            *at = '-';
    }
    c->id = str_of(id);
    const char *problem = check_kebab_id(r->arena, c->id);
    return problem ? fail_at(r, c->place, "%s", problem) : 0;
}

static int read_route_of(struct reading *r, const struct toml_node *component,
    const struct manifest_component *c, struct manifest_http_trigger *t)
{
    const struct toml_node *table;
    if (read_kind(r, component, "trigger", TOML_TABLE, &table) < 0)
        return -1;
    if (!table)
        return fail_at(r, c->place, "missing table `%s` of component `%" STR_FMT "`", trigger_name,
            STR_ARG(c->id));
    t->place = place_of(table);
    t->component = c->id;
    t->id = str_of(arena_printf(r->arena, "trigger-%" STR_FMT, STR_ARG(c->id)));
    if (CHECK_FIELDS(r, table, trigger_name, route_fields) < 0 ||
        read_route(r, table, trigger_name, t) < 0)
        return -1;
    return read_executor(r, table);
}

static int read_one(struct reading *r, struct manifest *m, const struct toml_node *table,
    enum manifest_purpose purpose, bool http)
{
    struct manifest_component *c = &m->components[m->component_count];
    if (table->kind != TOML_TABLE)
        return fail_at(r, place_of(table), "a component is a table");
    if (read_id(r, table, c) < 0)
        return -1;
    if (manifest_find(m, c->id))
        return fail_at(r, c->place, "there are two components `%" STR_FMT "`", STR_ARG(c->id));
    m->component_count++;
    if (read_component(r, table, &keys, purpose, c) < 0)
        return -1;
    if (purpose == MANIFEST_BUILD_TABLES || !http)
        return 0;
    return read_route_of(r, table, c, &m->triggers[m->trigger_count++]);
}

static int read_application(struct reading *r, struct manifest *m, bool *ret_http)
{
    const struct toml_node *root = m->document.root;
    if (CHECK_FIELDS(r, root, root_name, root_fields) < 0 ||
        read_string(r, root, root_name, "name", true, &m->name) < 0 ||
        read_string(r, root, root_name, "version", false, &m->version) < 0 ||
        read_string(r, root, root_name, "description", false, &m->description) < 0 ||
        read_strings(r, root, "authors", &m->authors) < 0 || read_variables(r, m) < 0)
        return -1;
    return read_trigger(r, root, ret_http);
}

int read_version1(struct reading *r, struct manifest *m, enum manifest_purpose purpose)
{
    const struct toml_node *list;
    bool http = true;
    if (purpose != MANIFEST_BUILD_TABLES && read_application(r, m, &http) < 0)
        return -1;
    if (read_kind(r, m->document.root, "component", TOML_ARRAY, &list) < 0)
        return -1;
    size_t count = list ? list->count : 0;
    m->components = arena_alloc(r->arena, (count + 1) * sizeof *m->components);
    m->triggers = arena_alloc(r->arena, (count + 1) * sizeof *m->triggers);
    for (size_t i = 0; i < count; i++)
        if (read_one(r, m, list->entries[i].value, purpose, http) < 0)
            return -1;
    return 0;
}
