/*
 * Lifting: from memory and flat core values to the intermediate form. All that a guest chose is
 * checked here.
 */
#include "component/canon_int.h"

#include "base/limits.h"

#include <stdarg.h>

enum wasm_trap_kind canon_trap(struct canon_context *cx, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(cx->trap->detail, sizeof(cx->trap->detail), fmt, args);
    va_end(args);
    cx->trap->kind = WASM_TRAP_COMPONENT;
    return WASM_TRAP_COMPONENT;
}

enum wasm_trap_kind canon_allocate(
    struct canon_context *cx, size_t count, size_t size, void *ret_pointer)
{
    void *memory = arena_try_alloc(cx->arena, count ? count : 1, size);
    if (!memory)
        return canon_trap(cx, "out of memory for %zu values", count);
    memcpy(ret_pointer, &memory, sizeof(memory));
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind canon_check_range(
    struct canon_context *cx, uint32_t ptr, uint64_t size, uint32_t align)
{
    if (ptr & (align - 1))
        return canon_trap(cx, "unaligned pointer");
    if (!cx->memory || ptr + size > cx->memory->size)
        return canon_trap(cx, "pointer out of bounds of memory");
    return WASM_TRAP_NONE;
}

bool canon_is_raw(const struct wit_type *element)
{
    return element->kind >= WIT_S8 && element->kind <= WIT_U64;
}

static uint64_t load_bits(const struct canon_context *cx, uint32_t ptr, uint32_t size)
{
    uint64_t bits = 0;
    memcpy(&bits, cx->memory->base + ptr, size);
    return bits;
}

static enum wasm_trap_kind lift_char(struct canon_context *cx, uint32_t bits, uint64_t *ret)
{
    if (bits >= 0x110000 || (bits >= 0xd800 && bits <= 0xdfff))
        return canon_trap(cx, "invalid `char` bit pattern");
    *ret = bits;
    return WASM_TRAP_NONE;
}

static uint64_t lift_f32(uint32_t bits)
{
    return (bits & 0x7fffffff) > 0x7f800000 ? CANON_NAN32 : bits;
}

static uint64_t lift_f64(uint64_t bits)
{
    return (bits & 0x7fffffffffffffff) > 0x7ff0000000000000 ? CANON_NAN64 : bits;
}

static uint32_t flags_mask(const struct wit_type *type)
{
    return type->count >= 32 ? UINT32_MAX : (1u << type->count) - 1;
}

/* A value that is one core value, from its bits in memory (zero-extended) or in a slot. */
static enum wasm_trap_kind lift_scalar(
    struct canon_context *cx, const struct wit_type *type, uint64_t bits, struct canon_value *ret)
{
    switch (type->kind) {
    case WIT_BOOL:
        ret->bits = (uint32_t)bits != 0;
        return WASM_TRAP_NONE;
    case WIT_S8:
        ret->bits = (uint64_t)(int64_t)(int8_t)bits;
        return WASM_TRAP_NONE;
    case WIT_U8:
        ret->bits = (uint8_t)bits;
        return WASM_TRAP_NONE;
    case WIT_S16:
        ret->bits = (uint64_t)(int64_t)(int16_t)bits;
        return WASM_TRAP_NONE;
    case WIT_U16:
        ret->bits = (uint16_t)bits;
        return WASM_TRAP_NONE;
    case WIT_S32:
        ret->bits = (uint64_t)(int64_t)(int32_t)bits;
        return WASM_TRAP_NONE;
    case WIT_U32:
        ret->bits = (uint32_t)bits;
        return WASM_TRAP_NONE;
    case WIT_S64:
    case WIT_U64:
        ret->bits = bits;
        return WASM_TRAP_NONE;
    case WIT_F32:
        ret->bits = lift_f32((uint32_t)bits);
        return WASM_TRAP_NONE;
    case WIT_F64:
        ret->bits = lift_f64(bits);
        return WASM_TRAP_NONE;
    case WIT_CHAR:
        return lift_char(cx, (uint32_t)bits, &ret->bits);
    case WIT_FLAGS:
        ret->bits = (uint32_t)bits & flags_mask(type);
        return WASM_TRAP_NONE;
    case WIT_OWN:
    case WIT_BORROW:
        return cx->lift_handle(cx, type, (uint32_t)bits, &ret->rep);
    default:
        BUG("not a scalar kind: %d", type->kind);
    }
}

static enum wasm_trap_kind load_list(struct canon_context *cx, const struct wit_type *element,
    uint32_t ptr, uint32_t count, struct canon_value *ret)
{
    uint64_t size = (uint64_t)count * element->size;
    if (size > LIMIT_STRING_BYTES)
        return canon_trap(cx, "list of %u elements is too long", count);
    CANON_TRY(canon_check_range(cx, ptr, size, element->align));
    ret->list.count = count;
    if (canon_is_raw(element)) {
        uint8_t *raw;
        CANON_TRY(canon_allocate(cx, size, 1, &raw));
        memcpy(raw, cx->memory->base + ptr, size);
        ret->list.raw = raw;
        return WASM_TRAP_NONE;
    }
    struct canon_value *items;
    CANON_TRY(canon_allocate(cx, count, sizeof(*items), &items));
    for (uint32_t i = 0; i < count; i++)
        CANON_TRY(canon_load(cx, element, ptr + i * element->size, &items[i]));
    ret->list.items = items;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind load_record(
    struct canon_context *cx, const struct wit_type *type, uint32_t ptr, struct canon_value *ret)
{
    CANON_TRY(canon_allocate(cx, type->count, sizeof(*ret->fields), &ret->fields));
    uint32_t offset = 0;
    for (uint32_t i = 0; i < type->count; i++) {
        const struct wit_type *field = type->fields[i].type;
        offset = (uint32_t)align_up(offset, field->align);
        CANON_TRY(canon_load(cx, field, ptr + offset, &ret->fields[i]));
        offset += field->size;
    }
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind check_case(
    struct canon_context *cx, const struct wit_type *type, uint32_t index)
{
    if (index >= wit_case_count(type))
        return canon_trap(cx, "invalid variant discriminant");
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind load_variant(
    struct canon_context *cx, const struct wit_type *type, uint32_t ptr, struct canon_value *ret)
{
    uint32_t index = (uint32_t)load_bits(cx, ptr, wit_discriminant_size(type));
    CANON_TRY(check_case(cx, type, index));
    ret->variant.index = index;
    ret->variant.payload = NULL;
    const struct wit_type *payload = wit_case_type(type, index);
    if (!payload)
        return WASM_TRAP_NONE;
    CANON_TRY(canon_allocate(cx, 1, sizeof(*ret), &ret->variant.payload));
    return canon_load(cx, payload, ptr + wit_payload_offset(type), ret->variant.payload);
}

enum wasm_trap_kind canon_load(
    struct canon_context *cx, const struct wit_type *type, uint32_t ptr, struct canon_value *ret)
{
    switch (type->kind) {
    case WIT_STRING:
        return canon_load_string(
            cx, (uint32_t)load_bits(cx, ptr, 4), (uint32_t)load_bits(cx, ptr + 4, 4), &ret->string);
    case WIT_LIST:
        return load_list(cx, type->element, (uint32_t)load_bits(cx, ptr, 4),
            (uint32_t)load_bits(cx, ptr + 4, 4), ret);
    case WIT_RECORD:
    case WIT_TUPLE:
        return load_record(cx, type, ptr, ret);
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        return load_variant(cx, type, ptr, ret);
    default:
        return lift_scalar(cx, type, load_bits(cx, ptr, type->size), ret);
    }
}

static enum wasm_trap_kind lift_record(struct canon_context *cx, const struct wit_type *type,
    const union wasm_value **slots, struct canon_value *ret)
{
    CANON_TRY(canon_allocate(cx, type->count, sizeof(*ret->fields), &ret->fields));
    for (uint32_t i = 0; i < type->count; i++)
        CANON_TRY(canon_lift_flat(cx, type->fields[i].type, slots, &ret->fields[i]));
    return WASM_TRAP_NONE;
}

/*
 * The payload's slots are those of all cases joined; a narrower value lies in the low bits, which
 * is where reading a slot as the narrower type looks.
 */
static enum wasm_trap_kind lift_variant(struct canon_context *cx, const struct wit_type *type,
    const union wasm_value **slots, struct canon_value *ret)
{
    const union wasm_value *slot = *slots;
    *slots += type->flat_count;
    CANON_TRY(check_case(cx, type, slot->i32));
    ret->variant.index = slot->i32;
    ret->variant.payload = NULL;
    const struct wit_type *payload = wit_case_type(type, slot->i32);
    if (!payload)
        return WASM_TRAP_NONE;
    CANON_TRY(canon_allocate(cx, 1, sizeof(*ret), &ret->variant.payload));
    slot++;
    return canon_lift_flat(cx, payload, &slot, ret->variant.payload);
}

enum wasm_trap_kind canon_lift_flat(struct canon_context *cx, const struct wit_type *type,
    const union wasm_value **slots, struct canon_value *ret)
{
    const union wasm_value *slot = *slots;
    switch (type->kind) {
    case WIT_STRING:
        *slots += 2;
        return canon_load_string(cx, slot[0].i32, slot[1].i32, &ret->string);
    case WIT_LIST:
        *slots += 2;
        return load_list(cx, type->element, slot[0].i32, slot[1].i32, ret);
    case WIT_RECORD:
    case WIT_TUPLE:
        return lift_record(cx, type, slots, ret);
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        return lift_variant(cx, type, slots, ret);
    default:
        *slots += 1;
        return lift_scalar(cx, type, slot->i64, ret);
    }
}

/* Size and alignment of the tuple of a function's parameters. */
static void params_layout(const struct wit_func_type *type, uint64_t *ret_size, uint32_t *ret_align)
{
    uint64_t size = 0;
    uint32_t align = 1;
    for (uint32_t i = 0; i < type->param_count; i++) {
        const struct wit_type *param = type->params[i].type;
        size = align_up(size, param->align) + param->size;
        align = param->align > align ? param->align : align;
    }
    *ret_size = align_up(size, align);
    *ret_align = align;
}

static bool params_spill(const struct wit_func_type *type)
{
    uint32_t flat = 0;
    for (uint32_t i = 0; i < type->param_count && flat <= WIT_MAX_FLAT_PARAMS; i++)
        flat += type->params[i].type->flat_count;
    return flat > WIT_MAX_FLAT_PARAMS;
}

enum wasm_trap_kind canon_lift_params(struct canon_context *cx, const struct wit_func_type *type,
    const union wasm_value *slots, struct canon_value *values)
{
    if (!params_spill(type)) {
        for (uint32_t i = 0; i < type->param_count; i++)
            CANON_TRY(canon_lift_flat(cx, type->params[i].type, &slots, &values[i]));
        return WASM_TRAP_NONE;
    }
    uint64_t size, offset = 0;
    uint32_t align;
    params_layout(type, &size, &align);
    CANON_TRY(canon_check_range(cx, slots->i32, size, align));
    for (uint32_t i = 0; i < type->param_count; i++) {
        const struct wit_type *param = type->params[i].type;
        offset = align_up(offset, param->align);
        CANON_TRY(canon_load(cx, param, (uint32_t)(slots->i32 + offset), &values[i]));
        offset += param->size;
    }
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind canon_lower_params(struct canon_context *cx, const struct wit_func_type *type,
    const struct canon_value *values, union wasm_value *slots)
{
    if (!params_spill(type)) {
        for (uint32_t i = 0; i < type->param_count; i++)
            CANON_TRY(canon_lower_flat(cx, type->params[i].type, &values[i], &slots));
        return WASM_TRAP_NONE;
    }
    uint64_t size, offset = 0;
    uint32_t align, ptr;
    params_layout(type, &size, &align);
    CANON_TRY(canon_realloc(cx, 0, 0, align, (uint32_t)size, &ptr));
    slots->i64 = ptr;
    for (uint32_t i = 0; i < type->param_count; i++) {
        const struct wit_type *param = type->params[i].type;
        offset = align_up(offset, param->align);
        CANON_TRY(canon_store(cx, param, &values[i], (uint32_t)(ptr + offset)));
        offset += param->size;
    }
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind canon_lift_result(struct canon_context *cx, const struct wit_type *type,
    const union wasm_value *slots, struct canon_value *ret)
{
    if (!type)
        return WASM_TRAP_NONE;
    if (type->flat_count <= WIT_MAX_FLAT_RESULTS)
        return canon_lift_flat(cx, type, &slots, ret);
    CANON_TRY(canon_check_range(cx, slots->i32, type->size, type->align));
    return canon_load(cx, type, slots->i32, ret);
}

enum wasm_trap_kind canon_lower_result(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, uint32_t out, union wasm_value *slots)
{
    if (!type)
        return WASM_TRAP_NONE;
    if (type->flat_count <= WIT_MAX_FLAT_RESULTS)
        return canon_lower_flat(cx, type, value, &slots);
    CANON_TRY(canon_check_range(cx, out, type->size, type->align));
    return canon_store(cx, type, value, out);
}
