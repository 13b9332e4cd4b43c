#include "spec.h"

#include "base/file.h"
#include "base/limits.h"

/* What became of a command. */
enum outcome { PASSED, FAILED, SKIPPED, MISSING };

static const char *text_of(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

/* Names of exports may contain NUL. */
static struct str name_of(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    return str_make(json_string_value(value), json_string_length(value));
}

/* Says why a command failed, on one line. */
PRINTF_LIKE(3, 4)
static enum outcome fail(struct script *s, const json_t *command, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%s:%d: %s: ", s->name,
        (int)json_integer_value(json_object_get(command, "line")), text_of(command, "type"));
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return FAILED;
}

/*
 * Remembers the feature that an ERROR_UNSUPPORTED names (all before " is not supported"); it names
 * none when another module lacks it.
 */
static enum outcome lacks(struct script *s, const struct error *err)
{
    const char *message = error_message(err);
    const char *end = strstr(message, " is not supported");
    struct str name = str_make(message, end ? (size_t)(end - message) : strlen(message));
    for (unsigned i = 0; i < s->tally.feature_count && name.len; i++)
        if (str_is(name, s->tally.features[i]))
            return MISSING;
    if (name.len && s->tally.feature_count < MAX_FEATURES)
        s->tally.features[s->tally.feature_count++] = arena_copy(&s->arena, name).ptr;
    return MISSING;
}

/* Modules. */

static int load_module(const char *folder, const char *file, struct arena *arena,
    struct wasm_module **ret, struct error *err)
{
    struct buf bytes = BUF_INIT(LIMIT_COMPONENT_BYTES);
    if (file_read(path_join(arena, folder, file), LIMIT_COMPONENT_BYTES, &bytes, err) < 0)
        return -1;
    struct str kept = arena_copy(arena, buf_str(&bytes));
    buf_release(&bytes);
    if (wasm_decode(kept, arena, ret, err) < 0)
        return -1;
    return wasm_validate(*ret, err);
}

/* The module of a command; a script may give text with its binary form beside it. */
static const char *module_file(const json_t *command)
{
    const char *binary = text_of(command, "binary_filename");
    return binary ? binary : text_of(command, "filename");
}

static bool is_text_only(const json_t *command)
{
    const char *type = text_of(command, "module_type");
    return type && strcmp(type, "text") == 0 && !text_of(command, "binary_filename");
}

static bool find_import(
    struct script *s, const struct wasm_import *import, struct wasm_extern *ret, bool *ret_missing)
{
    struct unit *unit = map_get(&s->registered, import->module);
    *ret_missing = unit && unit->missing;
    if (unit)
        return unit->instance && wasm_instance_export(unit->instance, import->name, ret);
    return str_is(import->module, "spectest") && spectest_export(s, import->name, ret);
}

static int resolve_imports(struct script *s, const struct wasm_module *m,
    struct wasm_extern **ret_imports, struct error *err)
{
    *ret_imports = arena_alloc(&s->arena, (m->import_count + 1) * sizeof **ret_imports);
    for (uint32_t i = 0; i < m->import_count; i++) {
        bool missing;
        if (find_import(s, &m->imports[i], &(*ret_imports)[i], &missing))
            continue;
        if (missing)
            return error_set(err, ERROR_UNSUPPORTED, "%s", "");
        return error_set(err, ERROR_LINK, "unknown import '%" STR_FMT "' '%" STR_FMT "'",
            STR_ARG(m->imports[i].module), STR_ARG(m->imports[i].name));
    }
    return 0;
}

static int make_code(
    struct script *s, const struct wasm_module *m, struct wasm_code_unit **ret, struct error *err)
{
    if (s->tier->native)
        return wasm_code_load(m, &s->tier->options, s->tier->cache, ret, err);
    return wasm_code_interpret(m, ret, err);
}

static int instantiate(struct script *s, struct unit *unit, struct error *err)
{
    struct wasm_extern *imports;
    struct wasm_code_unit *code;
    struct wasm_trap trap;
    if (resolve_imports(s, unit->module, &imports, err) < 0 ||
        make_code(s, unit->module, &code, err) < 0)
        return -1;
    int result =
        wasm_instantiate(s->store, unit->module, code, imports, &unit->instance, &trap, err);
    wasm_code_unref(code);
    return result;
}

