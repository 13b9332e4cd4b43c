/*
 * Translated code that is loaded: what it calls (struct wasm_helpers) and how instances get it.
 */
#ifndef SPINDLE_WASM_NATIVE_H
#define SPINDLE_WASM_NATIVE_H

#include "wasm/runtime_int.h"

/*
 * What translated code calls; the layout is part of the code key (translated.h declares the same
 * struct). Each may raise a trap. Those that change the engine's state run in host mode, so that
 * the preemption handler does not jump out of them.
 */
struct wasm_helpers {
    void (*trap)(uint32_t kind);
    bool (*type_equal)(const void *a, const void *b);
    uint32_t (*memory_grow)(struct wasm_instance *instance, uint32_t memory, uint32_t pages);
    void (*memory_init)(struct wasm_instance *instance, uint32_t memory, uint32_t segment,
        uint32_t to, uint32_t from, uint32_t count);
    void (*data_drop)(struct wasm_instance *instance, uint32_t segment);
    uint32_t (*table_grow)(
        struct wasm_instance *instance, uint32_t table, void *value, uint32_t count);
    void (*table_fill)(struct wasm_instance *instance, uint32_t table, uint32_t start, void *value,
        uint32_t count);
    void (*table_copy)(struct wasm_instance *instance, uint32_t to_table, uint32_t from_table,
        uint32_t to, uint32_t from, uint32_t count);
    void (*table_init)(struct wasm_instance *instance, uint32_t table, uint32_t segment,
        uint32_t to, uint32_t from, uint32_t count);
    void (*elem_drop)(struct wasm_instance *instance, uint32_t segment);
    void (*table_set)(struct wasm_instance *instance, uint32_t table, uint32_t index, void *value);
};

/* An entry of the table in a shared object, for each of the module's own functions. Functions that
 * nothing can refer to have none: both members NULL. */
struct wasm_native_entry {
    void *native;
    void (*thunk)(struct wasm_func *func, union wasm_value *slots);
    uint32_t type; /* the smallest index of its type */
};

/*
 * A code unit over a loaded object. Takes over `handle` (dlclose) and `fd` (close): the descriptor
 * stays open as long as the object is loaded, since its number is the name that it was loaded by.
 */
int wasm_native_new(void *handle, int fd, const struct wasm_native_entry *entries,
    struct wasm_code_unit **ret_code, struct error *err);

#endif
