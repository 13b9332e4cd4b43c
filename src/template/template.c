/*
 * spin-template.toml -> struct template.
 */
#include "template/template.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "template/pattern.h"

#define MANIFEST_NAME "metadata/spin-template.toml"

struct reading {
    struct arena *arena;
    struct toml_document doc;
    struct error *err;
};

PRINTF_LIKE(5, 6)
static int fail_at(
    struct reading *r, uint32_t line, uint32_t column, size_t len, const char *fmt, ...)
{
    struct buf text CLEANUP(buf_release) = BUF_INIT(LIMIT_MESSAGE_BYTES);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    return toml_fail(&r->doc, line, column, len, ERROR_INVALID, r->err, "%s", buf_cstr(&text));
}

static int fail_value(struct reading *r, const struct toml_node *node, const char *message)
{
    size_t len = node->kind == TOML_STRING ? node->string.len + 2 : 1;
    return fail_at(r, node->line, node->column, len, "%s", message);
}

/* --------------------------------------------------------------------------------------- fields */

/* `known`: names, NULL after the last. */
static int check_keys(
    struct reading *r, const struct toml_node *table, const char *what, const char *const *known)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct toml_entry *entry = &table->entries[i];
        const char *nearest = NULL;
        unsigned least = 3;
        bool found = false;
        for (const char *const *name = known; *name && !found; name++) {
            unsigned distance = str_distance(entry->key, str_of(*name));
            found = distance == 0;
            if (distance < least) {
                least = distance;
                nearest = *name;
            }
        }
        if (found)
            continue;
        return fail_at(r, entry->line, entry->column, entry->key.len,
            "unknown field `%" STR_FMT "` in %s%s%s%s", STR_ARG(entry->key), what,
            nearest ? "; did you mean `" : "", nearest ? nearest : "", nearest ? "`?" : "");
    }
    return 0;
}

/* The value of a key, which must be of the kind; *ret NULL if it is absent. */
static int read_kind(struct reading *r, const struct toml_node *table, const char *key,
    enum toml_kind kind, const struct toml_node **ret)
{
    const struct toml_node *value = table ? toml_get(table, str_of(key)) : NULL;
    if (value && value->kind != kind)
        return fail_at(r, value->line, value->column, 1, "`%s` must be %s, not %s", key,
            toml_kind_name(kind), toml_kind_name(value->kind));
    *ret = value;
    return 0;
}

/* Leaves *ret alone when the key is absent. */
static int read_string(
    struct reading *r, const struct toml_node *table, const char *key, struct str *ret)
{
    const struct toml_node *value;
    if (read_kind(r, table, key, TOML_STRING, &value) < 0)
        return -1;
    if (value)
        *ret = value->string;
    return 0;
}

static int read_needed(struct reading *r, const struct toml_node *table, const char *what,
    const char *key, struct str *ret)
{
    *ret = STR_EMPTY;
    if (read_string(r, table, key, ret) < 0)
        return -1;
    if (!ret->len)
        return fail_at(r, table->line, table->column, 1, "%s needs the field `%s`", what, key);
    return 0;
}

static int read_strings(
    struct reading *r, const struct toml_node *table, const char *key, struct template_strings *ret)
{
    const struct toml_node *list;
    if (read_kind(r, table, key, TOML_ARRAY, &list) < 0)
        return -1;
    ret->count = list ? list->count : 0;
    ret->items = arena_alloc(r->arena, (ret->count + 1) * sizeof *ret->items);
    for (size_t i = 0; i < ret->count; i++) {
        const struct toml_node *item = list->entries[i].value;
        if (item->kind != TOML_STRING)
            return fail_at(r, item->line, item->column, 1, "`%s` must be a list of strings", key);
        ret->items[i] = item->string;
    }
    return 0;
}

/* ----------------------------------------------------------------------------------- parameters */

static int check_pattern(
    struct reading *r, const struct toml_node *table, const struct template_parameter *parameter)
{
    struct error err CLEANUP(error_release) = ERROR_INIT;
    bool ignored;
    if (parameter->pattern.len &&
        pattern_matches(parameter->pattern, STR_EMPTY, &ignored, &err) < 0)
        return fail_value(r, toml_get(table, STR("pattern")), error_message(&err));
    return 0;
}