static void remember(
    struct script *s, struct map *map, const json_t *command, const char *key, struct unit *unit)
{
    const char *name = text_of(command, key);
    if (name && !map_put(map, arena_copy(&s->arena, str_of(name)), unit))
        BUG("no memory for a script");
}

/* Ends a command that made a module: failures for want of a feature are expected. */
static enum outcome made(
    struct script *s, const json_t *command, struct unit *unit, int result, struct error *err)
{
    enum outcome outcome = PASSED;
    unit->missing = result < 0 && err->kind == ERROR_UNSUPPORTED;
    if (unit->missing)
        outcome = lacks(s, err);
    else if (result < 0)
        outcome = fail(s, command, "%s", error_message(err));
    error_release(err);
    return outcome;
}

static enum outcome run_module(struct script *s, const json_t *command)
{
    struct error err = ERROR_INIT;
    struct unit *unit = arena_new(&s->arena, struct unit);
    s->last = unit;
    remember(s, &s->named, command, "name", unit);
    if (is_text_only(command))
        return SKIPPED;
    int result = load_module(s->folder, module_file(command), &s->arena, &unit->module, &err);
    if (result == 0)
        result = instantiate(s, unit, &err);
    return made(s, command, unit, result, &err);
}

static enum outcome run_definition(struct script *s, const json_t *command)
{
    struct error err = ERROR_INIT;
    struct unit *unit = arena_new(&s->arena, struct unit);
    s->last_definition = unit;
    remember(s, &s->definitions, command, "name", unit);
    int result = load_module(s->folder, module_file(command), &s->arena, &unit->module, &err);
    return made(s, command, unit, result, &err);
}

static enum outcome run_instance(struct script *s, const json_t *command)
{
    struct error err = ERROR_INIT;
    const char *name = text_of(command, "module");
    struct unit *definition = name ? map_get(&s->definitions, str_of(name)) : s->last_definition;
    struct unit *unit = arena_new(&s->arena, struct unit);
    s->last = unit;
    remember(s, &s->named, command, "instance", unit);
    if (!definition || definition->missing) {
        unit->missing = true;
        return MISSING;
    }
    unit->module = definition->module;
    return made(s, command, unit, instantiate(s, unit, &err), &err);
}

static struct unit *unit_of(struct script *s, const json_t *json, const char *key)
{
    const char *name = text_of(json, key);
    return name ? map_get(&s->named, str_of(name)) : s->last;
}

static enum outcome run_register(struct script *s, const json_t *command)
{
    struct unit *unit = unit_of(s, command, "name");
    if (!unit)
        return fail(s, command, "no such module");
    remember(s, &s->registered, command, "as", unit);
    return unit->missing ? MISSING : PASSED;
}

/* Actions. */

struct action {
    const struct wasm_func_type *type; /* of the results, or NULL for `get` */
    uint8_t global_type;
    union wasm_value slots[MAX_SLOTS];
    bool trapped;
    struct wasm_trap trap;
};

static enum outcome invoke(struct script *s, const json_t *command, const json_t *json,
    struct wasm_func *func, struct action *ret)
{
    const json_t *args = json_object_get(json, "args");
    size_t count = json_array_size(args);
    ret->type = func->type;
    if (count != func->type->param_count)
        return fail(s, command, "%zu arguments for %u parameters", count, func->type->param_count);
    for (size_t i = 0; i < count; i++)
        if (!value_parse(json_array_get(args, i), &ret->slots[i]))
            return fail(s, command, "cannot read argument %zu", i);
    ret->trapped = wasm_call(func, ret->slots, &ret->trap) < 0;
    return PASSED;
}

