/*
 * Images: taking, restoring, rewinding and comparing the state of a store.
 *
 * References to functions are kept in an image as numbers, since another store has other pointers:
 *
 *     reference = 0 (null) | kind, ordinal of the instance, index      (struct reference)
 */
#include "wasm/rewind.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "wasm/pages.h"

enum reference_kind { REFERENCE_NULL, REFERENCE_GUEST, REFERENCE_HOST };

struct reference {
    uint32_t kind;
    uint32_t ordinal; /* guest: of the instance in the store */
    uint32_t index;   /* guest: among the instance's own functions; host: in store->host_funcs */
};

struct image_table {
    uint32_t size;
    struct reference *elements;
};

/* Numbers are in `value`, references in `reference`. */
struct image_global {
    bool is_reference;
    union wasm_value value;
    struct reference reference;
};

struct image_instance {
    uint32_t global_count;
    struct image_global *globals; /* own */
    uint32_t element_count, data_count;
    uint8_t *dropped_elements, *dropped_datas;
};

struct wasm_image {
    atomic_uint references;
    struct arena arena;
    uint32_t memory_count, table_count, instance_count;
    struct wasm_image_memory *memories;
    struct image_table *tables;
    struct image_instance *instances;
    uint32_t global_count; /* of all instances */
};

struct wasm_image *wasm_image_ref(struct wasm_image *image)
{
    atomic_fetch_add(&image->references, 1);
    return image;
}

static void image_free(struct wasm_image *image)
{
    for (uint32_t i = 0; i < image->memory_count; i++) {
        struct wasm_image_memory *memory = &image->memories[i];
        if (memory->bytes)
            munmap((void *)memory->bytes, memory->size);
        fd_close(&memory->fd);
    }
    arena_release(&image->arena);
    free(image);
}

void wasm_image_unref(struct wasm_image *image)
{
    if (image && atomic_fetch_sub(&image->references, 1) == 1)
        image_free(image);
}

struct wasm_image_memory *wasm_image_memory(struct wasm_image *image, uint32_t ordinal)
{
    return ordinal < image->memory_count ? &image->memories[ordinal] : NULL;
}

/* ---- taking ---- */

