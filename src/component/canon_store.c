/*
 * Lowering: from the intermediate form, which is well-formed, to memory and flat core values. What
 * the guest's realloc answers is checked.
 */
#include "component/canon_int.h"

#include "base/limits.h"

enum wasm_trap_kind canon_realloc(struct canon_context *cx, uint32_t old, uint32_t old_size,
    uint32_t align, uint32_t new_size, uint32_t *ret_ptr)
{
    uint32_t ptr;
    if (!cx->realloc)
        return canon_trap(cx, "no realloc to lower with");
    CANON_TRY(cx->realloc(cx, old, old_size, align, new_size, &ptr));
    if (ptr & (align - 1))
        return canon_trap(cx, "realloc return: result not aligned: unaligned pointer");
    if ((uint64_t)ptr + new_size > cx->memory->size)
        return canon_trap(cx, "realloc return: beyond end of memory: content out-of-bounds");
    *ret_ptr = ptr;
    return WASM_TRAP_NONE;
}

static void store_bits(struct canon_context *cx, uint32_t ptr, uint64_t bits, uint32_t size)
{
    memcpy(cx->memory->base + ptr, &bits, size);
}

static enum wasm_trap_kind store_list(struct canon_context *cx, const struct wit_type *element,
    const struct canon_value *value, uint32_t *ret_ptr)
{
    uint32_t count = value->list.count, ptr;
    uint64_t size = (uint64_t)count * element->size;
    if (size > LIMIT_STRING_BYTES)
        return canon_trap(cx, "list of %u elements is too long", count);
    CANON_TRY(canon_realloc(cx, 0, 0, element->align, (uint32_t)size, &ptr));
    *ret_ptr = ptr;
    if (canon_is_raw(element)) {
        if (size)
            memcpy(cx->memory->base + ptr, value->list.raw, size);
        return WASM_TRAP_NONE;
    }
    for (uint32_t i = 0; i < count; i++)
        CANON_TRY(canon_store(cx, element, &value->list.items[i], ptr + i * element->size));
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind store_record(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, uint32_t ptr)
{
    uint32_t offset = 0;
    for (uint32_t i = 0; i < type->count; i++) {
        const struct wit_type *field = type->fields[i].type;
        offset = (uint32_t)align_up(offset, field->align);
        CANON_TRY(canon_store(cx, field, &value->fields[i], ptr + offset));
        offset += field->size;
    }
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind store_variant(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, uint32_t ptr)
{
    store_bits(cx, ptr, value->variant.index, wit_discriminant_size(type));
    const struct wit_type *payload = wit_case_type(type, value->variant.index);
    if (!payload)
        return WASM_TRAP_NONE;
    return canon_store(cx, payload, value->variant.payload, ptr + wit_payload_offset(type));
}

enum wasm_trap_kind canon_store(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, uint32_t ptr)
{
    uint32_t begin, length;
    switch (type->kind) {
    case WIT_STRING:
        CANON_TRY(canon_store_string(cx, &value->string, &begin, &length));
        store_bits(cx, ptr, begin, 4);
        store_bits(cx, ptr + 4, length, 4);
        return WASM_TRAP_NONE;
    case WIT_LIST:
        CANON_TRY(store_list(cx, type->element, value, &begin));
        store_bits(cx, ptr, begin, 4);
        store_bits(cx, ptr + 4, value->list.count, 4);
        return WASM_TRAP_NONE;
    case WIT_RECORD:
    case WIT_TUPLE:
        return store_record(cx, type, value, ptr);
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        return store_variant(cx, type, value, ptr);
    case WIT_OWN:
    case WIT_BORROW:
        CANON_TRY(cx->lower_handle(cx, type, value->rep, &begin));
        store_bits(cx, ptr, begin, 4);
        return WASM_TRAP_NONE;
    default:
        store_bits(cx, ptr, value->bits, type->size);
        return WASM_TRAP_NONE;
    }
}

static enum wasm_trap_kind lower_variant(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, union wasm_value **slots)
{
    union wasm_value *slot = *slots;
    *slots += type->flat_count;
    for (uint32_t i = 0; i < type->flat_count; i++)
        slot[i].i64 = 0;
    slot->i64 = value->variant.index;
    slot++;
    const struct wit_type *payload = wit_case_type(type, value->variant.index);
    if (!payload)
        return WASM_TRAP_NONE;
    return canon_lower_flat(cx, payload, value->variant.payload, &slot);
}

/* Slots are written in full, zero-extended: a slot joined to a wider type needs that. */
enum wasm_trap_kind canon_lower_flat(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, union wasm_value **slots)
{
    union wasm_value *slot = *slots;
    uint32_t begin, length;
    switch (type->kind) {
    case WIT_STRING:
        CANON_TRY(canon_store_string(cx, &value->string, &begin, &length));
        slot[0].i64 = begin;
        slot[1].i64 = length;
        *slots += 2;
        return WASM_TRAP_NONE;
    case WIT_LIST:
        CANON_TRY(store_list(cx, type->element, value, &begin));
        slot[0].i64 = begin;
        slot[1].i64 = value->list.count;
        *slots += 2;
        return WASM_TRAP_NONE;
    case WIT_RECORD:
    case WIT_TUPLE:
        for (uint32_t i = 0; i < type->count; i++)
            CANON_TRY(canon_lower_flat(cx, type->fields[i].type, &value->fields[i], slots));
        return WASM_TRAP_NONE;
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        return lower_variant(cx, type, value, slots);
    case WIT_OWN:
    case WIT_BORROW:
        CANON_TRY(cx->lower_handle(cx, type, value->rep, &begin));
        slot->i64 = begin;
        *slots += 1;
        return WASM_TRAP_NONE;
    case WIT_S64:
    case WIT_U64:
    case WIT_F64:
        slot->i64 = value->bits;
        *slots += 1;
        return WASM_TRAP_NONE;
    default:
        slot->i64 = (uint32_t)value->bits;
        *slots += 1;
        return WASM_TRAP_NONE;
    }
}
