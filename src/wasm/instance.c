/*
 * Instantiation (core specification 4.5.4) and exports.
 */
#include "wasm/runtime_int.h"

/* What is known while an instance is made. */
struct making {
    struct wasm_store *store;
    const struct wasm_module *module;
    const struct wasm_extern *imports;
    struct wasm_instance *instance;
    struct error *err;
};

/* Imports. */

static bool limits_match(
    uint64_t size, const struct wasm_limits *given, const struct wasm_limits *wanted)
{
    if (size < wanted->min)
        return false;
    return !wanted->has_max || (given->has_max && given->max <= wanted->max);
}

static bool import_matches(const struct wasm_extern *given, const struct wasm_extern_type *wanted)
{
    if (given->kind != wanted->kind)
        return false;
    switch (wanted->kind) {
    case WASM_EXTERN_FUNC:
        return wasm_func_type_equal(given->func->type, wanted->func);
    case WASM_EXTERN_TABLE:
        return given->table->type.element == wanted->table.element &&
               limits_match(given->table->size, &given->table->type.limits, &wanted->table.limits);
    case WASM_EXTERN_MEMORY:
        return limits_match(given->memory->size / WASM_PAGE, &given->memory->type, &wanted->memory);
    case WASM_EXTERN_GLOBAL:
        return given->global.type.type == wanted->global.type &&
               given->global.type.is_mutable == wanted->global.is_mutable;
    }
    return false;
}

static int check_imports(struct making *making)
{
    const struct wasm_module *m = making->module;
    for (uint32_t i = 0; i < m->import_count; i++) {
        const struct wasm_import *import = &m->imports[i];
        if (!import_matches(&making->imports[i], &import->type))
            return error_set(making->err, ERROR_LINK,
                "incompatible import type for '%" STR_FMT "' '%" STR_FMT "'",
                STR_ARG(import->module), STR_ARG(import->name));
    }
    return 0;
}

static void take_imports(struct making *making)
{
    struct wasm_instance *instance = making->instance;
    uint32_t funcs = 0, tables = 0, memories = 0, globals = 0;
    for (uint32_t i = 0; i < making->module->import_count; i++) {
        const struct wasm_extern *given = &making->imports[i];
        switch (given->kind) {
        case WASM_EXTERN_FUNC:
            instance->imports[funcs++] = given->func;
            break;
        case WASM_EXTERN_TABLE:
            instance->tables[tables++] = given->table;
            break;
        case WASM_EXTERN_MEMORY:
            instance->memories[memories++] = given->memory;
            break;
        case WASM_EXTERN_GLOBAL:
            instance->imported_globals[globals++] = given->global.value;
            break;
        }
    }
}

/* The instance itself. */

/* Zeroed memory of the store's; never NULL for a count of 0. */
#define new_array(making, count, member) \
    (((member) = arena_try_alloc(        \
          &(making)->store->arena, (size_t)(count) + 1, sizeof *(member))) != NULL)

static int allocate(struct making *making)
{
    const struct wasm_module *m = making->module;
    uint32_t own_globals = m->global_count - m->imported_globals;
    struct wasm_instance *instance;
    size_t size = sizeof *instance + (size_t)own_globals * sizeof(union wasm_value);
    making->instance = instance = arena_try_alloc(&making->store->arena, 1, size);
    if (!instance || !new_array(making, m->memory_count, instance->memories) ||
        !new_array(making, m->table_count, instance->tables) ||
        !new_array(making, m->imported_funcs, instance->imports) ||
        !new_array(making, m->imported_globals, instance->imported_globals) ||
        !new_array(making, m->func_count - m->imported_funcs, instance->funcs) ||
        !new_array(making, m->element_count, instance->dropped_elements) ||
        !new_array(making, m->data_count, instance->dropped_datas))
        return error_set(making->err, ERROR_MEMORY, "no memory for an instance");
    instance->types = m->types;
    instance->store = making->store;
    instance->module = m;
    instance->global_count = own_globals;
    instance->ordinal = (uint32_t)making->store->instances.len;
    return 0;
}

static int make_tables_and_memories(struct making *making)
{
    const struct wasm_module *m = making->module;
    struct wasm_instance *instance = making->instance;
    for (uint32_t i = m->imported_tables; i < m->table_count; i++) {
        instance->tables[i] = wasm_table_new(making->store, m->tables[i], making->err);
        if (!instance->tables[i])
            return -1;
    }
    for (uint32_t i = m->imported_memories; i < m->memory_count; i++) {
        instance->memories[i] = wasm_memory_new(making->store, m->memories[i], making->err);
        if (!instance->memories[i])
            return -1;
    }
    instance->memory_base = m->memory_count ? instance->memories[0]->base : NULL;
    return 0;
}

static void make_funcs(struct making *making)
{
    const struct wasm_module *m = making->module;
    struct wasm_instance *instance = making->instance;
    for (uint32_t i = m->imported_funcs; i < m->func_count; i++)
        instance->funcs[i - m->imported_funcs] = (struct wasm_func){
            .type = m->func_types[i],
            .instance = instance,
            .memory_base = instance->memory_base,
            .index = i,
        };
}

static void make_globals(struct making *making)
{
    struct wasm_instance *instance = making->instance;
    for (uint32_t i = 0; i < instance->global_count; i++)
        instance->globals[i] = wasm_constant(instance, making->module->global_defs[i].init);
}

/* From here on the instance is the store's. */
static int add_to_store(struct making *making, struct wasm_code_unit *code)
{
    struct wasm_instance **slot = VEC_PUSH(&making->store->instances, &making->store->arena);
    if (!slot)
        return error_set(making->err, ERROR_MEMORY, "too many instances in a store");
    *slot = making->instance;
    making->instance->code = code;
    wasm_code_ref(code);
    return 0;
}

