#include "spec.h"

static enum wasm_trap_kind ignore(
    void *data, struct wasm_store *store, union wasm_value *slots, struct wasm_trap *trap)
{
    (void)data;
    (void)store;
    (void)slots;
    (void)trap;
    return WASM_TRAP_NONE;
}

struct printer {
    const char *name;
    struct wasm_func_type type;
};

#define PARAMS(count, ...)                                  \
    {                                                       \
        .param_count = (count), .params = (const uint8_t[]) \
        {                                                   \
            __VA_ARGS__                                     \
        }                                                   \
    }

static const struct printer printers[] = {
    {"print", PARAMS(0, 0)},
    {"print_i32", PARAMS(1, WASM_I32)},
    {"print_i64", PARAMS(1, WASM_I64)},
    {"print_f32", PARAMS(1, WASM_F32)},
    {"print_f64", PARAMS(1, WASM_F64)},
    {"print_i32_f32", PARAMS(2, WASM_I32, WASM_F32)},
    {"print_f64_f64", PARAMS(2, WASM_F64, WASM_F64)},
};

/* Made once for each script, so that all its modules share them. */
struct spectest {
    struct wasm_func *printers[countof(printers)];
    struct wasm_table *table;
    struct wasm_memory *memory;
    union wasm_value i32, i64, f32, f64;
};

static struct spectest *spectest_new(struct script *script)
{
    struct error err = ERROR_INIT;
    struct spectest *s = arena_new(&script->arena, struct spectest);
    for (size_t i = 0; i < countof(printers); i++)
        s->printers[i] = wasm_host_func_new(script->store, &printers[i].type, ignore, NULL);
    s->table = wasm_table_new(script->store,
        (struct wasm_table_type){WASM_FUNCREF, {.min = 10, .max = 20, .has_max = true}}, &err);
    s->memory = wasm_memory_new(
        script->store, (struct wasm_limits){.min = 1, .max = 2, .has_max = true}, &err);
    BUG_IF(!s->table || !s->memory);
    float f32 = 666.6f;
    double f64 = 666.6;
    s->i32.i32 = 666;
    s->i64.i64 = 666;
    memcpy(&s->f32, &f32, sizeof f32);
    memcpy(&s->f64, &f64, sizeof f64);
    wasm_store_set_data(script->store, s);
    return s;
}

static bool global(struct wasm_extern *ret, uint8_t type, union wasm_value *value)
{
    ret->kind = WASM_EXTERN_GLOBAL;
    ret->global = (struct wasm_global){.value = value, .type = {.type = type}};
    return true;
}

bool spectest_export(struct script *script, struct str name, struct wasm_extern *ret_extern)
{
    struct spectest *s = wasm_store_data(script->store);
    if (!s)
        s = spectest_new(script);
    for (size_t i = 0; i < countof(printers); i++) {
        if (str_is(name, printers[i].name)) {
            *ret_extern = (struct wasm_extern){.kind = WASM_EXTERN_FUNC, .func = s->printers[i]};
            return true;
        }
    }
    if (str_is(name, "table"))
        *ret_extern = (struct wasm_extern){.kind = WASM_EXTERN_TABLE, .table = s->table};
    else if (str_is(name, "memory"))
        *ret_extern = (struct wasm_extern){.kind = WASM_EXTERN_MEMORY, .memory = s->memory};
    else if (str_is(name, "global_i32"))
        return global(ret_extern, WASM_I32, &s->i32);
    else if (str_is(name, "global_i64"))
        return global(ret_extern, WASM_I64, &s->i64);
    else if (str_is(name, "global_f32"))
        return global(ret_extern, WASM_F32, &s->f32);
    else if (str_is(name, "global_f64"))
        return global(ret_extern, WASM_F64, &s->f64);
    else
        return false;
    return true;
}
