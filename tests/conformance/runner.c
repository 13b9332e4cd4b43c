/*
 * component-runner --tier interpreter|native [--cache FOLDER] [--compile] SCRIPT.json...
 * component-runner --mutate ROUNDS SCRIPT.json...
 *
 * Runs a script that `wasm-tools json-from-wast` made of component tests. For each assertion a line
 *
 *     pass|fail|missing <TAB> line of the script <TAB> explanation
 *
 * "missing": it needs what we know not to have; the explanation names it. run.py judges.
 * With --compile it translates and compiles the core modules of all scripts instead, with --mutate
 * it tries changed components (mutate.c).
 */
#include <getopt.h>

#include "base/file.h"
#include "base/limits.h"
#include "component/ast.h"
#include "component/component.h"
#include "component/instance_int.h"
#include "mutate.h"
#include "values.h"
#include "wasm/process.h"
#include "wasm/runtime_int.h"

enum { MAX_MODULES = 10000, MAX_NAMES = 256 };

/* A component of the script, with its instance if it has been made. */
struct entry {
    const char *name; /* "" if the script gives none */
    struct buf bytes;
    struct component *component;
    struct component_program *program;
    struct component_instance *instance;
    char missing[200]; /* why it is not there, or "" */
};

struct script {
    const char *folder;
    const json_t *commands;
    bool native;
    struct component_native_options code;
    struct entry *entries[MAX_NAMES];
    size_t count;
    struct entry *current;
};