static int read_parameter(
    struct reading *r, const struct toml_entry *entry, struct template_parameter *ret)
{
    static const char *const known[] = {
        "type", "prompt", "default", "pattern", "allowed_values", NULL};
    const struct toml_node *table = entry->value;
    char *what = arena_printf(r->arena, "parameter `%" STR_FMT "`", STR_ARG(entry->key));
    struct str type;
    if (table->kind != TOML_TABLE)
        return fail_at(r, table->line, table->column, 1, "%s must be a table", what);
    ret->name = entry->key;
    if (check_keys(r, table, what, known) < 0 || read_needed(r, table, what, "type", &type) < 0 ||
        read_needed(r, table, what, "prompt", &ret->prompt) < 0)
        return -1;
    if (!str_is(type, "string"))
        return fail_value(r, toml_get(table, STR("type")),
            arena_printf(r->arena, "Unrecognised data type '%" STR_FMT "'", STR_ARG(type)));
    ret->has_default = toml_get(table, STR("default")) != NULL;
    if (read_string(r, table, "default", &ret->value) < 0 ||
        read_string(r, table, "pattern", &ret->pattern) < 0 ||
        read_strings(r, table, "allowed_values", &ret->allowed) < 0)
        return -1;
    return check_pattern(r, table, ret);
}

static int read_parameters(struct reading *r, struct template *t)
{
    const struct toml_node *table;
    if (read_kind(r, r->doc.root, "parameters", TOML_TABLE, &table) < 0)
        return -1;
    t->parameter_count = table ? table->count : 0;
    t->parameters = arena_alloc(r->arena, (t->parameter_count + 1) * sizeof *t->parameters);
    for (size_t i = 0; i < t->parameter_count; i++)
        if (read_parameter(r, &table->entries[i], &t->parameters[i]) < 0)
            return -1;
    return 0;
}

/* ------------------------------------------------------------------------------------- variants */

static const char *const snippet_names[TEMPLATE_SNIPPETS + 1] = {
    [SNIPPET_COMPONENT] = "component",
    [SNIPPET_APPLICATION_TRIGGER] = "application_trigger",
    [SNIPPET_VARIABLES] = "variables",
};

static int read_snippets(struct reading *r, const struct toml_node *variant, const char *what,
    const struct template *t, struct str snippets[TEMPLATE_SNIPPETS])
{
    const struct toml_node *table;
    if (read_kind(r, variant, "snippets", TOML_TABLE, &table) < 0)
        return -1;
    if (!table)
        return 0;
    if (check_keys(r, table, arena_printf(r->arena, "the snippets of %s", what), snippet_names) < 0)
        return -1;
    for (size_t i = 0; i < TEMPLATE_SNIPPETS; i++) {
        if (read_string(r, table, snippet_names[i], &snippets[i]) < 0)
            return -1;
        struct str path =
            str_of(arena_printf(r->arena, "metadata/snippets/%" STR_FMT, STR_ARG(snippets[i])));
        if (snippets[i].len && !template_files_find(&t->files, path))
            return fail_value(r, toml_get(table, str_of(snippet_names[i])),
                arena_printf(r->arena, "there is no '%" STR_FMT "'", STR_ARG(path)));
    }
    return 0;
}

static int read_condition(
    struct reading *r, const struct toml_entry *entry, struct template_condition *ret)
{
    static const char *const known[] = {
        "condition", "skip_files", "skip_parameters", "skip_snippets", NULL};
    static const char *const conditions[] = {"manifest_entry_exists", NULL};
    const struct toml_node *table = entry->value, *condition;
    char *what = arena_printf(r->arena, "condition `%" STR_FMT "`", STR_ARG(entry->key));
    if (table->kind != TOML_TABLE)
        return fail_at(r, table->line, table->column, 1, "%s must be a table", what);
    ret->name = entry->key;
    if (check_keys(r, table, what, known) < 0 ||
        read_kind(r, table, "condition", TOML_TABLE, &condition) < 0)
        return -1;
    if (!condition)
        return fail_at(r, table->line, table->column, 1, "%s needs the field `condition`", what);
    if (check_keys(r, condition, what, conditions) < 0 ||
        read_needed(r, condition, what, conditions[0], &ret->entry) < 0 ||
        read_strings(r, table, "skip_files", &ret->skip_files) < 0 ||
        read_strings(r, table, "skip_parameters", &ret->skip_parameters) < 0)
        return -1;
    return read_strings(r, table, "skip_snippets", &ret->skip_snippets);
}

