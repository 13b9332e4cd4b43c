/*
 * Linear memories: reservation, growth and the bulk operations that both tiers use.
 */
#include <sys/mman.h>

#include "wasm/pages.h"

static uint8_t *reserve(void)
{
    size_t padded = WASM_RESERVED_BYTES + WASM_RESERVATION_ALIGN;
    uint8_t *start =
        mmap(NULL, padded, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    uint8_t *base = (uint8_t *)align_up((uintptr_t)start, WASM_RESERVATION_ALIGN);
    uint8_t *end = base + WASM_RESERVED_BYTES;
    if (base > start)
        munmap(start, (size_t)(base - start));
    munmap(end, padded - (size_t)(end - start));
    madvise(base, WASM_RESERVED_BYTES, MADV_NOHUGEPAGE);
    return base;
}

/* Reserves and commits the initial pages, or the image's. */
static int map_memory(struct wasm_memory *memory, uint64_t size, struct error *err)
{
    struct wasm_store *store = memory->pages->store;
    memory->base = reserve();
    if (!memory->base)
        return error_set(err, ERROR_MEMORY, "address space for a memory cannot be had");
    if (store->image) {
        memory->pages->image = wasm_image_memory(store->image, memory->ordinal);
        if (!memory->pages->image)
            return error_set(err, ERROR_LINK, "the image has no memory %u", memory->ordinal);
        if (memory->pages->image->size < size)
            return error_set(
                err, ERROR_LINK, "memory %u is larger than in the image", memory->ordinal);
        memory->size = memory->pages->image->size;
        return wasm_pages_map(memory, err);
    }
    if (size > 0 && mprotect(memory->base, size, PROT_READ | PROT_WRITE) < 0)
        return error_set(err, ERROR_MEMORY, "%zu bytes of memory cannot be had", (size_t)size);
    memory->size = size;
    return 0;
}

struct wasm_memory *wasm_memory_new(
    struct wasm_store *store, struct wasm_limits type, struct error *err)
{
    uint64_t size = type.min * WASM_PAGE;
    struct wasm_memory **slot = VEC_PUSH(&store->memories, &store->arena);
    struct wasm_memory *memory = arena_try_array(&store->arena, 1, struct wasm_memory);
    struct wasm_memory_pages *pages = arena_try_array(&store->arena, 1, struct wasm_memory_pages);
    if (!slot || !memory || !pages) {
        store->memories.len -= slot ? 1 : 0;
        error_set(err, ERROR_MEMORY, "too many memories in a store");
        return NULL;
    }
    pages->store = store;
    *memory = (struct wasm_memory){
        .ordinal = (uint32_t)(store->memories.len - 1),
        .type = type,
        .max_pages = type.has_max && type.max < LIMIT_WASM_PAGES ? type.max : LIMIT_WASM_PAGES,
        .pages = pages,
    };
    *slot = memory;
    if (map_memory(memory, size, err) < 0)
        goto fail;
    if (memory->size > store->limits.memory_bytes - store->memory_used) {
        error_set(err, ERROR_LIMIT, "a memory of %zu bytes is above the store's limit",
            (size_t)memory->size);
        goto fail;
    }
    store->memory_used += memory->size;
    wasm_reservation_add(memory);
    return memory;
fail:
    wasm_memory_release(memory);
    store->memories.len--;
    return NULL;
}

void wasm_memory_release(struct wasm_memory *memory)
{
    if (memory->base) {
        wasm_reservation_remove(memory);
        munmap(memory->base, WASM_RESERVED_BYTES);
        memory->base = NULL;
    }
    wasm_pages_release(memory->pages);
}

uint32_t wasm_memory_grow(struct wasm_store *store, struct wasm_memory *memory, uint32_t pages)
{
    uint32_t old = (uint32_t)(memory->size / WASM_PAGE);
    uint64_t bytes = pages * WASM_PAGE;
    if (old > memory->max_pages || pages > memory->max_pages - old)
        return UINT32_MAX;
    if (bytes > store->limits.memory_bytes - store->memory_used)
        return UINT32_MAX;
    if (bytes > 0 && mprotect(memory->base + memory->size, bytes, PROT_READ | PROT_WRITE) < 0)
        return UINT32_MAX;
    memory->size += bytes;
    store->memory_used += bytes;
    return old;
}

static void check_range(uint64_t size, uint32_t start, uint32_t count)
{
    if ((uint64_t)start + count > size)
        wasm_raise(WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
}

void wasm_memory_init(struct wasm_instance *instance, uint32_t memory_index, uint32_t segment,
    uint32_t to, uint32_t from, uint32_t count)
{
    struct wasm_memory *memory = instance->memories[memory_index];
    struct str bytes = instance->module->datas[segment].bytes;
    check_range(instance->dropped_datas[segment] ? 0 : bytes.len, from, count);
    check_range(memory->size, to, count);
    if (count > 0)
        memcpy(memory->base + to, bytes.ptr + from, count);
}

void wasm_memory_copy(struct wasm_memory *to_memory, struct wasm_memory *from_memory, uint32_t to,
    uint32_t from, uint32_t count)
{
    check_range(from_memory->size, from, count);
    check_range(to_memory->size, to, count);
    if (count > 0)
        memmove(to_memory->base + to, from_memory->base + from, count);
}

void wasm_memory_fill(struct wasm_memory *memory, uint32_t start, uint8_t value, uint32_t count)
{
    check_range(memory->size, start, count);
    if (count > 0)
        memset(memory->base + start, value, count);
}