static void outcome(const char *what, const json_t *command, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void outcome(const char *what, const json_t *command, const char *fmt, ...)
{
    va_list args;
    printf("%s\t%d\t", what, (int)json_integer_value(json_object_get(command, "line")));
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

static const char *text_of(const json_t *command, const char *key)
{
    const char *text = json_string_value(json_object_get(command, key));
    return text ? text : "";
}

static void error_text(struct error *err, char *out, size_t size)
{
    struct buf line = BUF_INIT(64 * KIB);
    error_append_line(err, &line);
    snprintf(out, size, "%s", buf_cstr(&line));
    for (char *c = out; *c; c++)
        if (*c == '\n' || *c == '\t')
            *c = ' ';
    buf_release(&line);
}

static struct entry *entry_new(struct script *s, const char *name)
{
    struct entry *e = calloc(1, sizeof(*e));
    BUG_IF(!e || s->count == MAX_NAMES);
    e->name = name;
    e->bytes = BUF_INIT(LIMIT_COMPONENT_BYTES);
    s->entries[s->count++] = e;
    return e;
}

static void entry_free(struct entry *e)
{
    component_instance_free(e->instance);
    component_program_free(e->program);
    component_free(e->component);
    buf_release(&e->bytes);
    free(e);
}

/* Last one wins, as in scripts. */
static struct entry *entry_find(struct script *s, const char *name)
{
    for (size_t i = s->count; i-- > 0;)
        if (strcmp(s->entries[i]->name, name) == 0)
            return s->entries[i];
    return NULL;
}

static int read_module(const struct script *s, const char *file, struct buf *bytes)
{
    struct error err = ERROR_INIT;
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", s->folder, file);
    if (file_read(path, LIMIT_COMPONENT_BYTES, bytes, &err) < 0)
        BUG("cannot read '%s'", path);
    return 0;
}

/* Decodes and validates. */
static int decode(struct script *s, struct entry *e, const char *file, struct error *err)
{
    read_module(s, file, &e->bytes);
    return component_decode(buf_str(&e->bytes), s->native ? &s->code : NULL, &e->component, err);
}

static int instantiate(
    struct script *s, const struct component *component, struct entry *e, struct error *err)
{
    struct component_program_options options = {.interpret = !s->native,
        .native = s->code,
        .limits = {.memory_bytes = 4 * GIB, .table_elements = 1000000}};
    struct wasm_trap trap = {0};
    if (component_program_new(component, &options, &e->program, err) < 0)
        return -1;
    if (component_instantiate(e->program, NULL, &e->instance, &trap, err) == 0)
        return 0;
    return error_wrap(err, "%s %s", wasm_trap_message(trap.kind), trap.detail);
}

/* Judges how making a component went. */
static void made(struct entry *e, const json_t *command, int result, struct error *err)
{
    char text[400];
    if (result == 0) {
        outcome("pass", command, "-");
        return;
    }
    error_text(err, text, sizeof(text));
    bool missing = err->kind == ERROR_UNSUPPORTED;
    outcome(missing ? "missing" : "fail", command, "%s", text);
    snprintf(e->missing, sizeof(e->missing), "%s", text);
    error_release(err);
}

static void run_module(struct script *s, const json_t *command)
{
    struct error err = ERROR_INIT;
    struct entry *e = entry_new(s, text_of(command, "name"));
    s->current = e;
    int result = decode(s, e, text_of(command, "filename"), &err);
    if (result == 0)
        result = instantiate(s, e->component, e, &err);
    made(e, command, result, &err);
}

static void run_definition(struct script *s, const json_t *command)
{
    struct error err = ERROR_INIT;
    struct entry *e = entry_new(s, text_of(command, "name"));
    made(e, command, decode(s, e, text_of(command, "filename"), &err), &err);
}

static void run_instance(struct script *s, const json_t *command)
{
    struct error err = ERROR_INIT;
    struct entry *definition = entry_find(s, text_of(command, "module"));
    struct entry *e = entry_new(s, text_of(command, "instance"));
    s->current = e;
    BUG_IF(!definition);
    if (!definition->component) {
        snprintf(e->missing, sizeof(e->missing), "%s", definition->missing);
        outcome("missing", command, "%s", e->missing);
        return;
    }
    made(e, command, instantiate(s, definition->component, e, &err), &err);
}

static void run_invalid(struct script *s, const json_t *command)
{
    struct error err = ERROR_INIT;
    char text[400];
    if (strcmp(text_of(command, "module_type"), "binary") != 0) {
        outcome("missing", command, "a component in text form");
        return;
    }
    struct entry *e = entry_new(s, "");
    if (decode(s, e, text_of(command, "filename"), &err) == 0) {
        outcome("fail", command, "accepted, but: %s", text_of(command, "text"));
    } else {
        error_text(&err, text, sizeof(text));
        outcome(err.kind == ERROR_UNSUPPORTED ? "missing" : "pass", command, "%s", text);
    }
    error_release(&err);
    s->count--;
    entry_free(e);
}

/* Calls what the action names. Returns 0, 1 after a trap, -1 if it could not be called. */
static int invoke(struct script *s, const json_t *command, struct component_func **ret_func,
    struct canon_value *ret_result, struct wasm_trap *ret_trap)
{
    const json_t *action = json_object_get(command, "action");
    const char *module = text_of(action, "module");
    struct entry *e = module[0] ? entry_find(s, module) : s->current;
    const json_t *args = json_object_get(action, "args");
    if (!e || !e->instance) {
        outcome("missing", command, "%s", e ? e->missing : "the component is not there");
        return -1;
    }
    struct component_func *func =
        component_instance_func(e->instance, STR_EMPTY, str_of(text_of(action, "field")));
    if (!func) {
        outcome("fail", command, "no function '%s'", text_of(action, "field"));
        return -1;
    }
    const struct wit_func_type *type = component_func_type(func);
    struct arena *a = component_instance_arena(e->instance);
    struct canon_value *values = arena_alloc(a, (type->param_count + 1) * sizeof(*values));
    BUG_IF(type->param_count != json_array_size(args));
    for (uint32_t i = 0; i < type->param_count; i++)
        value_from_json(a, type->params[i].type, json_array_get(args, i), &values[i]);
    *ret_func = func;
    return component_call_values(func, values, ret_result, ret_trap) < 0 ? 1 : 0;
}

static void run_return(struct script *s, const json_t *command)
{
    struct component_func *func;
    struct canon_value result;
    struct wasm_trap trap = {0};
    int called = invoke(s, command, &func, &result, &trap);
    if (called < 0)
        return;
    if (called > 0) {
        outcome("fail", command, "trap: %s %s", wasm_trap_message(trap.kind), trap.detail);
        return;
    }
    const struct wit_type *type = component_func_type(func)->result;
    const json_t *expected = json_object_get(command, "expected");
    bool good = type ? json_array_size(expected) == 1 &&
                           value_is(type, &result, json_array_get(expected, 0))
                     : json_array_size(expected) == 0;
    outcome(good ? "pass" : "fail", command, "%s", good ? "-" : "another value");
}

static void run_trap(struct script *s, const json_t *command)
{
    struct component_func *func;
    struct canon_value result;
    struct wasm_trap trap = {0};
    int called = invoke(s, command, &func, &result, &trap);
    if (called < 0)
        return;
    if (called == 0)
        outcome("fail", command, "no trap, but: %s", text_of(command, "text"));
    else
        outcome("pass", command, "%s: %s", wasm_trap_message(trap.kind), trap.detail);
}

static void run_command(struct script *s, const json_t *command)
{
    static const struct {
        const char *type;
        void (*run)(struct script *s, const json_t *command);
    } kinds[] = {{"module", run_module}, {"module_definition", run_definition},
        {"module_instance", run_instance}, {"assert_invalid", run_invalid},
        {"assert_malformed", run_invalid}, {"assert_return", run_return},
        {"assert_trap", run_trap}};
    const char *type = text_of(command, "type");
    for (size_t i = 0; i < countof(kinds); i++) {
        if (strcmp(type, kinds[i].type) == 0) {
            kinds[i].run(s, command);
            return;
        }
    }
    outcome("fail", command, "unknown command '%s'", type);
}

static json_t *load_script(const char *path, char *folder, size_t size)
{
    json_error_t why;
    json_t *json = json_load_file(path, 0, &why);
    if (!json)
        BUG("%s: %s", path, why.text);
    snprintf(folder, size, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    else
        snprintf(folder, size, ".");
    return json;
}

static void run_script(struct script *s, const char *path)
{
    char folder[4096];
    json_t *json = load_script(path, folder, sizeof(folder));
    s->folder = folder;
    s->commands = json_object_get(json, "commands");
    for (size_t i = 0; i < json_array_size(s->commands); i++)
        run_command(s, json_array_get(s->commands, i));
    while (s->count)
        entry_free(s->entries[--s->count]);
    json_decref(json);
}

/* Core modules, those of nested components included. */
static void collect(
    const struct ast_component *component, const struct wasm_module **modules, size_t *count)
{
    for (size_t i = 0; i < component->def_count; i++) {
        const struct ast_def *def = &component->defs[i];
        if (def->kind == DEF_COMPONENT)
            collect(def->component, modules, count);
        if (def->kind == DEF_CORE_MODULE && *count < MAX_MODULES)
            modules[(*count)++] = def->core_module.module;
    }
}

static int compile(struct script *s, char **paths, int path_count)
{
    static const struct wasm_module *modules[MAX_MODULES];
    static struct entry *kept[MAX_MODULES];
    size_t count = 0, kept_count = 0;
    struct error err = ERROR_INIT;
    char folder[4096], text[400];
    for (int i = 0; i < path_count; i++) {
        json_t *json = load_script(paths[i], folder, sizeof(folder));
        const json_t *commands = json_object_get(json, "commands");
        s->folder = folder;
        for (size_t j = 0; j < json_array_size(commands); j++) {
            const json_t *command = json_array_get(commands, j);
            const char *type = text_of(command, "type");
            if (strcmp(type, "module") != 0 && strcmp(type, "module_definition") != 0)
                continue;
            struct entry *e = entry_new(s, "");
            s->count--;
            if (decode(s, e, text_of(command, "filename"), &err) < 0) {
                error_release(&err);
                entry_free(e);
                continue;
            }
            collect(e->component->root, modules, &count);
            BUG_IF(kept_count == MAX_MODULES);
            kept[kept_count++] = e;
        }
        json_decref(json);
    }
    int status =
        wasm_code_compile_many(modules, count, &s->code.translate, s->code.shipped, &err) < 0;
    if (status) {
        error_text(&err, text, sizeof(text));
        fprintf(stderr, "component-runner: %s\n", text);
        error_release(&err);
    }
    while (kept_count)
        entry_free(kept[--kept_count]);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"tier", required_argument, NULL, 't'},
        {"cache", required_argument, NULL, 'c'}, {"compile", no_argument, NULL, 'C'},
        {"mutate", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
    struct script s = {.code = {.translate = {.load_barrier = true, .use_gs = true}}};
    struct error err = ERROR_INIT;
    bool only_compile = false;
    unsigned rounds = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 't')
            s.native = strcmp(optarg, "native") == 0;
        else if (option == 'c')
            s.code.shipped = optarg;
        else if (option == 'C')
            only_compile = true;
        else if (option == 'm')
            rounds = (unsigned)strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    if (wasm_process_init(&err) < 0 || wasm_thread_init(&err) < 0)
        BUG("the engine does not start");
    if (only_compile)
        return compile(&s, argv + optind, argc - optind);
    for (int i = optind; i < argc; i++) {
        if (rounds)
            mutate_folder(argv[i], rounds);
        else
            run_script(&s, argv[i]);
    }
    wasm_thread_release();
    return 0;
}