static int read_conditions(
    struct reading *r, const struct toml_node *variant, struct template_variant *ret)
{
    const struct toml_node *table;
    if (read_kind(r, variant, "conditions", TOML_TABLE, &table) < 0)
        return -1;
    ret->condition_count = table ? table->count : 0;
    ret->conditions = arena_alloc(r->arena, (ret->condition_count + 1) * sizeof *ret->conditions);
    for (size_t i = 0; i < ret->condition_count; i++)
        if (read_condition(r, &table->entries[i], &ret->conditions[i]) < 0)
            return -1;
    return 0;
}

/* `supported`: without a table. */
static int read_variant(struct reading *r, const char *key, bool supported,
    const struct template *t, struct template_variant *ret)
{
    static const char *const known[] = {
        "supported", "skip_files", "skip_parameters", "snippets", "conditions", NULL};
    const struct toml_node *table, *flag;
    if (read_kind(r, r->doc.root, key, TOML_TABLE, &table) < 0)
        return -1;
    ret->supported = supported || table;
    if (!table)
        return 0;
    char *what = arena_printf(r->arena, "[%s]", key);
    if (check_keys(r, table, what, known) < 0 ||
        read_kind(r, table, "supported", TOML_BOOLEAN, &flag) < 0 ||
        read_strings(r, table, "skip_files", &ret->skip_files) < 0 ||
        read_strings(r, table, "skip_parameters", &ret->skip_parameters) < 0 ||
        read_snippets(r, table, what, t, ret->snippets) < 0)
        return -1;
    if (flag && !flag->integer)
        ret->supported = false;
    return read_conditions(r, table, ret);
}

/* -------------------------------------------------------------------------------------- outputs */

static int read_output(
    struct reading *r, const struct toml_entry *entry, struct template_output *ret)
{
    static const char *const known[] = {"action", "path", "at", NULL};
    const struct toml_node *table = entry->value;
    char *what = arena_printf(r->arena, "output `%" STR_FMT "`", STR_ARG(entry->key));
    struct str action, at = STR("component");
    if (table->kind != TOML_TABLE)
        return fail_at(r, table->line, table->column, 1, "%s must be a table", what);
    ret->name = entry->key;
    if (check_keys(r, table, what, known) < 0 ||
        read_needed(r, table, what, "action", &action) < 0 ||
        read_needed(r, table, what, "path", &ret->path) < 0 || read_string(r, table, "at", &at) < 0)
        return -1;
    if (!str_is(action, "create_dir"))
        return fail_value(
            r, toml_get(table, STR("action")), "the only `action` there is is \"create_dir\"");
    ret->beside_manifest = str_is(at, "manifest");
    if (!ret->beside_manifest && !str_is(at, "component"))
        return fail_value(
            r, toml_get(table, STR("at")), "`at` must be \"component\" or \"manifest\"");
    return 0;
}

static int read_outputs(struct reading *r, struct template *t)
{
    const struct toml_node *table;
    if (read_kind(r, r->doc.root, "outputs", TOML_TABLE, &table) < 0)
        return -1;
    t->output_count = table ? table->count : 0;
    t->outputs = arena_alloc(r->arena, (t->output_count + 1) * sizeof *t->outputs);
    for (size_t i = 0; i < t->output_count; i++)
        if (read_output(r, &table->entries[i], &t->outputs[i]) < 0)
            return -1;
    return 0;
}

/* ------------------------------------------------------------------------------------- template */

