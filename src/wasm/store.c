/*
 * Stores: what owns everything that runs together, and host functions in it.
 */
#include "wasm/rewind.h"
#include "wasm/runtime_int.h"

int wasm_store_new(const struct wasm_store_limits *limits, struct wasm_image *image,
    struct wasm_store **ret_store, struct error *err)
{
    struct wasm_store *store = calloc(1, sizeof *store);
    if (!store)
        return error_set(err, ERROR_MEMORY, "no memory for a store");
    store->arena = ARENA_INIT(LIMIT_WASM_STORE_BYTES);
    store->limits = *limits;
    store->image = image ? wasm_image_ref(image) : NULL;
    *ret_store = store;
    return 0;
}

void wasm_store_free(struct wasm_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->instances.len; i++)
        wasm_code_unref(store->instances.data[i]->code);
    for (size_t i = 0; i < store->memories.len; i++)
        wasm_memory_release(store->memories.data[i]);
    for (size_t i = 0; i < store->tables.len; i++)
        wasm_table_release(store->tables.data[i]);
    if (store->image)
        wasm_image_unref(store->image);
    arena_release(&store->arena);
    free(store);
}

struct arena *wasm_store_arena(struct wasm_store *store)
{
    return &store->arena;
}

void wasm_store_set_data(struct wasm_store *store, void *data)
{
    store->data = data;
}

void *wasm_store_data(const struct wasm_store *store)
{
    return store->data;
}

void wasm_store_set_budget(struct wasm_store *store, uint64_t cpu_ns)
{
    store->budget_ns = cpu_ns;
}

struct wasm_func *wasm_host_func_new(
    struct wasm_store *store, const struct wasm_func_type *type, wasm_host_body body, void *data)
{
    struct wasm_host_func *host = arena_new(&store->arena, struct wasm_host_func);
    struct wasm_func *func = arena_new(&store->arena, struct wasm_func);
    struct wasm_func **slot = VEC_PUSH(&store->host_funcs, &store->arena);
    BUG_IF(!slot); /* host functions are as many as the embedder has */
    *host = (struct wasm_host_func){.body = body, .data = data, .store = store};
    *func = (struct wasm_func){
        .type = type,
        .call = wasm_call_host,
        .index = (uint32_t)(store->host_funcs.len - 1),
        .host = host,
    };
    *slot = func;
    return func;
}

void wasm_code_ref(struct wasm_code_unit *code)
{
    atomic_fetch_add(&code->references, 1);
}

void wasm_code_unref(struct wasm_code_unit *code)
{
    if (code && atomic_fetch_sub(&code->references, 1) == 1)
        code->ops->free(code);
}
