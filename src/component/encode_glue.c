/*
 * The core module behind the module's import `call`, which reaches functions by number:
 *
 *     imports:  the memory as ("", "memory"), lowered functions and drops as ("", "0") ...
 *     table:    by number, a thunk (arguments, results), or one that traps
 *     exports:  "call" (number, arguments, results), which calls the thunk
 *
 * A thunk loads the flat arguments, 8 bytes apart, calls, and stores the flat result if there is
 * one.
 */
#include "component/encode_int.h"

#define GLUE "spindle"

/* A number's function; type NULL: none. */
struct glue_func {
    uint32_t core; /* core function of the component */
    const struct wasm_func_type *type;
};

/* Types of the module: [0] of call, [1] of thunks, then the functions' own. */
enum { TYPE_CALL, TYPE_THUNK, TYPE_FIRST };

/* Functions of the module: imported ones, call, what traps, thunks. */
struct glue {
    const struct glue_func *funcs;
    uint32_t count, imported;
};

bool is_call(const struct wasm_import *import)
{
    return str_is(import->module, GLUE) && str_is(import->name, "call");
}

const struct wasm_func_type *glue_call_type(void)
{
    static const uint8_t i32[] = {WASM_I32, WASM_I32, WASM_I32};
    static const struct wasm_func_type call = {3, 0, i32, i32};
    return &call;
}

static void glue_types(const struct glue *g, struct buf *body)
{
    static const uint8_t i32[] = {WASM_I32, WASM_I32};
    static const struct wasm_func_type thunk = {2, 0, i32, i32};
    buf_append_uleb(body, (uint64_t)g->imported + TYPE_FIRST);
    append_func_type(body, glue_call_type());
    append_func_type(body, &thunk);
    for (uint32_t i = 0; i < g->count; i++)
        if (g->funcs[i].type)
            append_func_type(body, g->funcs[i].type);
}

static void glue_imports(const struct glue *g, struct buf *body)
{
    buf_append_uleb(body, (uint64_t)g->imported + 1);
    append_name(body, STR_EMPTY);
    append_name(body, STR("memory"));
    buf_append_byte(body, WASM_EXTERN_MEMORY);
    buf_append(body, "\0\0", 2); /* no maximum, at least 0 pages */
    for (uint32_t i = 0; i < g->imported; i++) {
        append_name(body, STR_EMPTY);
        append_number_name(body, i);
        buf_append_byte(body, WASM_EXTERN_FUNC);
        buf_append_uleb(body, (uint64_t)i + TYPE_FIRST);
    }
}

static void glue_funcs(const struct glue *g, struct buf *body)
{
    buf_append_uleb(body, (uint64_t)g->imported + 2);
    buf_append_byte(body, TYPE_CALL);
    for (uint32_t i = 0; i < g->imported + 1; i++)
        buf_append_byte(body, TYPE_THUNK);
}

static void glue_table(const struct glue *g, struct buf *body)
{
    buf_append_byte(body, 1);
    buf_append_byte(body, WASM_FUNCREF);
    buf_append_byte(body, 1);
    buf_append_uleb(body, g->count);
    buf_append_uleb(body, g->count);
}

static void glue_exports(const struct glue *g, struct buf *body)
{
    buf_append_byte(body, 1);
    append_name(body, STR("call"));
    buf_append_byte(body, WASM_EXTERN_FUNC);
    buf_append_uleb(body, g->imported);
}

static void glue_elements(const struct glue *g, struct buf *body)
{
    uint32_t refuse = g->imported + 1, next = refuse + 1;
    buf_append(body, "\1\0\x41\0\x0b", 5); /* one segment: active, table 0, from 0 */
    buf_append_uleb(body, g->count);
    for (uint32_t i = 0; i < g->count; i++)
        buf_append_uleb(body, g->funcs[i].type ? next++ : refuse);
}

/* The load or store of a core type, at an offset. */
static void append_access(struct buf *code, uint8_t type, bool store, uint32_t offset)
{
    static const uint8_t loads[] = {0x28, 0x29, 0x2a, 0x2b}, stores[] = {0x36, 0x37, 0x38, 0x39};
    uint8_t which = WASM_I32 - type;
    buf_append_byte(code, store ? stores[which] : loads[which]);
    buf_append_byte(code, which % 2 == 0 ? 2 : 3); /* alignment: 4 or 8 */
    buf_append_uleb(code, offset);
}

static void append_thunk(struct buf *code, const struct wasm_func_type *type, uint32_t func)
{
    buf_append_byte(code, 0); /* no locals */
    if (type->result_count > 0)
        buf_append(code, "\x20\1", 2);
    for (uint32_t i = 0; i < type->param_count; i++) {
        buf_append(code, "\x20\0", 2);
        append_access(code, type->params[i], false, 8 * i);
    }
    buf_append_byte(code, 0x10);
    buf_append_uleb(code, func);
    if (type->result_count > 0)
        append_access(code, type->results[0], true, 0);
    buf_append_byte(code, 0x0b);
}

