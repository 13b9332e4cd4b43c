#include "wasm/module.h"

/* Host functions' types may have NULL for no values. */
static bool same_types(const uint8_t *a, const uint8_t *b, uint32_t count)
{
    return count == 0 || memcmp(a, b, count) == 0;
}

bool wasm_func_type_equal(const struct wasm_func_type *a, const struct wasm_func_type *b)
{
    return a == b || (a->param_count == b->param_count && a->result_count == b->result_count &&
                         same_types(a->params, b->params, a->param_count) &&
                         same_types(a->results, b->results, a->result_count));
}

struct wasm_extern_type wasm_export_type(const struct wasm_module *m, const struct wasm_export *e)
{
    struct wasm_extern_type type = {.kind = e->kind};
    switch (e->kind) {
    case WASM_EXTERN_FUNC:
        type.func = m->func_types[e->index];
        break;
    case WASM_EXTERN_TABLE:
        type.table = m->tables[e->index];
        break;
    case WASM_EXTERN_MEMORY:
        type.memory = m->memories[e->index];
        break;
    case WASM_EXTERN_GLOBAL:
        type.global = m->globals[e->index];
        break;
    }
    return type;
}

const struct wasm_export *wasm_find_export(const struct wasm_module *m, struct str name)
{
    return map_get(&m->export_names, name);
}

const char *wasm_type_name(uint8_t type)
{
    switch ((enum wasm_type)type) {
    case WASM_I32:
        return "i32";
    case WASM_I64:
        return "i64";
    case WASM_F32:
        return "f32";
    case WASM_F64:
        return "f64";
    case WASM_FUNCREF:
        return "funcref";
    case WASM_EXTERNREF:
        return "externref";
    }
    return "unknown";
}
