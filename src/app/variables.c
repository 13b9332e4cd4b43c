#include "app/variables.h"

#include <ctype.h>
#include <jansson.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "manifest/dotenv.h"
#include "manifest/expression.h"
#include "manifest/names.h"

static const char dotenv_name[] = ".env";

static void add_pair(
    struct arena *a, struct manifest_pairs *pairs, struct str name, struct str value)
{
    struct manifest_pair *items = arena_alloc(a, (pairs->count + 1) * sizeof *items);
    if (pairs->count)
        memcpy(items, pairs->items, pairs->count * sizeof *items);
    items[pairs->count++] = (struct manifest_pair){.name = name, .value = value};
    pairs->items = items;
}

/* ---- the argument of --variable ---- */

static int read_file(struct arena *a, const char *path, struct str *ret, struct error *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    if (file_read(path, LIMIT_TEXT_FILE_BYTES, &text, err) < 0)
        return error_wrap(err, "cannot read the variable file '%s'", path);
    *ret = arena_copy(a, buf_str(&text));
    return 0;
}

static int read_toml(struct arena *a, const char *path, struct str text,
    struct manifest_pairs *pairs, struct error *err)
{
    struct toml_document document;
    if (toml_parse(a, path, text, &document, err) < 0)
        return -1;
    for (size_t i = 0; i < document.root->count; i++) {
        const struct toml_entry *entry = &document.root->entries[i];
        if (entry->value->kind != TOML_STRING)
            return toml_fail(&document, entry->value->line, entry->value->column, 1, ERROR_INVALID,
                err, "the value of variable `%" STR_FMT "` must be a string, not %s",
                STR_ARG(entry->key), toml_kind_name(entry->value->kind));
        add_pair(a, pairs, entry->key, entry->value->string);
    }
    return 0;
}

static int read_json_object(struct arena *a, const char *path, json_t *object,
    struct manifest_pairs *pairs, struct error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return error_set(err, ERROR_INVALID, "%s: a variable file must hold an object", path);
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value))
            return error_set(
                err, ERROR_INVALID, "%s: the value of variable `%s` must be a string", path, key);
        struct str text = str_make(json_string_value(value), json_string_length(value));
        add_pair(a, pairs, arena_copy(a, str_of(key)), arena_copy(a, text));
    }
    return 0;
}

static int read_json(struct arena *a, const char *path, struct str text,
    struct manifest_pairs *pairs, struct error *err)
{
    json_error_t problem;
    json_t *object = json_loadb(text.ptr, text.len, 0, &problem);
    if (!object)
        return error_set(err, ERROR_INVALID, "%s:%d:%d: JSON parse error: %s", path, problem.line,
            problem.column, problem.text);
    int result = read_json_object(a, path, object, pairs, err);
    json_decref(object);
    return result;
}

static int read_table(
    struct arena *a, const char *path, struct manifest_pairs *pairs, struct error *err)
{
    struct str text;
    bool json = str_ends_with(str_of(path), STR(".json"));
    if (!json && !str_ends_with(str_of(path), STR(".toml")))
        return error_set(err, ERROR_USAGE, "variable files must end in .json or .toml");
    if (read_file(a, path, &text, err) < 0)
        return -1;
    return json ? read_json(a, path, text, pairs, err) : read_toml(a, path, text, pairs, err);
}

static int check_names(
    struct arena *a, const struct manifest_pairs *pairs, size_t from, struct error *err)
{
    for (size_t i = from; i < pairs->count; i++) {
        const char *problem = spin_variable_name_problem(a, pairs->items[i].name);
        if (problem)
            return error_set(err, ERROR_USAGE, "%s", problem);
    }
    return 0;
}

int app_variables_read_option(
    struct arena *a, const char *text, struct manifest_pairs *pairs, struct error *err)
{
    size_t from = pairs->count;
    if (text[0] == '@')
        return read_table(a, text + 1, pairs, err) < 0 ? -1 : check_names(a, pairs, from, err);
    const char *equals = strchr(text, '=');
    if (!equals)
        return error_set(err, ERROR_USAGE, "variables must be in the form 'key=value' or '@file'");
    struct str name = str_make(text, (size_t)(equals - text)), value = str_of(equals + 1);
    if (equals[1] == '@' && read_file(a, equals + 2, &value, err) < 0)
        return -1;
    add_pair(a, pairs, name, value);
    return check_names(a, pairs, from, err);
}

/* ---- providers ---- */