static void append_body(struct buf *body, struct buf *code)
{
    buf_append_uleb(body, code->len);
    buf_append_str(body, buf_str(code));
    body->failed |= code->failed;
    buf_clear(code);
}

static void glue_code(const struct glue *g, struct buf *body)
{
    /* local.get 1, local.get 2, local.get 0, call_indirect thunk */
    static const uint8_t call[] = {0, 0x20, 1, 0x20, 2, 0x20, 0, 0x11, TYPE_THUNK, 0, 0x0b};
    static const uint8_t refuse[] = {0, 0x00, 0x0b};
    struct buf code = BUF_INIT(body->max);
    uint32_t func = 0;
    buf_append_uleb(body, (uint64_t)g->imported + 2);
    buf_append(&code, call, sizeof(call));
    append_body(body, &code);
    buf_append(&code, refuse, sizeof(refuse));
    append_body(body, &code);
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->funcs[i].type)
            continue;
        append_thunk(&code, g->funcs[i].type, func++);
        append_body(body, &code);
    }
    buf_release(&code);
}

static void build_glue(const struct glue *g, struct buf *out)
{
    static const struct {
        uint8_t id;
        void (*write)(const struct glue *g, struct buf *body);
    } sections[] = {{1, glue_types}, {2, glue_imports}, {3, glue_funcs}, {4, glue_table},
        {7, glue_exports}, {9, glue_elements}, {10, glue_code}};
    preamble(out);
    for (size_t i = 0; i < countof(sections); i++) {
        struct buf body = BUF_INIT(out->max);
        sections[i].write(g, &body);
        emit_section(out, sections[i].id, &body);
        buf_release(&body);
    }
}

/* What the glue imports, as one core instance. */
static void bundle_glue(struct encoder *e, const struct glue *g)
{
    struct buf body = body_start(e);
    uint32_t number = 0;
    buf_append_byte(&body, 0x01);
    buf_append_uleb(&body, (uint64_t)g->imported + 1);
    append_name(&body, STR("memory"));
    buf_append(&body, "\2\0", 2);
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->funcs[i].type)
            continue;
        append_number_name(&body, number++);
        buf_append_byte(&body, 0x00);
        buf_append_uleb(&body, g->funcs[i].core);
    }
    body_end(e, SECTION_CORE_INSTANCE, &body);
    e->core_instances++;
}

static void instantiate_glue(struct encoder *e, const struct glue *g)
{
    enum { MODULE = 3 }; /* after main, shim and fixups */
    struct buf bytes = BUF_INIT(e->out->max);
    build_glue(g, &bytes);
    write_module(e, buf_str(&bytes));
    e->out->failed |= bytes.failed;
    buf_release(&bytes);
    bundle_glue(e, g);
    struct buf body = body_start(e);
    buf_append_byte(&body, 0x00);
    buf_append_uleb(&body, MODULE);
    buf_append(&body, "\1\0\x12", 3); /* one argument, "" */
    buf_append_uleb(&body, e->core_instances++ - 1);
    body_end(e, SECTION_CORE_INSTANCE, &body);
}

static bool imports_call(const struct wasm_module *m)
{
    for (uint32_t i = 0; i < m->import_count; i++)
        if (is_call(&m->imports[i]))
            return true;
    return false;
}

int write_glue(struct encoder *e, uint32_t realloc_func, uint32_t *ret_call)
{
    const struct encode_input *input = e->input;
    *ret_call = NO_TYPE;
    if (!imports_call(e->module))
        return 0;
    if (!wasm_find_export(e->module, STR("memory")))
        return error_set(e->err, ERROR_LINK, "the module exports no memory");
    struct glue_func *funcs =
        arena_try_array(&e->arena, input->binding_count + 1, struct glue_func);
    if (!funcs)
        return error_set(e->err, ERROR_MEMORY, "out of memory for a component");
    struct glue glue = {.funcs = funcs, .count = (uint32_t)input->binding_count};
    for (uint32_t i = 0; i < glue.count; i++) {
        struct core_name name = {input->bindings[i].module, input->bindings[i].name};
        if (name.name.len == 0)
            continue;
        if (lower_name(e, &name, realloc_func, &funcs[i].core, &funcs[i].type) < 0)
            return -1;
        glue.imported++;
    }
    instantiate_glue(e, &glue);
    *ret_call = alias_core_func(e, e->core_instances - 1, STR("call"));
    return 0;
}
