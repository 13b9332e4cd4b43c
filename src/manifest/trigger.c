/*
 * [[trigger.http]]
 */
#include "manifest/names.h"
#include "manifest/tables.h"

static const struct field http_fields[] = {
    {"id", FIELD_USED},
    {"route", FIELD_USED},
    {"component", FIELD_USED},
    {"executor", FIELD_USED},
    {"static_response", FIELD_USED},
    {"components", FIELD_LATER},
    {"dependencies", FIELD_LATER},
};

int read_route(struct reading *r, const struct toml_node *table, const char *what,
    struct manifest_http_trigger *t)
{
    const struct toml_node *route = toml_get(table, STR("route"));
    if (!route)
        return fail_at(r, t->place, "missing field `route` in %s", what);
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

int read_executor(struct reading *r, const struct toml_node *table)
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
        note_later(r, place_of(toml_get(executor, STR("type"))),
            "the executor \"%" STR_FMT "\" is not supported yet", STR_ARG(type));
    else if (!str_is(type, "http") && !str_is(type, "spin"))
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

/* Checks a header as it will stand on the wire, and writes its name in lower case. */
static int check_header(struct reading *r, struct manifest_pair *header)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    char *name = arena_printf(r->arena, "%" STR_FMT, STR_ARG(header->name));
    bool good = *name != '\0';
    for (char *at = name; *at; at++) {
        bool upper = *at >= 'A' && *at <= 'Z';
        *at = upper ? (char)(*at + 'a' - 'A') : *at;
        good = good &&
               ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || strchr(others, *at));
    }
    if (!good || strlen(name) != header->name.len)
        return fail_at(r, header->name_place, "`%" STR_FMT "` is not the name of a header",
            STR_ARG(header->name));
    if (!strcmp(name, "content-length") || !strcmp(name, "transfer-encoding"))
        return fail_at(r, header->name_place, "`%s` follows from the body; leave it out", name);
    header->name = str_of(name);
    for (size_t i = 0; i < header->value.len; i++) {
        unsigned char c = (unsigned char)header->value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return fail_at(r, header->place, "a header has no control characters");
    }
    return 0;
}

static int read_static_response(
    struct reading *r, const struct toml_node *trigger, struct manifest_http_trigger *t)
{
    static const struct field fields[] = {
        {"status_code", FIELD_USED}, {"headers", FIELD_USED}, {"body", FIELD_USED}};
    static const char what[] = "`static_response`";
    const struct toml_node *table, *status;
    if (read_kind(r, trigger, "static_response", TOML_TABLE, &table) < 0)
        return -1;
    if (!table)
        return 0;
    struct manifest_static_response *response =
        arena_new(r->arena, struct manifest_static_response);
    response->status = 200;
    if (CHECK_FIELDS(r, table, what, fields) < 0 ||
        read_pairs(r, table, "headers", &response->headers) < 0 ||
        read_string(r, table, what, "body", false, &response->body) < 0 ||
        read_kind(r, table, "status_code", TOML_INTEGER, &status) < 0)
        return -1;
    for (size_t i = 0; i < response->headers.count; i++)
        if (check_header(r, &response->headers.items[i]) < 0)
            return -1;
    if (status && (status->integer < 100 || status->integer > 599))
        return fail_at(r, place_of(status), "`status_code` must be from 100 to 599");
    if (status)
        response->status = (unsigned)status->integer;
    t->static_response = response;
    return 0;
}

static void choose_id(struct reading *r, const struct toml_node *component, size_t number,
    struct manifest_http_trigger *t)
{
    if (!t->id.len && component)
        t->id = str_of(arena_printf(r->arena, "%" STR_FMT "-http-trigger", STR_ARG(t->component)));
    else if (!t->id.len)
        t->id = str_of(arena_printf(r->arena, "http-trigger%zu", number));
}

