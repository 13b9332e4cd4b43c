/*
 * [component.<id>]
 */
#include "manifest/names.h"
#include "manifest/tables.h"

static const struct field fields[] = {
    {"source", FIELD_USED},
    {"description", FIELD_USED},
    {"id", FIELD_USED},
    {"environment", FIELD_USED},
    {"variables", FIELD_USED},
    {"files", FIELD_USED},
    {"exclude_files", FIELD_USED},
    {"allowed_outbound_hosts", FIELD_USED},
    {"allowed_http_hosts", FIELD_USED},
    {"key_value_stores", FIELD_USED},
    {"sqlite_databases", FIELD_USED},
    {"ai_models", FIELD_USED},
    {"build", FIELD_USED},
    {"targets", FIELD_LATER},
    {"dependencies", FIELD_LATER},
    {"dependencies_inherit_configuration", FIELD_LATER},
    {"profile", FIELD_LATER},
    {"tool", FIELD_IGNORED},
};

static const struct component_keys keys = {
    .fields = fields, .field_count = countof(fields), .variables = "variables"};

static const struct field build_fields[] = {
    {"command", FIELD_USED},
    {"workdir", FIELD_USED},
    {"watch", FIELD_USED},
};

/* What follows a table's heading is the table's: easily written one heading too low. */
static int check_not_of_component(
    struct reading *r, const struct toml_node *build, const struct component_keys *k, struct str id)
{
    for (size_t i = 0; i < build->count; i++)
        for (size_t j = 0; j < k->field_count; j++)
            if (str_is(build->entries[i].key, k->fields[j].name))
                return fail_at(r, place_of_key(&build->entries[i]),
                    "`%s` stands in [component.%" STR_FMT ".build]; it belongs in "
                    "[component.%" STR_FMT "], above that heading",
                    k->fields[j].name, STR_ARG(id), STR_ARG(id));
    return 0;
}

static int read_build(struct reading *r, const struct toml_node *component,
    const struct component_keys *k, struct str id, struct manifest_build *build)
{
    const char *what = arena_printf(r->arena, "[component.%" STR_FMT ".build]", STR_ARG(id));
    const struct toml_node *table;
    if (read_kind(r, component, "build", TOML_TABLE, &table) < 0)
        return -1;
    if (!table)
        return 0;
    build->present = true;
    build->place = place_of_key(toml_get_entry(component, STR("build")));
    if (check_not_of_component(r, table, k, id) < 0 ||
        CHECK_FIELDS(r, table, what, build_fields) < 0 ||
        read_string(r, table, what, "workdir", false, &build->workdir) < 0 ||
        read_strings(r, table, "watch", &build->watch) < 0)
        return -1;
    if (toml_get(table, STR("workdir")))
        build->workdir_place = place_of(toml_get(table, STR("workdir")));
    if (build->workdir.len && build->workdir.ptr[0] == '/')
        return fail_at(r, build->workdir_place,
            "The workdir specified in the application file must be relative.");
    const struct toml_node *command = toml_get(table, STR("command"));
    build->is_array = command && command->kind == TOML_ARRAY;
    if (build->is_array)
        return read_strings(r, table, "command", &build->commands);
    build->commands.count = 1;
    build->commands.items = arena_new(r->arena, struct manifest_string);
    if (command)
        build->commands.items[0].place = place_of(command);
    return read_string(r, table, what, "command", true, &build->commands.items[0].text);
}

static int read_source(
    struct reading *r, const struct toml_node *table, struct manifest_component *c)
{
    const struct toml_node *source = toml_get(table, STR("source"));
    if (!source)
        return fail_at(
            r, c->place, "missing field `source` in [component.%" STR_FMT "]", STR_ARG(c->id));
    c->source_place = place_of(source);
    if (source->kind == TOML_TABLE) {
        bool url = toml_get(source, STR("url")) != NULL;
        bool package = toml_get(source, STR("package")) != NULL;
        if (url == package)
            return fail_at(r, c->source_place,
                "a `source` is a path, `{ url = \"...\", digest = \"sha256:...\" }` or "
                "`{ registry = \"...\", package = \"...\", version = \"...\" }`");
        note_later(r, c->source_place, "a `source` of a %s is not supported yet; name a file",
            url ? "URL" : "registry");
        return 0;
    }
    if (source->kind != TOML_STRING)
        return fail_at(
            r, c->source_place, "`source` must be a string, not %s", toml_kind_name(source->kind));
    c->source = source->string;
    return 0;
}