/* What instantiation runs. Each answers false with ret_trap->kind set. */

static bool trap(struct wasm_trap *ret_trap, enum wasm_trap_kind kind)
{
    *ret_trap = (struct wasm_trap){.kind = kind};
    return false;
}

static bool init_elements(struct making *making, struct wasm_trap *ret_trap)
{
    const struct wasm_module *m = making->module;
    struct wasm_instance *instance = making->instance;
    for (uint32_t i = 0; i < m->element_count; i++) {
        const struct wasm_element_segment *segment = &m->elements[i];
        if (segment->mode == WASM_SEGMENT_ACTIVE) {
            uint32_t to = wasm_constant(instance, segment->offset).i32;
            if (!wasm_table_try_init(instance, segment->table, i, to, 0, segment->count))
                return trap(ret_trap, WASM_TRAP_OUT_OF_BOUNDS_TABLE);
        }
        if (segment->mode != WASM_SEGMENT_PASSIVE)
            instance->dropped_elements[i] = 1;
    }
    return true;
}

static bool init_datas(struct making *making, struct wasm_trap *ret_trap)
{
    const struct wasm_module *m = making->module;
    struct wasm_instance *instance = making->instance;
    for (uint32_t i = 0; i < m->data_count; i++) {
        const struct wasm_data_segment *segment = &m->datas[i];
        if (segment->mode != WASM_SEGMENT_ACTIVE)
            continue;
        struct wasm_memory *memory = instance->memories[segment->memory];
        uint32_t to = wasm_constant(instance, segment->offset).i32;
        if (to + (uint64_t)segment->bytes.len > memory->size)
            return trap(ret_trap, WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
        if (segment->bytes.len)
            memcpy(memory->base + to, segment->bytes.ptr, segment->bytes.len);
        instance->dropped_datas[i] = 1;
    }
    return true;
}

static bool run_start(struct making *making, struct wasm_trap *ret_trap)
{
    union wasm_value none;
    if (!making->module->has_start)
        return true;
    struct wasm_func *start = wasm_instance_func(making->instance, making->module->start);
    return wasm_call(start, &none, ret_trap) == 0;
}

int wasm_instantiate(struct wasm_store *store, const struct wasm_module *module,
    struct wasm_code_unit *code, const struct wasm_extern *imports,
    struct wasm_instance **ret_instance, struct wasm_trap *ret_trap, struct error *err)
{
    struct making making = {.store = store, .module = module, .imports = imports, .err = err};
    if (check_imports(&making) < 0 || allocate(&making) < 0)
        return -1;
    take_imports(&making);
    if (make_tables_and_memories(&making) < 0)
        return -1;
    make_funcs(&making);
    make_globals(&making);
    if (code->ops->bind(code, making.instance, err) < 0 || add_to_store(&making, code) < 0)
        return -1;
    if (!store->image && (!init_elements(&making, ret_trap) || !init_datas(&making, ret_trap) ||
                             !run_start(&making, ret_trap)))
        return error_set(err, ERROR_TRAP, "%s", wasm_trap_message(ret_trap->kind));
    *ret_instance = making.instance;
    return 0;
}

/* What an instance has. */

struct wasm_func *wasm_instance_func(const struct wasm_instance *instance, uint32_t index)
{
    uint32_t imported = instance->module->imported_funcs;
    return index < imported ? instance->imports[index] : &instance->funcs[index - imported];
}

union wasm_value wasm_instance_element(
    struct wasm_instance *instance, const struct wasm_element_segment *segment, uint32_t index)
{
    union wasm_value value;
    if (segment->exprs)
        return wasm_constant(instance, segment->exprs[index]);
    value.ref = wasm_instance_func(instance, segment->funcs[index]);
    return value;
}

bool wasm_instance_export(
    const struct wasm_instance *instance, struct str name, struct wasm_extern *ret_extern)
{
    const struct wasm_module *m = instance->module;
    const struct wasm_export *export = wasm_find_export(m, name);
    if (!export)
        return false;
    uint32_t index = export->index;
    ret_extern->kind = export->kind;
    switch (export->kind) {
    case WASM_EXTERN_FUNC:
        ret_extern->func = wasm_instance_func(instance, index);
        break;
    case WASM_EXTERN_TABLE:
        ret_extern->table = instance->tables[index];
        break;
    case WASM_EXTERN_MEMORY:
        ret_extern->memory = instance->memories[index];
        break;
    case WASM_EXTERN_GLOBAL:
        ret_extern->global.type = m->globals[index];
        ret_extern->global.value = wasm_instance_global((struct wasm_instance *)instance, index);
        break;
    }
    return true;
}

/* As the module itself has it: its indirect calls compare addresses before contents. */
static const struct wasm_func_type *import_type(const struct wasm_module *m, uint32_t slot)
{
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].type.kind == WASM_EXTERN_FUNC && slot-- == 0)
            return m->imports[i].type.func;
    BUG("import %u is missing", slot);
}

void wasm_instance_redirect(struct wasm_instance *instance, uint32_t slot, struct wasm_func *target)
{
    const struct wasm_func *old = instance->imports[slot];
    instance->imports[slot] = target;
    target->type = import_type(instance->module, slot);
    if (instance->store->image) /* whose tables hold the target already */
        return;
    for (uint32_t t = 0; t < instance->module->table_count; t++) {
        struct wasm_table *table = instance->tables[t];
        if (table->type.element != WASM_FUNCREF)
            continue;
        for (uint32_t i = 0; i < table->size; i++)
            if (table->elements[i].ref == old)
                wasm_table_put(table, i, (union wasm_value){.ref = target});
    }
}
