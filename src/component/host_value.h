/*
 * What the wrappers that tools/witc writes use beside host.h: scalars in guest memory, which is
 * little-endian and, for us, of any alignment; checks of scalars whose bits have meaningless
 * values.
 */
#ifndef SPINDLE_COMPONENT_HOST_VALUE_H
#define SPINDLE_COMPONENT_HOST_VALUE_H

#include "base/limits.h"
#include "component/host.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "guest memory is little-endian, and so must the host be"
#endif

#define HOST_SCALAR(name, type)                                   \
    static inline type host_load_##name(const uint8_t *at)        \
    {                                                             \
        type value;                                               \
        memcpy(&value, at, sizeof(value));                        \
        return value;                                             \
    }                                                             \
    static inline void host_store_##name(uint8_t *at, type value) \
    {                                                             \
        memcpy(at, &value, sizeof(value));                        \
    }
HOST_SCALAR(u8, uint8_t)
HOST_SCALAR(u16, uint16_t)
HOST_SCALAR(u32, uint32_t)
HOST_SCALAR(u64, uint64_t)
HOST_SCALAR(f32, float)
HOST_SCALAR(f64, double)
#undef HOST_SCALAR

static inline float host_f32_from_bits(uint32_t bits)
{
    return host_load_f32((const uint8_t *)&bits);
}

static inline double host_f64_from_bits(uint64_t bits)
{
    return host_load_f64((const uint8_t *)&bits);
}

static inline uint32_t host_f32_bits(float value)
{
    return host_load_u32((const uint8_t *)&value);
}

static inline uint64_t host_f64_bits(double value)
{
    return host_load_u64((const uint8_t *)&value);
}

/* A char is a Unicode scalar value. */
static inline enum wasm_trap_kind host_lift_char(
    struct component_call *call, uint32_t value, uint32_t *ret_char)
{
    if (unlikely(value >= 0x110000 || (value >= 0xd800 && value < 0xe000)))
        return component_trap(call, "invalid char 0x%x", value);
    *ret_char = value;
    return WASM_TRAP_NONE;
}

/* A list<u8>: a view of guest memory, valid until the guest runs again. */
static inline enum wasm_trap_kind host_lift_bytes(
    struct component_call *call, uint32_t ptr, uint32_t len, struct str *ret_bytes)
{
    uint8_t *bytes;
    enum wasm_trap_kind trap = component_guest_array(call, ptr, len, 1, 1, &bytes);
    if (likely(trap == WASM_TRAP_NONE))
        *ret_bytes = str_make(bytes, len);
    return trap;
}

/* A string or list<u8>: copied to a new guest block, its pointer and length stored at `at`. */
static inline enum wasm_trap_kind host_lower_bytes(
    struct component_call *call, struct str bytes, uint8_t *at)
{
    uint32_t ptr;
    enum wasm_trap_kind trap = component_guest_copy(call, bytes, 1, &ptr);
    if (likely(trap == WASM_TRAP_NONE)) {
        host_store_u32(at, ptr);
        host_store_u32(at + 4, (uint32_t)bytes.len);
    }
    return trap;
}

/*
 * A new guest block for the elements of a list, an empty one included: guests may free what they
 * get. Its pointer and length are stored at `at`.
 */
static inline enum wasm_trap_kind host_lower_array(struct component_call *call, size_t count,
    uint32_t size, uint32_t align, uint8_t *at, uint8_t **ret_items)
{
    uint32_t ptr;
    if (unlikely(count > LIMIT_STRING_BYTES / size))
        return component_trap(call, "a list of %zu elements is too long for the guest", count);
    enum wasm_trap_kind trap = component_guest_alloc(call, (uint32_t)count * size, align, &ptr);
    if (likely(trap == WASM_TRAP_NONE))
        trap = component_guest_bytes(call, ptr, (uint32_t)count * size, align, ret_items);
    if (likely(trap == WASM_TRAP_NONE)) {
        host_store_u32(at, ptr);
        host_store_u32(at + 4, (uint32_t)count);
    }
    return trap;
}

#endif