/* The page of Spin's own tutorial writes it; the table's name has said it already. */
static int read_id(
    struct reading *r, const struct toml_node *table, const struct manifest_component *c)
{
    struct str id = c->id;
    if (read_string(r, table, "", "id", false, &id) < 0)
        return -1;
    const struct toml_entry *entry = toml_get_entry(table, STR("id"));
    if (!entry)
        return 0;
    if (!str_equal(id, c->id))
        return fail_at(r, place_of_key(entry),
            "unknown field `id` in [component.%" STR_FMT "]; a component's id is its table's name: "
            "write `[component.%" STR_FMT "]`",
            STR_ARG(c->id), STR_ARG(id));
    note_warning(r, place_of_key(entry),
        "`id` in [component.%" STR_FMT "] is not needed: the table's name says it", STR_ARG(c->id));
    return 0;
}

static int read_placement(
    struct reading *r, const struct toml_node *table, struct manifest_file *file)
{
    static const struct field placement_fields[] = {
        {"source", FIELD_USED}, {"destination", FIELD_USED}};
    static const char what[] = "an element of `files`";
    file->is_placement = true;
    if (CHECK_FIELDS(r, table, what, placement_fields) < 0 ||
        read_string(r, table, what, "source", true, &file->source) < 0 ||
        read_string(r, table, what, "destination", true, &file->destination) < 0)
        return -1;
    file->place = place_of(toml_get(table, STR("source")));
    file->destination_place = place_of(toml_get(table, STR("destination")));
    return 0;
}

static int read_files(
    struct reading *r, const struct toml_node *table, struct manifest_component *c)
{
    const struct toml_node *list;
    if (read_kind(r, table, "files", TOML_ARRAY, &list) < 0)
        return -1;
    c->file_count = list ? list->count : 0;
    c->files = arena_alloc(r->arena, (c->file_count + 1) * sizeof *c->files);
    for (size_t i = 0; i < c->file_count; i++) {
        const struct toml_node *item = list->entries[i].value;
        c->files[i].place = place_of(item);
        if (item->kind == TOML_STRING)
            c->files[i].source = item->string;
        else if (item->kind != TOML_TABLE)
            return fail_at(r, place_of(item),
                "an element of `files` is a string or `{ source = \"...\", destination = \"/...\" "
                "}`");
        else if (read_placement(r, item, &c->files[i]) < 0)
            return -1;
    }
    return read_strings(r, table, "exclude_files", &c->exclude_files);
}

static int read_labels(
    struct reading *r, const struct toml_node *table, const char *key, struct manifest_strings *ret)
{
    if (read_strings(r, table, key, ret) < 0)
        return -1;
    for (size_t i = 0; i < ret->count; i++) {
        const char *problem = check_label(r->arena, ret->items[i].text);
        if (problem)
            return fail_at(r, ret->items[i].place, "%s", problem);
    }
    return 0;
}

static int read_own_variables(
    struct reading *r, const struct toml_node *table, const char *key, struct manifest_component *c)
{
    if (read_pairs(r, table, key, &c->variables) < 0)
        return -1;
    for (size_t i = 0; i < c->variables.count; i++) {
        const char *problem = check_variable_name(r->arena, c->variables.items[i].name);
        if (problem)
            return fail_at(r, c->variables.items[i].name_place, "%s", problem);
    }
    return 0;
}

static void add_host(struct reading *r, struct manifest_strings *hosts, const char *host,
    struct manifest_place place)
{
    struct manifest_string *items = arena_alloc(r->arena, (hosts->count + 1) * sizeof *items);
    if (hosts->count)
        memcpy(items, hosts->items, hosts->count * sizeof *items);
    items[hosts->count++] = (struct manifest_string){str_of(host), place};
    hosts->items = items;
}

/* The older list of hosts without schemes, as the entries of the newer that mean the same. */
static int read_http_hosts(struct reading *r, const struct toml_node *table,
    const struct component_keys *k, struct manifest_strings *hosts)
{
    struct manifest_strings old = {0};
    if (read_strings(r, table, "allowed_http_hosts", &old) < 0)
        return -1;
    if (old.count && !k->version1)
        note_warning(r, place_of_key(toml_get_entry(table, STR("allowed_http_hosts"))),
            "`allowed_http_hosts` is deprecated: write `allowed_outbound_hosts`, with `http://` or "
            "`https://` before each host");
    for (size_t i = 0; i < old.count; i++) {
        struct manifest_string *item = &old.items[i];
        bool everything = str_is(item->text, "insecure:allow-all");
        struct str host = everything ? STR("*:*") : item->text;
        add_host(r, hosts, arena_printf(r->arena, "http://%" STR_FMT, STR_ARG(host)), item->place);
        add_host(r, hosts, arena_printf(r->arena, "https://%" STR_FMT, STR_ARG(host)), item->place);
        if (everything)
            add_host(r, hosts, "http://self", item->place);
    }
    return 0;
}

