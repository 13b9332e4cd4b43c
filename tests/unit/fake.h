/*
 * A guest without a guest: memory, a bump allocator as realloc, and a table of handles, behind the
 * functions of component/host.h that the wrappers call. Tests call wrappers by WIT name with flat
 * values, as a guest would, hostile ones included.
 */
#ifndef SPINDLE_TESTS_WASI_FAKE_H
#define SPINDLE_TESTS_WASI_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "component/host_value.h"
#include "wasi/wasi.h"

enum { FAKE_MEMORY = 4 * 65536, FAKE_HEAP = 65536, FAKE_HANDLES = 256, FAKE_AREA = 1024 };

struct fake_handle {
    const struct component_host_resource *type;
    void *rep;
};

static struct fake_guest {
    uint8_t memory[FAKE_MEMORY];
    uint32_t heap; /* next free byte */
    struct fake_handle handles[FAKE_HANDLES];
    struct arena arena;
    struct wasi_context *context;
    struct wasm_trap trap;
    struct wasm_memory wasm_memory;
} fake;

enum wasm_trap_kind component_trap(struct component_call *call, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(call->trap->detail, sizeof(call->trap->detail), fmt, args);
    va_end(args);
    return WASM_TRAP_COMPONENT;
}

enum wasm_trap_kind component_guest_bytes(
    struct component_call *call, uint32_t ptr, uint32_t len, uint32_t align, uint8_t **ret_bytes)
{
    if (ptr % align)
        return component_trap(call, "unaligned pointer");
    if ((uint64_t)ptr + len > call->memory->size)
        return component_trap(call, "pointer out of bounds");
    *ret_bytes = call->memory->base + ptr;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_guest_array(struct component_call *call, uint32_t ptr, uint32_t count,
    uint32_t size, uint32_t align, uint8_t **ret_bytes)
{
    if ((uint64_t)count * size > LIMIT_STRING_BYTES)
        return component_trap(call, "list too long");
    return component_guest_bytes(call, ptr, count * size, align, ret_bytes);
}

enum wasm_trap_kind component_guest_string(
    struct component_call *call, uint32_t ptr, uint32_t len, struct str *ret_string)
{
    uint8_t *bytes;
    enum wasm_trap_kind trap = component_guest_array(call, ptr, len, 1, 1, &bytes);
    if (trap != WASM_TRAP_NONE)
        return trap;
    *ret_string = str_make(bytes, len);
    return utf8_valid(*ret_string) ? WASM_TRAP_NONE : component_trap(call, "invalid UTF-8");
}

enum wasm_trap_kind component_guest_alloc(
    struct component_call *call, uint32_t size, uint32_t align, uint32_t *ret_ptr)
{
    uint64_t at = align_up(fake.heap, align);
    if (at + size > call->memory->size)
        return component_trap(call, "realloc returned a block out of bounds");
    fake.heap = (uint32_t)(at + size);
    *ret_ptr = (uint32_t)at;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_guest_copy(
    struct component_call *call, struct str bytes, uint32_t align, uint32_t *ret_ptr)
{
    enum wasm_trap_kind trap = component_guest_alloc(call, (uint32_t)bytes.len, align, ret_ptr);
    if (trap == WASM_TRAP_NONE && bytes.len)
        memcpy(call->memory->base + *ret_ptr, bytes.ptr, bytes.len);
    return trap;
}

static struct fake_handle *fake_find(const struct component_host_resource *type, uint32_t handle)
{
    if (handle == 0 || handle >= FAKE_HANDLES || fake.handles[handle].type != type)
        return NULL;
    return &fake.handles[handle];
}

enum wasm_trap_kind component_handle_borrow(struct component_call *call,
    const struct component_host_resource *type, uint32_t handle, void **ret_rep)
{
    struct fake_handle *found = fake_find(type, handle);
    if (!found)
        return component_trap(call, "unknown handle %u", handle);
    *ret_rep = found->rep;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_handle_take(struct component_call *call,
    const struct component_host_resource *type, uint32_t handle, void **ret_rep)
{
    enum wasm_trap_kind trap = component_handle_borrow(call, type, handle, ret_rep);
    if (trap == WASM_TRAP_NONE)
        fake.handles[handle] = (struct fake_handle){0};
    return trap;
}

static uint32_t fake_give(const struct component_host_resource *type, void *rep)
{
    for (uint32_t i = 1; i < FAKE_HANDLES; i++)
        if (!fake.handles[i].type) {
            fake.handles[i] = (struct fake_handle){type, rep};
            return i;
        }
    return 0;
}

enum wasm_trap_kind component_handle_give(struct component_call *call,
    const struct component_host_resource *type, void *rep, uint32_t *ret_handle)
{
    *ret_handle = fake_give(type, rep);
    return *ret_handle ? WASM_TRAP_NONE : component_trap(call, "too many handles");
}

int component_instance_give(struct component_instance *instance,
    const struct component_host_resource *type, void *rep, uint32_t *ret_handle)
{
    (void)instance;
    *ret_handle = fake_give(type, rep);
    return *ret_handle ? 0 : -1;
}

/* What a test does with it. */

static void fake_start(const struct wasi_config *config)
{
    struct error err = ERROR_INIT;
    memset(&fake, 0, sizeof(fake));
    fake.heap = FAKE_HEAP;
    fake.arena = ARENA_INIT(LIMIT_REQUEST_ARENA);
    fake.wasm_memory = (struct wasm_memory){.base = fake.memory, .size = FAKE_MEMORY};
    assert_int_equal(wasi_context_new(config, &fake.context, &err), 0);
}

/* Drops every handle, as a rewind does, in the order of their numbers. */
static UNUSED size_t fake_drop_all(void)
{
    size_t count = 0;
    for (uint32_t i = 1; i < FAKE_HANDLES; i++) {
        struct fake_handle handle = fake.handles[i];
        fake.handles[i] = (struct fake_handle){0};
        if (handle.type) {
            handle.type->drop(fake.context, handle.rep);
            count++;
        }
    }
    return count;
}

static void fake_stop(void)
{
    fake_drop_all();
    wasi_context_free(fake.context);
    arena_release(&fake.arena);
}

static UNUSED void fake_drop(uint32_t handle)
{
    struct fake_handle found = fake.handles[handle];
    assert_non_null(found.type);
    fake.handles[handle] = (struct fake_handle){0};
    found.type->drop(fake.context, found.rep);
}

static UNUSED size_t fake_handle_count(void)
{
    size_t count = 0;
    for (uint32_t i = 1; i < FAKE_HANDLES; i++)
        count += fake.handles[i].type != NULL;
    return count;
}

/* Copies bytes into guest memory. */
static UNUSED uint32_t fake_put(struct str bytes)
{
    uint32_t at = fake.heap;
    assert_true(at + bytes.len <= FAKE_MEMORY);
    if (bytes.len)
        memcpy(fake.memory + at, bytes.ptr, bytes.len);
    fake.heap = (uint32_t)align_up(at + bytes.len, 16);
    return at;
}

static UNUSED uint32_t fake_u32(uint32_t at)
{
    return host_load_u32(fake.memory + at);
}

/* The string or list<u8> whose pointer and length lie at `at`. */
static UNUSED struct str fake_text(uint32_t at)
{
    return str_make(fake.memory + fake_u32(at), fake_u32(at + 4));
}

static component_host_body fake_function(
    const struct component_host_interface *interface, const char *name)
{
    for (size_t i = 0; i < interface->func_count; i++)
        if (strcmp(interface->funcs[i].name, name) == 0)
            return interface->funcs[i].body;
    fail_msg("no function '%s' in '%s'", name, interface->name);
    return NULL;
}

/* Calls with flat values; the result is in slots[0] or in the result area. */
static UNUSED enum wasm_trap_kind fake_call_slots(
    const struct component_host_interface *interface, const char *name, union wasm_value *slots)
{
    struct component_call call = {.memory = &fake.wasm_memory,
        .arena = &fake.arena,
        .host = fake.context,
        .trap = &fake.trap};
    fake.trap.detail[0] = 0;
    return fake_function(interface, name)(&call, slots);
}

/* The same with 32-bit values; returns the trap. */
#define fake_try(interface, name, ...)                         \
    fake_call_slots(&(interface), (name),                      \
        (union wasm_value[20]){                                \
            FAKE_SLOTS(__VA_ARGS__) /* unused ones are zero */ \
        })
#define FAKE_SLOTS(...) FAKE_PICK(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1)(__VA_ARGS__)
#define FAKE_PICK(a, b, c, d, e, f, g, h, i, n, ...) FAKE_SLOTS_##n
#define FAKE_SLOTS_1(a)                              {.i64 = (uint64_t)(a)}
#define FAKE_SLOTS_2(a, ...) {.i64 = (uint64_t)(a)}, FAKE_SLOTS_1(__VA_ARGS__)
#define FAKE_SLOTS_3(a, ...) {.i64 = (uint64_t)(a)}, FAKE_SLOTS_2(__VA_ARGS__)
#define FAKE_SLOTS_4(a, ...) {.i64 = (uint64_t)(a)}, FAKE_SLOTS_3(__VA_ARGS__)
#define FAKE_SLOTS_5(a, ...) {.i64 = (uint64_t)(a)}, FAKE_SLOTS_4(__VA_ARGS__)
#define FAKE_SLOTS_6(a, ...) {.i64 = (uint64_t)(a)}, FAKE_SLOTS_5(__VA_ARGS__)
#define FAKE_SLOTS_7(a, ...) {.i64 = (uint64_t)(a)}, FAKE_SLOTS_6(__VA_ARGS__)
#define FAKE_SLOTS_8(a, ...) {.i64 = (uint64_t)(a)}, FAKE_SLOTS_7(__VA_ARGS__)
#define FAKE_SLOTS_9(a, ...) {.i64 = (uint64_t)(a)}, FAKE_SLOTS_8(__VA_ARGS__)
/* A call that must not trap. */
#define fake_call(interface, name, ...)                               \
    do {                                                              \
        if (fake_try(interface, name, __VA_ARGS__) != WASM_TRAP_NONE) \
            fail_msg("%s trapped: %s", (name), fake.trap.detail);     \
    } while (0)
#define fake_traps(interface, name, ...) \
    assert_int_equal(fake_try(interface, name, __VA_ARGS__), WASM_TRAP_COMPONENT)

/* A function with one flat result. */
static UNUSED uint64_t fake_get(
    const struct component_host_interface *interface, const char *name, uint64_t argument)
{
    union wasm_value slots[20] = {{.i64 = argument}};
    assert_int_equal(fake_call_slots(interface, name, slots), WASM_TRAP_NONE);
    return slots[0].i64;
}

#endif