static int read_root(struct reading *r, struct template *t)
{
    static const char *const known[] = {"manifest_version", "id", "description", "trigger_type",
        "tags", "new_application", "add_component", "parameters", "outputs", "custom_filters",
        NULL};
    const struct toml_node *root = r->doc.root;
    const struct toml_entry *filters = toml_get_entry(root, STR("custom_filters"));
    struct str version, ignored;
    if (check_keys(r, root, "a template", known) < 0 ||
        read_needed(r, root, "a template", "manifest_version", &version) < 0)
        return -1;
    if (!str_is(version, "1"))
        return fail_value(r, toml_get(root, STR("manifest_version")),
            "`manifest_version` must be \"1\": the template is for another version of Spin");
    if (filters)
        return fail_at(r, filters->line, filters->column, filters->key.len,
            "custom filters are not supported: Spin has given them up");
    if (read_needed(r, root, "a template", "id", &t->id) < 0 ||
        read_string(r, root, "description", &t->description) < 0 ||
        read_string(r, root, "trigger_type", &ignored) < 0 ||
        read_strings(r, root, "tags", &t->tags) < 0 || read_parameters(r, t) < 0 ||
        read_outputs(r, t) < 0)
        return -1;
    return 0;
}

/* Links could name what is outside of the template. */
static int check_kinds(const char *name, const struct template_files *files, struct error *err)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].kind != TEMPLATE_FILE)
            return error_set(err, ERROR_INVALID,
                "'%s/%" STR_FMT "' is a %s; a template holds plain files only", name,
                STR_ARG(files->items[i].path),
                files->items[i].kind == TEMPLATE_LINK ? "link" : "special file");
    return 0;
}

int template_read(struct arena *a, const char *name, const struct template_files *files,
    struct template *ret, struct error *err)
{
    const struct template_file *file = template_files_find(files, STR(MANIFEST_NAME));
    struct template t = {.files = *files};
    struct reading r = {.arena = a, .err = err};
    if (check_kinds(name, files, err) < 0)
        return -1;
    if (!file)
        return error_set(
            err, ERROR_INVALID, "'%s' has no " MANIFEST_NAME ": it is no template", name);
    if (file->bytes.len > LIMIT_TEXT_FILE_BYTES || !utf8_valid(file->bytes))
        return error_set(err, ERROR_INVALID,
            "'%s/" MANIFEST_NAME "' is not UTF-8 text of at most %zu MiB", name,
            LIMIT_TEXT_FILE_BYTES / MIB);
    if (toml_parse(a, arena_printf(a, "%s/" MANIFEST_NAME, name), file->bytes, &r.doc, err) < 0 ||
        read_root(&r, &t) < 0 ||
        read_variant(&r, "new_application", true, &t, &t.variants[TEMPLATE_NEW_APPLICATION]) < 0 ||
        read_variant(&r, "add_component", false, &t, &t.variants[TEMPLATE_ADD_COMPONENT]) < 0)
        return -1;
    *ret = t;
    return 0;
}

bool template_has_tags(const struct template *t, const struct template_strings *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        bool found = false;
        for (size_t j = 0; j < t->tags.count && !found; j++)
            found = str_equal_ignore_case(t->tags.items[j], tags->items[i]);
        if (!found)
            return false;
    }
    return true;
}

const struct template_parameter *template_parameter(const struct template *t, struct str name)
{
    for (size_t i = 0; i < t->parameter_count; i++)
        if (str_equal(t->parameters[i].name, name))
            return &t->parameters[i];
    return NULL;
}

static int check_allowed(
    const struct template_parameter *parameter, struct str value, struct error *err)
{
    struct buf list CLEANUP(buf_release) = BUF_INIT(64 * KIB);
    for (size_t i = 0; i < parameter->allowed.count; i++) {
        if (str_equal(parameter->allowed.items[i], value))
            return 0;
        buf_printf(&list, "%s%" STR_FMT, i ? ", " : "", STR_ARG(parameter->allowed.items[i]));
    }
    return error_set(err, ERROR_INVALID,
        "Input '%" STR_FMT "' is not one of the allowed values (%s)", STR_ARG(value),
        buf_cstr(&list));
}

int template_check_value(
    const struct template_parameter *parameter, struct str value, struct error *err)
{
    bool matches = true;
    if (!utf8_valid(value))
        return error_set(err, ERROR_INVALID, "the value is not UTF-8 text");
    if (parameter->pattern.len && pattern_matches(parameter->pattern, value, &matches, err) < 0)
        return -1;
    if (!matches)
        return error_set(err, ERROR_INVALID,
            "Input '%" STR_FMT "' does not match pattern '%" STR_FMT "'", STR_ARG(value),
            STR_ARG(parameter->pattern));
    return parameter->allowed.count ? check_allowed(parameter, value, err) : 0;
}