/* What components of version 1 could reach before there was a list to say so. */
static void add_databases_of_version1(
    struct reading *r, const struct toml_node *table, struct manifest_component *c)
{
    static const char *const hosts[] = {"redis://*:*", "mysql://*:*", "postgres://*:*"};
    for (size_t i = 0; !toml_get(table, STR("allowed_outbound_hosts")) && i < countof(hosts); i++)
        add_host(r, &c->allowed_outbound_hosts, hosts[i], c->place);
}

int read_component(struct reading *r, const struct toml_node *table, const struct component_keys *k,
    enum manifest_purpose purpose, struct manifest_component *c)
{
    const char *what = arena_printf(r->arena, "[component.%" STR_FMT "]", STR_ARG(c->id));
    if (table->kind != TOML_TABLE)
        return fail_at(r, place_of(table), "a component is a table");
    if (read_build(r, table, k, c->id, &c->build) < 0)
        return -1;
    if (purpose == MANIFEST_BUILD_TABLES)
        return 0;
    if (check_fields(r, table, what, k->fields, k->field_count) < 0 ||
        read_source(r, table, c) < 0 ||
        read_string(r, table, what, "description", false, &c->description) < 0 ||
        (!k->version1 && read_id(r, table, c) < 0) ||
        read_pairs(r, table, "environment", &c->environment) < 0 ||
        read_own_variables(r, table, k->variables, c) < 0 || read_files(r, table, c) < 0)
        return -1;
    if (read_strings(r, table, "allowed_outbound_hosts", &c->allowed_outbound_hosts) < 0 ||
        read_http_hosts(r, table, k, &c->allowed_outbound_hosts) < 0 ||
        read_labels(r, table, "key_value_stores", &c->key_value_stores) < 0 ||
        read_labels(r, table, "sqlite_databases", &c->sqlite_databases) < 0)
        return -1;
    if (k->version1)
        add_databases_of_version1(r, table, c);
    return read_strings(r, table, "ai_models", &c->ai_models);
}

static size_t count_inline_components(const struct toml_node *root)
{
    const struct toml_node *types = toml_get(root, STR("trigger"));
    const struct toml_node *list =
        types && types->kind == TOML_TABLE ? toml_get(types, STR("http")) : NULL;
    size_t count = 0;
    for (size_t i = 0; list && list->kind == TOML_ARRAY && i < list->count; i++) {
        const struct toml_node *trigger = list->entries[i].value;
        const struct toml_node *component =
            trigger->kind == TOML_TABLE ? toml_get(trigger, STR("component")) : NULL;
        count += component && component->kind == TOML_TABLE;
    }
    return count;
}

int read_components(struct reading *r, struct manifest *m, enum manifest_purpose purpose)
{
    const struct toml_node *table;
    if (read_kind(r, m->document.root, "component", TOML_TABLE, &table) < 0)
        return -1;
    size_t count = table ? table->count : 0;
    size_t room = count + count_inline_components(m->document.root);
    m->components = arena_alloc(r->arena, (room + 1) * sizeof *m->components);
    for (size_t i = 0; i < count; i++) {
        const struct toml_entry *entry = &table->entries[i];
        struct manifest_component *c = &m->components[m->component_count++];
        const char *problem = check_kebab_id(r->arena, entry->key);
        *c = (struct manifest_component){.id = entry->key, .place = place_of_key(entry)};
        if (problem)
            return fail_at(r, c->place, "%s", problem);
        if (read_component(r, entry->value, &keys, purpose, c) < 0)
            return -1;
    }
    return 0;
}

int read_inline_component(struct reading *r, struct manifest *m, const struct toml_node *table,
    struct str trigger_id, enum manifest_purpose purpose, struct str *ret_id)
{
    struct str id = str_of(arena_printf(r->arena, "%" STR_FMT "-component", STR_ARG(trigger_id)));
    for (unsigned n = 1; check_kebab_id(r->arena, id) || manifest_find(m, id); n++)
        id = str_of(arena_printf(r->arena, "inline-component%u", n));
    struct manifest_component *c = &m->components[m->component_count];
    *c = (struct manifest_component){.id = id, .place = place_of(table)};
    if (read_component(r, table, &keys, purpose, c) < 0)
        return -1;
    m->component_count++;
    *ret_id = id;
    return 0;
}