static bool all_zero(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Writes what is not zero, so that zero pages take no memory. */
static int write_memory(int fd, const struct wasm_memory *memory, struct error *err)
{
    size_t step = WASM_PAGE;
    for (size_t at = 0; at < memory->size; at += step) {
        if (all_zero(memory->base + at, step))
            continue;
        if (pwrite(fd, memory->base + at, step, (off_t)at) != (ssize_t)step)
            return error_set_os(err, errno, "cannot write a memory's image");
    }
    return 0;
}

static int take_memory(struct wasm_image *image, const struct wasm_memory *memory,
    struct wasm_image_memory *ret, struct error *err)
{
    ret->size = memory->size;
    ret->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
    ret->page_count = (uint32_t)(memory->size / ret->page_size);
    ret->hot = arena_try_alloc(&image->arena, ret->page_count / 64 + 1, sizeof(*ret->hot));
    if (!ret->hot)
        return error_set(err, ERROR_MEMORY, "no memory for an image");
    ret->fd = memfd_create("spindle-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (ret->fd < 0)
        return error_set_os(err, errno, "cannot make a memory file");
    if (ftruncate(ret->fd, (off_t)memory->size) < 0)
        return error_set_os(err, errno, "cannot size a memory's image");
    if (write_memory(ret->fd, memory, err) < 0)
        return -1;
    if (fcntl(ret->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return error_set_os(err, errno, "cannot seal a memory's image");
    if (memory->size == 0)
        return 0;
    void *bytes = mmap(NULL, memory->size, PROT_READ, MAP_SHARED, ret->fd, 0);
    if (bytes == MAP_FAILED)
        return error_set_os(err, errno, "cannot map a memory's image");
    ret->bytes = bytes;
    return 0;
}

static int take_reference(
    uint8_t type, const struct wasm_func *func, struct reference *ret, struct error *err)
{
    *ret = (struct reference){0};
    if (!func)
        return 0;
    if (type != WASM_FUNCREF)
        return error_set(err, ERROR_UNSUPPORTED, "an image cannot hold external references");
    if (func->instance)
        *ret = (struct reference){
            REFERENCE_GUEST, func->instance->ordinal, (uint32_t)(func - func->instance->funcs)};
    else
        *ret = (struct reference){REFERENCE_HOST, 0, func->index};
    return 0;
}

static int take_table(struct wasm_image *image, const struct wasm_table *table,
    struct image_table *ret, struct error *err)
{
    ret->size = table->size;
    ret->elements = arena_try_array(&image->arena, (size_t)table->size + 1, struct reference);
    if (!ret->elements)
        return error_set(err, ERROR_MEMORY, "no memory for an image");
    for (uint32_t i = 0; i < table->size; i++)
        if (take_reference(table->type.element, table->elements[i].ref, &ret->elements[i], err) < 0)
            return -1;
    return 0;
}

static bool is_reference_type(uint8_t type)
{
    return type == WASM_FUNCREF || type == WASM_EXTERNREF;
}

static int take_global(
    uint8_t type, union wasm_value value, struct image_global *ret, struct error *err)
{
    ret->is_reference = is_reference_type(type);
    if (ret->is_reference)
        return take_reference(type, value.ref, &ret->reference, err);
    ret->value = value;
    return 0;
}

static int take_instance(struct wasm_image *image, const struct wasm_instance *instance,
    struct image_instance *ret, struct error *err)
{
    const struct wasm_module *module = instance->module;
    ret->global_count = instance->global_count;
    ret->element_count = module->element_count;
    ret->data_count = module->data_count;
    ret->globals =
        arena_try_array(&image->arena, (size_t)ret->global_count + 1, struct image_global);
    ret->dropped_elements = arena_try_alloc(&image->arena, (size_t)ret->element_count + 1, 1);
    ret->dropped_datas = arena_try_alloc(&image->arena, (size_t)ret->data_count + 1, 1);
    if (!ret->globals || !ret->dropped_elements || !ret->dropped_datas)
        return error_set(err, ERROR_MEMORY, "no memory for an image");
    for (uint32_t i = 0; i < ret->global_count; i++) {
        uint8_t type = module->globals[module->imported_globals + i].type;
        if (take_global(type, instance->globals[i], &ret->globals[i], err) < 0)
            return -1;
    }
    if (ret->element_count > 0)
        memcpy(ret->dropped_elements, instance->dropped_elements, ret->element_count);
    if (ret->data_count > 0)
        memcpy(ret->dropped_datas, instance->dropped_datas, ret->data_count);
    image->global_count += ret->global_count;
    return 0;
}

static int take_all(struct wasm_image *image, struct wasm_store *store, struct error *err)
{
    for (; image->memory_count < store->memories.len; image->memory_count++) {
        struct wasm_image_memory *memory = &image->memories[image->memory_count];
        memory->fd = -1;
        if (take_memory(image, store->memories.data[image->memory_count], memory, err) < 0) {
            image->memory_count++; /* what there is of it is freed */
            return -1;
        }
    }
    for (; image->table_count < store->tables.len; image->table_count++)
        if (take_table(image, store->tables.data[image->table_count],
                &image->tables[image->table_count], err) < 0)
            return -1;
    for (; image->instance_count < store->instances.len; image->instance_count++)
        if (take_instance(image, store->instances.data[image->instance_count],
                &image->instances[image->instance_count], err) < 0)
            return -1;
    return 0;
}

int wasm_image_take(struct wasm_store *store, struct wasm_image **ret_image, struct error *err)
{
    struct wasm_image *image = calloc(1, sizeof(*image));
    if (!image)
        return error_set(err, ERROR_MEMORY, "no memory for an image");
    atomic_init(&image->references, 1);
    image->arena = ARENA_INIT(GIB);
    image->memories =
        arena_try_array(&image->arena, store->memories.len + 1, struct wasm_image_memory);
    image->tables = arena_try_array(&image->arena, store->tables.len + 1, struct image_table);
    image->instances =
        arena_try_array(&image->arena, store->instances.len + 1, struct image_instance);
    if (!image->memories || !image->tables || !image->instances) {
        image_free(image);
        return error_set(err, ERROR_MEMORY, "no memory for an image");
    }
    if (take_all(image, store, err) < 0) {
        image_free(image);
        return -1;
    }
    *ret_image = image;
    return 0;
}

/* ---- restoring ---- */

/* The function of this store that a reference of the image means. NULL for null and when there is
 * none. */
static struct wasm_func *resolve(const struct wasm_store *store, const struct reference *reference)
{
    if (reference->kind == REFERENCE_HOST)
        return reference->index < store->host_funcs.len ? store->host_funcs.data[reference->index]
                                                        : NULL;
    if (reference->kind != REFERENCE_GUEST || reference->ordinal >= store->instances.len)
        return NULL;
    const struct wasm_instance *instance = store->instances.data[reference->ordinal];
    uint32_t own = instance->module->func_count - instance->module->imported_funcs;
    return reference->index < own ? &instance->funcs[reference->index] : NULL;
}

static void restore_table(struct wasm_store *store, struct wasm_table *table)
{
    const struct image_table *from = &store->image->tables[table->ordinal];
    store->table_used -= table->size - from->size;
    table->size = from->size;
    for (uint32_t i = 0; i < from->size; i++)
        wasm_table_put(table, i, (union wasm_value){.ref = resolve(store, &from->elements[i])});
    table->written = false;
}

static int fits(const struct wasm_store *store, struct error *err)
{
    const struct wasm_image *image = store->image;
    if (store->memories.len != image->memory_count || store->tables.len != image->table_count ||
        store->instances.len != image->instance_count)
        return error_set(err, ERROR_LINK, "the store was not made as the image was");
    for (uint32_t i = 0; i < image->instance_count; i++) {
        const struct wasm_instance *instance = store->instances.data[i];
        const struct image_instance *from = &image->instances[i];
        if (instance->global_count != from->global_count ||
            instance->module->element_count != from->element_count ||
            instance->module->data_count != from->data_count)
            return error_set(
                err, ERROR_LINK, "instance %u is of another module than in the image", i);
    }
    return 0;
}

/* Tables of the image may have grown since they were made. */
static int fit_table(struct wasm_store *store, struct wasm_table *table, struct error *err)
{
    uint32_t size = store->image->tables[table->ordinal].size;
    union wasm_value null = {.ref = NULL};
    if (table->size < size && wasm_table_grow(store, table, size - table->size, null) == UINT32_MAX)
        return error_set(
            err, ERROR_LIMIT, "table %u of the image is above the limit", table->ordinal);
    return 0;
}

static void save_globals(struct wasm_store *store)
{
    union wasm_value *next = store->saved_globals;
    for (uint32_t i = 0; i < store->image->instance_count; i++) {
        const struct image_instance *from = &store->image->instances[i];
        for (uint32_t g = 0; g < from->global_count; g++) {
            const struct image_global *global = &from->globals[g];
            if (global->is_reference)
                next->ref = resolve(store, &global->reference);
            else
                *next = global->value;
            next++;
        }
    }
}

static void restore_dropped(struct wasm_instance *instance, const struct image_instance *from)
{
    if (from->element_count > 0)
        memcpy(instance->dropped_elements, from->dropped_elements, from->element_count);
    if (from->data_count > 0)
        memcpy(instance->dropped_datas, from->dropped_datas, from->data_count);
    instance->has_dropped = false;
}

static void restore_globals(struct wasm_store *store)
{
    const union wasm_value *saved = store->saved_globals;
    for (uint32_t i = 0; i < store->image->instance_count; i++) {
        struct wasm_instance *instance = store->instances.data[i];
        memcpy(instance->globals, saved, instance->global_count * sizeof(*saved));
        saved += instance->global_count;
    }
}

int wasm_store_restore(struct wasm_store *store, struct error *err)
{
    BUG_IF(!store->image);
    if (fits(store, err) < 0)
        return -1;
    store->saved_globals =
        arena_try_array(&store->arena, (size_t)store->image->global_count + 1, union wasm_value);
    if (!store->saved_globals)
        return error_set(err, ERROR_MEMORY, "no memory for a store's globals");
    save_globals(store);
    restore_globals(store);
    for (uint32_t i = 0; i < store->image->instance_count; i++)
        restore_dropped(store->instances.data[i], &store->image->instances[i]);
    for (size_t i = 0; i < store->tables.len; i++) {
        if (fit_table(store, store->tables.data[i], err) < 0)
            return -1;
        restore_table(store, store->tables.data[i]);
    }
    return 0;
}

void wasm_store_rewind(struct wasm_store *store)
{
    BUG_IF(!store->saved_globals);
    store->hot_pages = 0;
    for (size_t i = 0; i < store->memories.len; i++)
        if (store->memories.data[i]->pages->image->size > 0 || store->memories.data[i]->size > 0)
            store->hot_pages += wasm_pages_rewind(store->memories.data[i]);
    for (size_t i = 0; i < store->tables.len; i++)
        if (store->tables.data[i]->written)
            restore_table(store, store->tables.data[i]);
    restore_globals(store);
    for (uint32_t i = 0; i < store->image->instance_count; i++)
        if (unlikely(store->instances.data[i]->has_dropped))
            restore_dropped(store->instances.data[i], &store->image->instances[i]);
}

uint32_t wasm_store_hot_pages(const struct wasm_store *store)
{
    return store->hot_pages;
}

/* ---- comparing ---- */

static int compare_memory(const struct wasm_memory *memory, struct error *err)
{
    const struct wasm_image_memory *image = memory->pages->image;
    if (memory->size != image->size)
        return error_set(err, ERROR_INVALID, "memory %u has %zu bytes, the image %zu",
            memory->ordinal, (size_t)memory->size, (size_t)image->size);
    for (size_t at = 0; at < image->size; at++) {
        size_t left = image->size - at;
        size_t step = left < image->page_size ? left : image->page_size;
        if (memcmp(memory->base + at, image->bytes + at, step) == 0) {
            at += step - 1;
            continue;
        }
        if (memory->base[at] != image->bytes[at])
            return error_set(err, ERROR_INVALID, "memory %u differs at 0x%zx: 0x%02x, image 0x%02x",
                memory->ordinal, at, memory->base[at], image->bytes[at]);
    }
    return 0;
}

static int compare_table(
    const struct wasm_store *store, const struct wasm_table *table, struct error *err)
{
    const struct image_table *image = &store->image->tables[table->ordinal];
    if (table->size != image->size)
        return error_set(err, ERROR_INVALID, "table %u has %u elements, the image %u",
            table->ordinal, table->size, image->size);
    for (uint32_t i = 0; i < image->size; i++)
        if (table->elements[i].ref != resolve(store, &image->elements[i]))
            return error_set(err, ERROR_INVALID, "table %u differs at %u", table->ordinal, i);
    return 0;
}

/* Compares by bits as wide as the type is. */
static bool global_equal(uint8_t type, union wasm_value a, union wasm_value b)
{
    if (is_reference_type(type))
        return a.ref == b.ref;
    return type == WASM_I32 || type == WASM_F32 ? a.i32 == b.i32 : a.i64 == b.i64;
}

static int compare_instance(const struct wasm_instance *instance,
    const struct image_instance *image, const union wasm_value *saved, struct error *err)
{
    const struct wasm_module *module = instance->module;
    for (uint32_t i = 0; i < image->global_count; i++)
        if (!global_equal(
                module->globals[module->imported_globals + i].type, instance->globals[i], saved[i]))
            return error_set(err, ERROR_INVALID, "global %u of instance %u differs",
                module->imported_globals + i, instance->ordinal);
    for (uint32_t i = 0; i < image->element_count; i++)
        if (instance->dropped_elements[i] != image->dropped_elements[i])
            return error_set(err, ERROR_INVALID, "element segment %u of instance %u differs", i,
                instance->ordinal);
    for (uint32_t i = 0; i < image->data_count; i++)
        if (instance->dropped_datas[i] != image->dropped_datas[i])
            return error_set(
                err, ERROR_INVALID, "data segment %u of instance %u differs", i, instance->ordinal);
    return 0;
}

int wasm_store_compare(struct wasm_store *store, struct error *err)
{
    const union wasm_value *saved = store->saved_globals;
    BUG_IF(!saved);
    for (size_t i = 0; i < store->memories.len; i++)
        if (compare_memory(store->memories.data[i], err) < 0)
            return -1;
    for (size_t i = 0; i < store->tables.len; i++)
        if (compare_table(store, store->tables.data[i], err) < 0)
            return -1;
    for (size_t i = 0; i < store->instances.len; i++) {
        const struct image_instance *image = &store->image->instances[i];
        if (compare_instance(store->instances.data[i], image, saved, err) < 0)
            return -1;
        saved += image->global_count;
    }
    return 0;
}
