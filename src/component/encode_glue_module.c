/*
 * The bytes of the glue, a core module:
 *
 *     imports:  the memory as ("", "memory"), main's exports spindle_arguments, spindle_dispatch
 * and spindle_dispatched if there is something to dispatch, lowered functions and drops as
 *               ("", "0") ...
 *     table:    by number, a thunk (arguments, results), or one that traps
 *     exports:  "call" (number, arguments, results), which calls the thunk; the world's exports
 *
 * A thunk loads the flat arguments, 8 bytes apart, calls, and stores the flat result if there is
 * one. An export stores its parameters at the address that spindle_arguments gives, calls
 * spindle_dispatch with its number, and makes its result of the bits that this returns.
 */
#include "component/encode_int.h"

/* Types of the module: these, then those of imported functions, then those of exports. */
enum { TYPE_CALL, TYPE_THUNK, TYPE_ARGUMENTS, TYPE_DISPATCH, TYPE_DISPATCHED, TYPE_FIRST };

/* Imported functions, where the module dispatches; then the numbered ones. */
enum { FUNC_ARGUMENTS, FUNC_DISPATCH, FUNC_DISPATCHED };

const char *const glue_dispatch_names[DISPATCH_FUNCS] = {
    "spindle_arguments", "spindle_dispatch", "spindle_dispatched"};

static uint32_t dispatch_funcs(const struct glue *g)
{
    return g->exports.len > 0 ? DISPATCH_FUNCS : 0;
}

/* Index of `call`; what traps, thunks and exports follow. */
static uint32_t first_own(const struct glue *g)
{
    return dispatch_funcs(g) + g->imported;
}

const struct wasm_func_type *glue_call_type(void)
{
    static const uint8_t i32[] = {WASM_I32, WASM_I32, WASM_I32};
    static const struct wasm_func_type call = {3, 0, i32, i32};
    return &call;
}

const struct wasm_func_type *glue_dispatch_type(size_t which)
{
    static const uint8_t i32 = WASM_I32, i64 = WASM_I64;
    static const struct wasm_func_type types[] = {
        {0, 1, &i32, &i32}, {1, 1, &i32, &i64}, {0, 0, &i32, &i32}};
    return &types[which];
}

static void glue_types(const struct glue *g, struct buf *body)
{
    static const uint8_t i32[] = {WASM_I32, WASM_I32};
    static const struct wasm_func_type thunk = {2, 0, i32, i32};
    buf_append_uleb(body, (uint64_t)TYPE_FIRST + g->imported + g->exports.len);
    append_func_type(body, glue_call_type());
    append_func_type(body, &thunk);
    for (size_t i = 0; i < DISPATCH_FUNCS; i++)
        append_func_type(body, glue_dispatch_type(i));
    for (uint32_t i = 0; i < g->count; i++)
        if (g->funcs[i].type)
            append_func_type(body, g->funcs[i].type);
    for (size_t i = 0; i < g->exports.len; i++)
        append_func_type(body, g->exports.data[i].type);
}

static void import_func(struct buf *body, uint32_t type)
{
    buf_append_byte(body, WASM_EXTERN_FUNC);
    buf_append_uleb(body, type);
}

static void glue_imports(const struct glue *g, struct buf *body)
{
    buf_append_uleb(body, (uint64_t)first_own(g) + 1);
    append_name(body, STR_EMPTY);
    append_name(body, STR("memory"));
    buf_append_byte(body, WASM_EXTERN_MEMORY);
    buf_append(body, "\0\0", 2); /* no maximum, at least 0 pages */
    for (uint32_t i = 0; i < dispatch_funcs(g); i++) {
        append_name(body, STR_EMPTY);
        append_name(body, str_of(glue_dispatch_names[i]));
        import_func(body, TYPE_ARGUMENTS + i);
    }
    for (uint32_t i = 0; i < g->imported; i++) {
        append_name(body, STR_EMPTY);
        append_number_name(body, i);
        import_func(body, TYPE_FIRST + i);
    }
}