/* Who answers: a component, by name or standing here, or a fixed response. */
static int read_answerer(struct reading *r, struct manifest *m, const struct toml_node *table,
    enum manifest_purpose purpose, size_t number, struct manifest_http_trigger *t)
{
    const struct toml_node *component = toml_get(table, STR("component"));
    if (component && component->kind == TOML_TABLE) {
        if (read_inline_component(r, m, component, t->id, purpose, &t->component) < 0)
            return -1;
    } else if (read_string(r, table, "", "component", false, &t->component) < 0) {
        return -1;
    } else if (component && !manifest_find(m, t->component)) {
        return fail_no_component(r, m, component);
    }
    choose_id(r, component, number, t);
    if (read_static_response(r, table, t) < 0)
        return -1;
    if (!component == !t->static_response && !toml_get(table, STR("components")))
        return fail_at(r, t->place,
            "Triggers must specify either component or static_response - %" STR_FMT " has %s",
            STR_ARG(t->id), component ? "both" : "neither");
    return 0;
}

static int read_http_trigger(struct reading *r, struct manifest *m, const struct toml_entry *entry,
    enum manifest_purpose purpose, size_t number, struct manifest_http_trigger *t)
{
    static const char what[] = "[[trigger.http]]";
    const struct toml_node *table = entry->value;
    t->place = place_of(table);
    if (table->kind != TOML_TABLE)
        return fail_at(r, t->place, "a trigger is a table");
    if (CHECK_FIELDS(r, table, what, http_fields) < 0 || read_route(r, table, what, t) < 0 ||
        read_executor(r, table) < 0 || read_string(r, table, what, "id", false, &t->id) < 0)
        return -1;
    return read_answerer(r, m, table, purpose, number, t);
}

/* Of triggers that may be wrong, the components that stand in them and can be built. */
static int read_components_in(struct reading *r, struct manifest *m, const struct toml_node *types)
{
    const struct toml_node *list =
        types && types->kind == TOML_TABLE ? toml_get(types, STR("http")) : NULL;
    for (size_t i = 0; list && list->kind == TOML_ARRAY && i < list->count; i++) {
        const struct toml_node *trigger = list->entries[i].value;
        const struct toml_node *component =
            trigger->kind == TOML_TABLE ? toml_get(trigger, STR("component")) : NULL;
        const struct toml_node *given = component ? toml_get(trigger, STR("id")) : NULL;
        struct str id = given && given->kind == TOML_STRING ? given->string : STR_EMPTY;
        if (component && component->kind == TOML_TABLE &&
            read_inline_component(r, m, component, id, MANIFEST_BUILD_TABLES, &id) < 0)
            return -1;
    }
    return 0;
}

int read_triggers(struct reading *r, struct manifest *m, enum manifest_purpose purpose)
{
    const struct toml_node *types, *list;
    if (purpose == MANIFEST_BUILD_TABLES)
        return read_components_in(r, m, toml_get(m->document.root, STR("trigger")));
    if (read_kind(r, m->document.root, "trigger", TOML_TABLE, &types) < 0)
        return -1;
    if (!types)
        return fail_at(
            r, (struct manifest_place){1, 1, 1}, "no triggers; add a table `[[trigger.http]]`");
    for (size_t i = 0; i < types->count; i++)
        if (!str_is(types->entries[i].key, "http"))
            note_later(r, place_of_key(&types->entries[i]),
                "the trigger type `%" STR_FMT "` is not supported yet; there is `http`",
                STR_ARG(types->entries[i].key));
    if (read_kind(r, types, "http", TOML_ARRAY, &list) < 0)
        return -1;
    m->trigger_count = list ? list->count : 0;
    m->triggers = arena_alloc(r->arena, (m->trigger_count + 1) * sizeof *m->triggers);
    for (size_t i = 0; i < m->trigger_count; i++)
        if (read_http_trigger(r, m, &list->entries[i], purpose, i, &m->triggers[i]) < 0)
            return -1;
    return 0;
}
