/*
 * Tables: an array of references on the heap, grown by doubling.
 */
#include "wasm/runtime_int.h"

static uint32_t largest(const struct wasm_table *table)
{
    uint32_t max = table->type.limits.has_max ? table->type.limits.max : UINT32_MAX;
    return max < LIMIT_WASM_TABLE_ELEMENTS ? max : LIMIT_WASM_TABLE_ELEMENTS;
}

/* Makes room for `size` elements. Those past table->size are not initialised. */
static bool reserve(struct wasm_table *table, uint32_t size)
{
    if (size <= table->capacity)
        return true;
    uint32_t capacity = table->capacity ? table->capacity : 16;
    while (capacity < size)
        capacity *= 2; /* cannot overflow: LIMIT_WASM_TABLE_ELEMENTS is far below 2^31 */
    union wasm_value *elements =
        realloc(table->elements, (size_t)capacity * sizeof *table->elements);
    if (!elements)
        return false;
    table->elements = elements;
    struct wasm_target *targets =
        realloc(table->targets, (size_t)capacity * sizeof *table->targets);
    if (!targets)
        return false;
    table->targets = targets;
    table->capacity = capacity;
    return true;
}

uint32_t wasm_table_grow(
    struct wasm_store *store, struct wasm_table *table, uint32_t count, union wasm_value fill)
{
    uint32_t old = table->size;
    uint32_t most = largest(table);
    if (old > most || count > most - old)
        return UINT32_MAX;
    if (count > store->limits.table_elements - store->table_used || !reserve(table, old + count))
        return UINT32_MAX;
    for (uint32_t i = old; i < old + count; i++)
        wasm_table_put(table, i, fill);
    table->size = old + count;
    table->written = true;
    store->table_used += count;
    return old;
}

struct wasm_table *wasm_table_new(
    struct wasm_store *store, struct wasm_table_type type, struct error *err)
{
    struct wasm_table *table = arena_try_array(&store->arena, 1, struct wasm_table);
    struct wasm_table **slot = table ? VEC_PUSH(&store->tables, &store->arena) : NULL;
    if (!slot) {
        error_set(err, ERROR_MEMORY, "too many tables in a store");
        return NULL;
    }
    *slot = table;
    table->ordinal = (uint32_t)(store->tables.len - 1);
    table->type = type;
    union wasm_value null = {.ref = NULL};
    if (wasm_table_grow(store, table, type.limits.min, null) == UINT32_MAX) {
        wasm_table_release(table);
        store->tables.len--;
        error_set(err, ERROR_LIMIT, "a table of %u elements is above the limit", type.limits.min);
        return NULL;
    }
    return table;
}

void wasm_table_release(struct wasm_table *table)
{
    free(table->elements);
    free(table->targets);
    table->elements = NULL;
    table->targets = NULL;
}

bool wasm_table_try_init(struct wasm_instance *instance, uint32_t table_index, uint32_t segment,
    uint32_t to, uint32_t from, uint32_t count)
{
    struct wasm_table *table = instance->tables[table_index];
    const struct wasm_element_segment *elements = &instance->module->elements[segment];
    uint32_t available = instance->dropped_elements[segment] ? 0 : elements->count;
    if ((uint64_t)from + count > available || (uint64_t)to + count > table->size)
        return false;
    for (uint32_t i = 0; i < count; i++)
        wasm_table_put(table, to + i, wasm_instance_element(instance, elements, from + i));
    table->written = true;
    return true;
}

void wasm_table_init(struct wasm_instance *instance, uint32_t table, uint32_t segment, uint32_t to,
    uint32_t from, uint32_t count)
{
    if (!wasm_table_try_init(instance, table, segment, to, from, count))
        wasm_raise(WASM_TRAP_OUT_OF_BOUNDS_TABLE);
}

void wasm_table_copy(struct wasm_table *to_table, struct wasm_table *from_table, uint32_t to,
    uint32_t from, uint32_t count)
{
    if ((uint64_t)from + count > from_table->size || (uint64_t)to + count > to_table->size)
        wasm_raise(WASM_TRAP_OUT_OF_BOUNDS_TABLE);
    if (count == 0)
        return;
    memmove(to_table->elements + to, from_table->elements + from, count * sizeof(union wasm_value));
    memmove(to_table->targets + to, from_table->targets + from, count * sizeof(struct wasm_target));
    to_table->written = true;
}

void wasm_table_fill(
    struct wasm_table *table, uint32_t start, union wasm_value value, uint32_t count)
{
    if ((uint64_t)start + count > table->size)
        wasm_raise(WASM_TRAP_OUT_OF_BOUNDS_TABLE);
    for (uint32_t i = 0; i < count; i++)
        wasm_table_put(table, start + i, value);
    table->written = true;
}