static enum outcome act(struct script *s, const json_t *command, struct action *ret)
{
    const json_t *json = json_object_get(command, "action");
    struct unit *unit = unit_of(s, json, "module");
    struct wasm_extern extern_;
    struct str field = name_of(json, "field");
    ret->type = NULL;
    ret->trapped = false;
    if (!unit || unit->missing)
        return MISSING;
    if (!unit->instance || !wasm_instance_export(unit->instance, field, &extern_))
        return fail(s, command, "no export '%" STR_FMT "'", STR_ARG(field));
    if (strcmp(text_of(json, "type"), "invoke") == 0 && extern_.kind == WASM_EXTERN_FUNC)
        return invoke(s, command, json, extern_.func, ret);
    if (strcmp(text_of(json, "type"), "get") != 0 || extern_.kind != WASM_EXTERN_GLOBAL)
        return fail(s, command, "the export '%" STR_FMT "' is of another kind", STR_ARG(field));
    ret->global_type = extern_.global.type.type;
    ret->slots[0] = *extern_.global.value;
    return PASSED;
}

static bool result_matches(const json_t *expected, uint8_t type, union wasm_value value)
{
    const json_t *choices = json_object_get(expected, "values");
    if (!choices)
        return value_matches(expected, type, value);
    for (size_t i = 0; i < json_array_size(choices); i++)
        if (value_matches(json_array_get(choices, i), type, value))
            return true;
    return false;
}

static enum outcome check_results(
    struct script *s, const json_t *command, const struct action *action)
{
    const json_t *expected = json_object_get(command, "expected");
    size_t count = action->type ? action->type->result_count : 1;
    if (action->trapped)
        return fail(s, command, "trapped: %s", wasm_trap_message(action->trap.kind));
    if (!expected)
        return PASSED;
    if (json_array_size(expected) != count)
        return fail(s, command, "%zu results", count);
    for (size_t i = 0; i < count; i++) {
        uint8_t type = action->type ? action->type->results[i] : action->global_type;
        if (!result_matches(json_array_get(expected, i), type, action->slots[i]))
            return fail(
                s, command, "result %zu is 0x%llx", i, (unsigned long long)action->slots[i].i64);
    }
    return PASSED;
}

static enum outcome run_return(struct script *s, const json_t *command)
{
    struct action action;
    enum outcome outcome = act(s, command, &action);
    return outcome == PASSED ? check_results(s, command, &action) : outcome;
}

/* The suite's text may name an index besides ("uninitialized element 2"), or be shorter. */
static bool message_matches(const char *ours, const char *wanted)
{
    size_t a = strlen(ours), b = strlen(wanted);
    return strncmp(ours, wanted, a < b ? a : b) == 0;
}

static enum outcome run_trap(struct script *s, const json_t *command)
{
    struct action action;
    const char *wanted = text_of(command, "text");
    enum outcome outcome = act(s, command, &action);
    if (outcome != PASSED)
        return outcome;
    if (!action.trapped)
        return fail(s, command, "no trap, instead of: %s", wanted);
    const char *ours = wasm_trap_message(action.trap.kind);
    if (!message_matches(ours, wanted))
        return fail(s, command, "trapped with '%s' instead of '%s'", ours, wanted);
    return PASSED;
}

/* Modules that must be refused. */

static enum outcome run_rejected(struct script *s, const json_t *command)
{
    struct error err = ERROR_INIT;
    struct wasm_module *module;
    enum outcome outcome = PASSED;
    if (is_text_only(command))
        return SKIPPED;
    if (load_module(s->folder, module_file(command), &s->arena, &module, &err) == 0)
        return fail(s, command, "accepted, instead of: %s", text_of(command, "text"));
    if (err.kind == ERROR_UNSUPPORTED)
        outcome = lacks(s, &err);
    else if (err.kind != ERROR_INVALID)
        outcome = fail(s, command, "%s", error_message(&err));
    error_release(&err);
    return outcome;
}

/* Valid modules that cannot be linked (`kind` ERROR_LINK) or trap when they begin. */
static enum outcome run_refused(struct script *s, const json_t *command, enum error_kind kind)
{
    struct error err = ERROR_INIT;
    struct unit *unit = arena_new(&s->arena, struct unit);
    const char *wanted = text_of(command, "text");
    enum outcome outcome = PASSED;
    if (load_module(s->folder, module_file(command), &s->arena, &unit->module, &err) == 0 &&
        instantiate(s, unit, &err) == 0)
        return fail(s, command, "accepted, instead of: %s", wanted);
    if (err.kind == ERROR_UNSUPPORTED)
        outcome = lacks(s, &err);
    else if (err.kind != kind || !message_matches(error_message(&err), wanted))
        outcome = fail(s, command, "'%s' instead of '%s'", error_message(&err), wanted);
    error_release(&err);
    return outcome;
}

