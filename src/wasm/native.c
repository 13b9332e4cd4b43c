/*
 * Translated code that is loaded, and the functions of the engine that it calls.
 */
#include "wasm/native.h"

#include <dlfcn.h>
#include <unistd.h>

struct native_unit {
    struct wasm_code_unit unit; /* first */
    void *handle;
    int fd;
    const struct wasm_native_entry *entries;
};

/* ---- helpers ---- */

/*
 * What is between enter and leave cannot be jumped out of by the preemption handler. There must be
 * stack for it: a fault in host mode is a bug of ours.
 */
static void enter_host(void)
{
    if (!wasm_stack_has(wasm_thread_now, 0))
        wasm_raise(WASM_TRAP_STACK_EXHAUSTED);
    wasm_thread_now->mode = WASM_MODE_HOST;
    atomic_signal_fence(memory_order_seq_cst);
}

static void leave_host(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    wasm_thread_now->mode = WASM_MODE_GUEST;
}

static void help_trap(uint32_t kind)
{
    wasm_raise((enum wasm_trap_kind)kind);
}

static bool help_type_equal(const void *a, const void *b)
{
    return wasm_func_type_equal(a, b);
}

static uint32_t help_memory_grow(struct wasm_instance *instance, uint32_t memory, uint32_t pages)
{
    enter_host();
    uint32_t old = wasm_memory_grow(instance->store, instance->memories[memory], pages);
    leave_host();
    return old;
}

static void help_data_drop(struct wasm_instance *instance, uint32_t segment)
{
    wasm_drop_data(instance, segment);
}

static uint32_t help_table_grow(
    struct wasm_instance *instance, uint32_t table, void *value, uint32_t count)
{
    enter_host();
    uint32_t old = wasm_table_grow(
        instance->store, instance->tables[table], count, (union wasm_value){.ref = value});
    leave_host();
    return old;
}

static void help_table_fill(
    struct wasm_instance *instance, uint32_t table, uint32_t start, void *value, uint32_t count)
{
    enter_host();
    wasm_table_fill(instance->tables[table], start, (union wasm_value){.ref = value}, count);
    leave_host();
}

static void help_table_copy(struct wasm_instance *instance, uint32_t to_table, uint32_t from_table,
    uint32_t to, uint32_t from, uint32_t count)
{
    enter_host();
    wasm_table_copy(instance->tables[to_table], instance->tables[from_table], to, from, count);
    leave_host();
}

static void help_table_init(struct wasm_instance *instance, uint32_t table, uint32_t segment,
    uint32_t to, uint32_t from, uint32_t count)
{
    enter_host();
    wasm_table_init(instance, table, segment, to, from, count);
    leave_host();
}

static void help_elem_drop(struct wasm_instance *instance, uint32_t segment)
{
    wasm_drop_elements(instance, segment);
}

static void help_table_set(
    struct wasm_instance *instance, uint32_t table, uint32_t index, void *value)
{
    if (index >= instance->tables[table]->size)
        wasm_raise(WASM_TRAP_OUT_OF_BOUNDS_TABLE);
    wasm_table_put(instance->tables[table], index, (union wasm_value){.ref = value});
}

static const struct wasm_helpers helpers = {
    .trap = help_trap,
    .type_equal = help_type_equal,
    .memory_grow = help_memory_grow,
    .memory_init = wasm_memory_init,
    .data_drop = help_data_drop,
    .table_grow = help_table_grow,
    .table_fill = help_table_fill,
    .table_copy = help_table_copy,
    .table_init = help_table_init,
    .elem_drop = help_elem_drop,
    .table_set = help_table_set,
};

/* ---- code units ---- */

static NORETURN void call_unreferenced(struct wasm_func *func, union wasm_value *slots)
{
    (void)slots;
    BUG("function %u has no entry in its translated code", func->index);
}

/* Ids are never used twice in a store. */
static int give_target_ids(struct wasm_instance *instance, struct error *err)
{
    struct wasm_store *store = instance->store;
    if (instance->module->type_count > UINT32_MAX - 1 - store->next_target_id)
        return error_set(err, ERROR_LIMIT, "too many types of instances in a store");
    instance->target_id_base = store->next_target_id + 1;
    store->next_target_id += instance->module->type_count;
    return 0;
}

static int native_bind(
    struct wasm_code_unit *code, struct wasm_instance *instance, struct error *err)
{
    const struct native_unit *native = (const struct native_unit *)code;
    const struct wasm_module *module = instance->module;
    if (give_target_ids(instance, err) < 0)
        return -1;
    instance->helpers = &helpers;
    instance->table_0 = module->table_count > 0 ? instance->tables[0] : NULL;
    for (uint32_t i = 0; i < module->func_count - module->imported_funcs; i++) {
        struct wasm_func *func = &instance->funcs[i];
        func->native = native->entries[i].native;
        func->thunk = native->entries[i].thunk;
        func->call = func->native ? wasm_call_native : call_unreferenced;
        func->target_id = func->native ? instance->target_id_base + native->entries[i].type : 0;
    }
    return 0;
}

static void native_free(struct wasm_code_unit *code)
{
    struct native_unit *native = (struct native_unit *)code;
    dlclose(native->handle);
    close(native->fd);
    free(native);
}

static const struct wasm_code_ops native_ops = {.bind = native_bind, .free = native_free};

int wasm_native_new(void *handle, int fd, const struct wasm_native_entry *entries,
    struct wasm_code_unit **ret_code, struct error *err)
{
    struct native_unit *native = calloc(1, sizeof(*native));
    if (!native) {
        dlclose(handle);
        close(fd);
        return error_set(err, ERROR_MEMORY, "no memory for a code unit");
    }
    native->unit.ops = &native_ops;
    atomic_init(&native->unit.references, 1);
    native->handle = handle;
    native->fd = fd;
    native->entries = entries;
    *ret_code = &native->unit;
    return 0;
}
