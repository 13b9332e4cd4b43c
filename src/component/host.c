/*
 * What the generated wrappers of host functions call: guest memory and handles, all checked.
 */
#include "component/host.h"

#include "base/utf8.h"
#include "component/instance_int.h"

#include <stdarg.h>

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
    if (unlikely(ptr & (align - 1)))
        return component_trap(call, "unaligned pointer");
    if (unlikely(!call->memory || (uint64_t)ptr + len > call->memory->size))
        return component_trap(call, "pointer out of bounds of memory");
    *ret_bytes = call->memory->base + ptr;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_guest_array(struct component_call *call, uint32_t ptr, uint32_t count,
    uint32_t size, uint32_t align, uint8_t **ret_bytes)
{
    uint64_t bytes = (uint64_t)count * size;
    if (unlikely(bytes > LIMIT_STRING_BYTES))
        return component_trap(call, "list of %u elements is too long", count);
    return component_guest_bytes(call, ptr, (uint32_t)bytes, align, ret_bytes);
}

enum wasm_trap_kind component_guest_string(
    struct component_call *call, uint32_t ptr, uint32_t len, struct str *ret_string)
{
    uint8_t *bytes;
    enum wasm_trap_kind kind = component_guest_array(call, ptr, len, 1, 1, &bytes);
    if (kind != WASM_TRAP_NONE)
        return kind;
    *ret_string = str_make(bytes, len);
    if (!utf8_valid(*ret_string))
        return component_trap(call, "invalid utf-8 encoding");
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_guest_alloc(
    struct component_call *call, uint32_t size, uint32_t align, uint32_t *ret_ptr)
{
    uint32_t ptr;
    if (!call->realloc)
        return component_trap(call, "no realloc to lower with");
    enum wasm_trap_kind kind =
        call_realloc(call->part, call->realloc, 0, 0, align, size, &ptr, call->trap);
    if (kind != WASM_TRAP_NONE)
        return kind;
    if (ptr & (align - 1))
        return component_trap(call, "realloc return: result not aligned");
    if ((uint64_t)ptr + size > call->memory->size)
        return component_trap(call, "realloc return: beyond end of memory");
    *ret_ptr = ptr;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_guest_copy(
    struct component_call *call, struct str bytes, uint32_t align, uint32_t *ret_ptr)
{
    if (bytes.len > LIMIT_STRING_BYTES)
        return component_trap(call, "%zu bytes are too many for a guest", bytes.len);
    enum wasm_trap_kind kind = component_guest_alloc(call, (uint32_t)bytes.len, align, ret_ptr);
    if (kind == WASM_TRAP_NONE && bytes.len > 0)
        memcpy(call->memory->base + *ret_ptr, bytes.ptr, bytes.len);
    return kind;
}

static enum wasm_trap_kind find(struct component_call *call,
    const struct component_host_resource *type, uint32_t handle, struct handle **ret)
{
    struct handle *h = handles_get(&call->part->handles, handle);
    if (unlikely(!h))
        return component_trap(call, "unknown handle index %u", handle);
    if (unlikely(h->tag != type))
        return component_trap(
            call, "handle index %u used with the wrong type, expected %s", handle, type->name);
    *ret = h;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_handle_borrow(struct component_call *call,
    const struct component_host_resource *type, uint32_t handle, void **ret_rep)
{
    struct handle *h;
    enum wasm_trap_kind kind = find(call, type, handle, &h);
    if (kind != WASM_TRAP_NONE)
        return kind;
    *ret_rep = h->rep;
    if (unlikely(!lends_add(call->part, handle)))
        return component_trap(call, "too many lent handles");
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_handle_take(struct component_call *call,
    const struct component_host_resource *type, uint32_t handle, void **ret_rep)
{
    struct handle *h;
    enum wasm_trap_kind kind = find(call, type, handle, &h);
    if (kind != WASM_TRAP_NONE)
        return kind;
    if (h->lends)
        return component_trap(call, "cannot remove owned resource while borrowed");
    if (h->scope)
        return component_trap(call, "cannot lift own resource from a borrow");
    *ret_rep = h->rep;
    handles_remove(&call->part->handles, handle);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind component_handle_give(struct component_call *call,
    const struct component_host_resource *type, void *rep, uint32_t *ret_handle)
{
    if (likely(handles_add(&call->part->handles, type, rep, NULL, ret_handle)))
        return WASM_TRAP_NONE;
    if (type->drop)
        type->drop(call->host, rep);
    return component_trap(call, "too many handles");
}