/* While variables are resolved: the .env file is read when it is first asked. */
struct source {
    struct arena *arena;
    struct error *err;
    const char *dotenv_path;
    bool dotenv_needed; /* it must be there */
    bool dotenv_read;
    struct manifest_pairs dotenv;
};

/* Of several the last counts. */
static const struct manifest_pair *find_last(const struct manifest_pairs *pairs, struct str name)
{
    for (size_t i = pairs->count; i-- > 0;)
        if (str_equal(pairs->items[i].name, name))
            return &pairs->items[i];
    return NULL;
}

static int read_dotenv(struct source *s)
{
    if (s->dotenv_read)
        return 0;
    s->dotenv_read = true;
    struct str text;
    if (!s->dotenv_needed && !file_exists(s->dotenv_path))
        return 0;
    if (read_file(s->arena, s->dotenv_path, &text, s->err) < 0)
        return -1;
    return dotenv_parse(s->arena, s->dotenv_path, text, &s->dotenv, s->err);
}

/* PREFIX_NAME in the environment, then in the .env file. *ret is left alone if in neither. */
static int ask_environment(
    struct source *s, struct str prefix, struct str name, struct str *ret, bool *ret_found)
{
    char *key = arena_printf(s->arena, "%" STR_FMT "_%" STR_FMT, STR_ARG(prefix), STR_ARG(name));
    for (char *at = key + prefix.len; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    const char *value = getenv(key);
    if (value) {
        *ret = str_of(value);
        *ret_found = true;
        return 0;
    }
    if (read_dotenv(s) < 0)
        return -1;
    const struct manifest_pair *pair = find_last(&s->dotenv, str_of(key));
    if (pair)
        *ret = pair->value;
    *ret_found = pair != NULL;
    return 0;
}

static int ask_provider(struct source *s, const struct runtime_config_provider *p, struct str name,
    struct str *ret, bool *ret_found)
{
    if (p->kind == RUNTIME_PROVIDER_ENV)
        return ask_environment(s, p->prefix, name, ret, ret_found);
    const struct manifest_pair *pair = find_last(&p->values, name);
    if (pair)
        *ret = pair->value;
    *ret_found = pair != NULL;
    return 0;
}

/* Everybody who may have a value. */
struct resolving {
    struct arena *arena;
    const struct manifest_pairs *given;
    const struct runtime_config *config;
    struct source *sources; /* of the config's providers */
    struct source environment;
};

static int resolve_one(
    struct resolving *r, const struct manifest_variable *v, struct str *ret, bool *ret_found)
{
    const struct manifest_pair *given = find_last(r->given, v->name);
    *ret_found = given != NULL;
    if (given)
        *ret = given->value;
    for (size_t i = 0; r->config && !*ret_found && i < r->config->provider_count; i++)
        if (ask_provider(&r->sources[i], &r->config->providers[i], v->name, ret, ret_found) < 0)
            return -1;
    if (!*ret_found &&
        ask_environment(&r->environment, STR("SPIN_VARIABLE"), v->name, ret, ret_found) < 0)
        return -1;
    if (!*ret_found && v->has_default) {
        *ret = v->value;
        *ret_found = true;
    }
    return 0;
}

static void start_resolving(struct resolving *r, struct error *err)
{
    size_t count = r->config ? r->config->provider_count : 0;
    r->environment = (struct source){.arena = r->arena, .err = err, .dotenv_path = dotenv_name};
    r->sources = arena_alloc(r->arena, (count + 1) * sizeof *r->sources);
    for (size_t i = 0; i < count; i++) {
        struct str path = r->config->providers[i].dotenv_path;
        r->sources[i] = r->environment;
        if (path.len)
            r->sources[i].dotenv_path = arena_copy(r->arena, path).ptr;
        r->sources[i].dotenv_needed = path.len > 0;
    }
}

static int resolve_all(
    struct resolving *r, const struct manifest *m, struct spin_variable *items, struct error *err)
{
    const char *missing = "";
    size_t first = m->variable_count;
    for (size_t i = 0; i < m->variable_count; i++) {
        const struct manifest_variable *v = &m->variables[i];
        bool found;
        items[i].name = v->name;
        if (resolve_one(r, v, &items[i].value, &found) < 0)
            return -1;
        if (found && !utf8_valid(items[i].value))
            return manifest_fail(m, v->place, ERROR_INVALID, err,
                "the value that was given for variable `%" STR_FMT "` is not UTF-8",
                STR_ARG(v->name));
        if (found)
            continue;
        first = first == m->variable_count ? i : first;
        missing = arena_printf(
            r->arena, "%s%sKey(\"%" STR_FMT "\")", missing, *missing ? ", " : "", STR_ARG(v->name));
    }
    if (!*missing)
        return 0;
    struct str name = m->variables[first].name;
    char *upper = arena_printf(r->arena, "%" STR_FMT, STR_ARG(name));
    for (char *at = upper; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return manifest_fail(m, m->variables[first].place, ERROR_NOT_FOUND, err,
        "no provider resolved required variable(s): [%s]; give a value with `--variable %" STR_FMT
        "=...` or SPIN_VARIABLE_%s",
        missing, STR_ARG(name), upper);
}

int app_variables_resolve(const struct manifest *m, const struct manifest_pairs *given,
    const struct runtime_config *config, struct app_variables *ret_variables, struct error *err)
{
    struct app_variables v = {.arena = ARENA_INIT(GIB)};
    struct resolving r = {.arena = &v.arena, .given = given, .config = config};
    struct spin_variable *items = arena_alloc(&v.arena, (m->variable_count + 1) * sizeof *items);
    start_resolving(&r, err);
    if (resolve_all(&r, m, items, err) < 0) {
        arena_release(&v.arena);
        return -1;
    }
    v.values = (struct spin_variables){m->variable_count, items};
    *ret_variables = v;
    return 0;
}

void app_variables_release(struct app_variables *variables)
{
    arena_release(&variables->arena);
}

/* ---- templates ---- */

static int fail_unknown(const struct app_variables *v, const struct manifest *m, struct str name,
    struct manifest_place place, struct arena *a, struct error *err)
{
    struct str *names = arena_alloc(a, (v->values.count + 1) * sizeof *names);
    for (size_t i = 0; i < v->values.count; i++)
        names[i] = v->values.items[i].name;
    struct str near = nearest_name(name, names, v->values.count);
    if (near.len)
        return manifest_fail(m, place, ERROR_INVALID, err,
            "unknown variable \"%" STR_FMT "\"; did you mean `%" STR_FMT "`?", STR_ARG(name),
            STR_ARG(near));
    return manifest_fail(m, place, ERROR_INVALID, err,
        "unknown variable \"%" STR_FMT "\"; add `%" STR_FMT " = { default = \"...\" }` to "
        "[variables]",
        STR_ARG(name), STR_ARG(name));
}

int app_variables_expand(const struct app_variables *v, const struct manifest *m,
    struct str template, struct manifest_place place, struct arena *a, struct str *ret_text,
    struct error *err)
{
    struct expression expression;
    const char *problem = expression_parse(a, template, &expression);
    if (problem)
        return manifest_fail(m, place, ERROR_INVALID, err, "%s", problem);
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    for (size_t i = 0; i < expression.count; i++) {
        const struct expression_part *part = &expression.parts[i];
        const struct spin_variable *variable =
            part->is_variable ? spin_variables_find(&v->values, part->text) : NULL;
        if (part->is_variable && !variable)
            return fail_unknown(v, m, part->text, place, a, err);
        buf_append_str(&text, variable ? variable->value : part->text);
    }
    if (text.failed)
        return manifest_fail(m, place, ERROR_LIMIT, err, "the value is larger than %zu MiB",
            LIMIT_TEXT_FILE_BYTES / MIB);
    char *copy = arena_try_alloc_raw(a, text.len + 1);
    if (!copy)
        return manifest_fail(m, place, ERROR_MEMORY, err, "no memory for the value");
    memcpy(copy, buf_cstr(&text), text.len + 1);
    *ret_text = str_make(copy, text.len);
    return 0;
}

int app_variables_of_component(const struct app_variables *v, const struct manifest *m,
    const struct manifest_component *component, struct arena *a, struct spin_variables *ret,
    struct error *err)
{
    const struct manifest_pairs *templates = &component->variables;
    struct spin_variable *items = arena_alloc(a, (templates->count + 1) * sizeof *items);
    for (size_t i = 0; i < templates->count; i++) {
        const struct manifest_pair *pair = &templates->items[i];
        items[i].name = pair->name;
        if (app_variables_expand(v, m, pair->value, pair->place, a, &items[i].value, err) < 0)
            return -1;
    }
    *ret = (struct spin_variables){templates->count, items};
    return 0;
}