static void glue_funcs(const struct glue *g, struct buf *body)
{
    buf_append_uleb(body, (uint64_t)g->imported + 2 + g->exports.len);
    buf_append_byte(body, TYPE_CALL);
    for (uint32_t i = 0; i < g->imported + 1; i++)
        buf_append_byte(body, TYPE_THUNK);
    for (size_t i = 0; i < g->exports.len; i++)
        buf_append_uleb(body, (uint64_t)TYPE_FIRST + g->imported + i);
}

static void glue_table(const struct glue *g, struct buf *body)
{
    buf_append_byte(body, 1);
    buf_append_byte(body, WASM_FUNCREF);
    buf_append_byte(body, 1);
    buf_append_uleb(body, g->count);
    buf_append_uleb(body, g->count);
}

static void export_func(struct buf *body, struct str name, uint32_t func)
{
    append_name(body, name);
    buf_append_byte(body, WASM_EXTERN_FUNC);
    buf_append_uleb(body, func);
}

static void glue_export_names(const struct glue *g, struct buf *body)
{
    uint32_t func = first_own(g);
    buf_append_uleb(body, (uint64_t)g->exports.len + 1);
    export_func(body, STR("call"), func);
    func += 2 + g->imported;
    for (size_t i = 0; i < g->exports.len; i++)
        export_func(body, g->exports.data[i].name, func++);
}

static void glue_elements(const struct glue *g, struct buf *body)
{
    uint32_t refuse = first_own(g) + 1, next = refuse + 1;
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

/* From the i64 that spindle_dispatch returned. */
static void append_result(struct buf *code, const struct wasm_func_type *type)
{
    if (type->result_count == 0) {
        buf_append_byte(code, 0x1a); /* drop */
        return;
    }
    if (type->results[0] == WASM_I32 || type->results[0] == WASM_F32)
        buf_append_byte(code, 0xa7); /* i32.wrap_i64 */
    if (type->results[0] == WASM_F32)
        buf_append_byte(code, 0xbe); /* f32.reinterpret_i32 */
    if (type->results[0] == WASM_F64)
        buf_append_byte(code, 0xbf); /* f64.reinterpret_i64 */
}

static void append_export(struct buf *code, const struct glue_export *export)
{
    const struct wasm_func_type *type = export->type;
    if (export->after) {
        buf_append(code, (const uint8_t[]){0, 0x10, FUNC_DISPATCHED, 0x0b}, 4);
        return;
    }
    /* One local, the arguments' address. */
    buf_append(code, (const uint8_t[]){1, 1, WASM_I32, 0x10, FUNC_ARGUMENTS, 0x21}, 6);
    buf_append_uleb(code, type->param_count);
    for (uint32_t i = 0; i < type->param_count; i++) {
        buf_append_byte(code, 0x20);
        buf_append_uleb(code, type->param_count);
        buf_append_byte(code, 0x20);
        buf_append_uleb(code, i);
        append_access(code, type->params[i], true, 8 * i);
    }
    buf_append_byte(code, 0x41);
    buf_append_sleb(code, export->number);
    buf_append(code, (const uint8_t[]){0x10, FUNC_DISPATCH}, 2);
    append_result(code, type);
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
    uint32_t func = dispatch_funcs(g);
    buf_append_uleb(body, (uint64_t)g->imported + 2 + g->exports.len);
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
    for (size_t i = 0; i < g->exports.len; i++) {
        append_export(&code, &g->exports.data[i]);
        append_body(body, &code);
    }
    buf_release(&code);
}

void build_glue(const struct glue *g, struct buf *out)
{
    static const struct {
        uint8_t id;
        void (*write)(const struct glue *g, struct buf *body);
    } sections[] = {{1, glue_types}, {2, glue_imports}, {3, glue_funcs}, {4, glue_table},
        {7, glue_export_names}, {9, glue_elements}, {10, glue_code}};
    preamble(out);
    for (size_t i = 0; i < countof(sections); i++) {
        struct buf body = BUF_INIT(out->max);
        sections[i].write(g, &body);
        emit_section(out, sections[i].id, &body);
        buf_release(&body);
    }
}