/* The script. */

static enum outcome run_command(struct script *s, const json_t *command)
{
    const char *type = text_of(command, "type");
    if (strcmp(type, "module") == 0)
        return run_module(s, command);
    if (strcmp(type, "module_definition") == 0)
        return run_definition(s, command);
    if (strcmp(type, "module_instance") == 0)
        return run_instance(s, command);
    if (strcmp(type, "register") == 0)
        return run_register(s, command);
    if (strcmp(type, "action") == 0 || strcmp(type, "assert_return") == 0)
        return run_return(s, command);
    if (strcmp(type, "assert_trap") == 0 || strcmp(type, "assert_exhaustion") == 0)
        return run_trap(s, command);
    if (strcmp(type, "assert_invalid") == 0 || strcmp(type, "assert_malformed") == 0)
        return run_rejected(s, command);
    if (strcmp(type, "assert_unlinkable") == 0)
        return run_refused(s, command, ERROR_LINK);
    if (strcmp(type, "assert_uninstantiable") == 0)
        return run_refused(s, command, ERROR_TRAP);
    if (strcmp(type, "assert_exception") == 0)
        return MISSING;
    return fail(s, command, "an unknown command");
}

/* Only assertions are counted when all is well; anything else counts when it is not. */
static void count(struct tally *tally, const json_t *command, enum outcome outcome)
{
    bool is_assertion = strncmp(text_of(command, "type"), "assert_", 7) == 0;
    tally->passed += outcome == PASSED && is_assertion;
    tally->failed += outcome == FAILED;
    tally->skipped += outcome == SKIPPED;
    tally->missing += outcome == MISSING && is_assertion;
}

static json_t *read_script(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (!root)
        fprintf(stderr, "%s: %s\n", path, error.text);
    return root;
}

int script_run(const char *json_path, const struct tier *tier, struct script *s)
{
    static const struct wasm_store_limits limits = {16 * GIB, 40000000};
    struct error err = ERROR_INIT;
    json_t *root = read_script(json_path);
    *s = (struct script){.name = path_name(json_path), .tier = tier, .arena = ARENA_INIT(4 * GIB)};
    if (!root)
        return -1;
    BUG_IF(wasm_store_new(&limits, NULL, &s->store, &err) < 0);
    s->folder = path_dir(&s->arena, json_path);
    map_init(&s->registered, &s->arena);
    map_init(&s->named, &s->arena);
    map_init(&s->definitions, &s->arena);
    const json_t *commands = json_object_get(root, "commands");
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *command = json_array_get(commands, i);
        count(&s->tally, command, run_command(s, command));
    }
    json_decref(root);
    return 0;
}

void script_release(struct script *s)
{
    wasm_store_free(s->store);
    arena_release(&s->arena);
}

static bool is_instantiated(const json_t *command)
{
    static const char *const types[] = {
        "module", "module_definition", "assert_unlinkable", "assert_uninstantiable"};
    for (size_t i = 0; i < countof(types); i++)
        if (strcmp(text_of(command, "type"), types[i]) == 0)
            return !is_text_only(command);
    return false;
}

int script_collect(const char *json_path, struct arena *arena, const struct wasm_module **modules,
    size_t capacity, size_t *count_)
{
    json_t *root = read_script(json_path);
    if (!root)
        return -1;
    const char *folder = path_dir(arena, json_path);
    const json_t *commands = json_object_get(root, "commands");
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *command = json_array_get(commands, i);
        struct error err = ERROR_INIT;
        struct wasm_module *module;
        if (!is_instantiated(command) || *count_ == capacity)
            continue;
        if (load_module(folder, module_file(command), arena, &module, &err) == 0)
            modules[(*count_)++] = module;
        error_release(&err); /* script_run will say it */
    }
    json_decref(root);
    return 0;
}
