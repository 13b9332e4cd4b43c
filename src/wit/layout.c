/*
 * The canonical ABI's layout of types in memory and as core values (Component Model, CanonicalABI:
 * "Alignment", "Element Size", "Flattening").
 */
#include <string.h>

#include "wit/type.h"

enum { CORE_I32 = 0x7f, CORE_I64 = 0x7e, CORE_F32 = 0x7d, CORE_F64 = 0x7c };

/* Size, alignment and core type of the kinds without parts. Strings and lists are pairs of i32. */
static const struct wit_type primitives[] = {
#define PRIMITIVE(k, bytes, alignment, flat) \
    [k] = {.kind = k, .size = bytes, .align = alignment, .flat_count = flat}
    PRIMITIVE(WIT_BOOL, 1, 1, 1),
    PRIMITIVE(WIT_S8, 1, 1, 1),
    PRIMITIVE(WIT_U8, 1, 1, 1),
    PRIMITIVE(WIT_S16, 2, 2, 1),
    PRIMITIVE(WIT_U16, 2, 2, 1),
    PRIMITIVE(WIT_S32, 4, 4, 1),
    PRIMITIVE(WIT_U32, 4, 4, 1),
    PRIMITIVE(WIT_S64, 8, 8, 1),
    PRIMITIVE(WIT_U64, 8, 8, 1),
    PRIMITIVE(WIT_F32, 4, 4, 1),
    PRIMITIVE(WIT_F64, 8, 8, 1),
    PRIMITIVE(WIT_CHAR, 4, 4, 1),
    PRIMITIVE(WIT_STRING, 8, 4, 2),
#undef PRIMITIVE
};

const struct wit_type *wit_primitive(enum wit_kind kind)
{
    return kind <= WIT_STRING ? &primitives[kind] : NULL;
}

static uint32_t align_to(uint32_t offset, uint32_t align)
{
    return (offset + align - 1) & ~(align - 1);
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

uint32_t wit_case_count(const struct wit_type *type)
{
    return type->kind == WIT_OPTION || type->kind == WIT_RESULT ? 2 : type->count;
}

const struct wit_type *wit_case_type(const struct wit_type *type, uint32_t index)
{
    switch (type->kind) {
    case WIT_OPTION:
        return index == 1 ? type->element : NULL;
    case WIT_RESULT:
        return index == 0 ? type->ok : type->err;
    case WIT_VARIANT:
        return index < type->count ? type->fields[index].type : NULL;
    default:
        return NULL;
    }
}

uint32_t wit_discriminant_size(const struct wit_type *type)
{
    uint32_t cases = wit_case_count(type);
    if (cases <= 0x100)
        return 1;
    return cases <= 0x10000 ? 2 : 4;
}

static uint32_t payload_align(const struct wit_type *type)
{
    uint32_t align = 1;
    for (uint32_t i = 0; type->kind != WIT_ENUM && i < wit_case_count(type); i++) {
        const struct wit_type *payload = wit_case_type(type, i);
        if (payload)
            align = max_u32(align, payload->align);
    }
    return align;
}

uint32_t wit_payload_offset(const struct wit_type *type)
{
    return align_to(wit_discriminant_size(type), payload_align(type));
}

uint32_t wit_field_offset(const struct wit_type *type, uint32_t field)
{
    uint32_t offset = 0;
    for (uint32_t i = 0; i < type->count; i++) {
        offset = align_to(offset, type->fields[i].type->align);
        if (i == field)
            break;
        offset += type->fields[i].type->size;
    }
    return offset;
}

/* ------------------------------------------------------------------------------- flattening */

/* Core values of a type as they are written out; count goes on past 16 so that "many" is seen. */
struct flat {
    uint8_t *types; /* room for WIT_MAX_FLAT_PARAMS */
    uint32_t count;
};

static void flat_push(struct flat *flat, uint8_t core)
{
    if (flat->count < WIT_MAX_FLAT_PARAMS)
        flat->types[flat->count] = core;
    if (flat->count < WIT_FLAT_MANY)
        flat->count++;
}

/* The core type that can hold either of two (CanonicalABI, "join"). */
static uint8_t join(uint8_t a, uint8_t b)
{
    if (a == b)
        return a;
    bool narrow = (a == CORE_I32 || a == CORE_F32) && (b == CORE_I32 || b == CORE_F32);
    return narrow ? CORE_I32 : CORE_I64;
}

static void flatten(const struct wit_type *type, struct flat *flat);

static void flatten_cases(const struct wit_type *type, struct flat *flat)
{
    flat_push(flat, CORE_I32);
    uint32_t base = flat->count;
    uint32_t widest = base;
    for (uint32_t c = 0; type->kind != WIT_ENUM && c < wit_case_count(type); c++) {
        const struct wit_type *payload = wit_case_type(type, c);
        if (!payload)
            continue;
        uint8_t types[WIT_MAX_FLAT_PARAMS];
        uint32_t count = wit_type_flatten(payload, types);
        for (uint32_t i = 0; i < count && i < WIT_MAX_FLAT_PARAMS; i++) {
            uint32_t at = base + i;
            if (at < WIT_MAX_FLAT_PARAMS)
                flat->types[at] = at < widest ? join(flat->types[at], types[i]) : types[i];
        }
        uint32_t end = base + count;
        widest = max_u32(widest, end < WIT_FLAT_MANY ? end : (uint32_t)WIT_FLAT_MANY);
    }
    flat->count = widest;
}

static void flatten(const struct wit_type *type, struct flat *flat)
{
    if (flat->count > WIT_MAX_FLAT_PARAMS)
        return;
    switch (type->kind) {
    case WIT_S64:
    case WIT_U64:
        flat_push(flat, CORE_I64);
        break;
    case WIT_F32:
        flat_push(flat, CORE_F32);
        break;
    case WIT_F64:
        flat_push(flat, CORE_F64);
        break;
    case WIT_STRING:
    case WIT_LIST:
        flat_push(flat, CORE_I32);
        flat_push(flat, CORE_I32);
        break;
    case WIT_RECORD:
    case WIT_TUPLE:
        for (uint32_t i = 0; i < type->count; i++)
            flatten(type->fields[i].type, flat);
        break;
    case WIT_FLAGS:
        for (uint32_t i = 0; i < (type->count + 31) / 32; i++)
            flat_push(flat, CORE_I32);
        break;
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        flatten_cases(type, flat);
        break;
    default:
        flat_push(flat, CORE_I32);
        break;
    }
}

uint32_t wit_type_flatten(const struct wit_type *type, uint8_t out[16])
{
    struct flat flat = {.types = out};
    flatten(type, &flat);
    return flat.count;
}

/* ------------------------------------------------------------------------------- layout */

/* Sizes are added in 64 bits: each is below 2^32, so a step cannot wrap. */
static bool set_size(struct wit_type *type, uint64_t size, uint32_t align)
{
    uint64_t padded = (size + align - 1) & ~(uint64_t)(align - 1);
    if (padded > UINT32_MAX)
        return false;
    type->size = (uint32_t)padded;
    type->align = align;
    return true;
}

static bool layout_record(struct wit_type *type)
{
    uint64_t offset = 0;
    uint32_t align = 1;
    for (uint32_t i = 0; i < type->count; i++) {
        const struct wit_type *field = type->fields[i].type;
        offset = (offset + field->align - 1) & ~(uint64_t)(field->align - 1);
        offset += field->size;
        if (offset > UINT32_MAX)
            return false;
        align = max_u32(align, field->align);
    }
    return set_size(type, offset, align);
}

static bool layout_cases(struct wit_type *type)
{
    uint32_t widest = 0;
    for (uint32_t i = 0; type->kind != WIT_ENUM && i < wit_case_count(type); i++) {
        const struct wit_type *payload = wit_case_type(type, i);
        if (payload)
            widest = max_u32(widest, payload->size);
    }
    uint32_t align = max_u32(wit_discriminant_size(type), payload_align(type));
    return set_size(type, (uint64_t)wit_payload_offset(type) + widest, align);
}

static bool layout_flags(struct wit_type *type)
{
    if (type->count <= 8)
        return set_size(type, type->count ? 1 : 0, 1);
    if (type->count <= 16)
        return set_size(type, 2, 2);
    return set_size(type, ((uint64_t)type->count + 31) / 32 * 4, 4);
}

static bool layout_memory(struct wit_type *type)
{
    switch (type->kind) {
    case WIT_LIST:
        return set_size(type, 8, 4);
    case WIT_RECORD:
    case WIT_TUPLE:
        return layout_record(type);
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        return layout_cases(type);
    case WIT_FLAGS:
        return layout_flags(type);
    case WIT_OWN:
    case WIT_BORROW:
        return set_size(type, 4, 4);
    default:
        return set_size(type, primitives[type->kind].size, primitives[type->kind].align);
    }
}

bool wit_type_layout(struct wit_type *type)
{
    if (!layout_memory(type))
        return false;
    uint8_t scratch[WIT_MAX_FLAT_PARAMS];
    type->flat_count = wit_type_flatten(type, scratch);
    return true;
}

/* ------------------------------------------------------------------------------- functions */

/* Flat parameters, or one pointer to a tuple in memory when they are more than 16. */
static void core_params(const struct wit_func_type *type, struct wit_core_type *core)
{
    struct flat flat = {.types = core->params};
    for (uint32_t i = 0; i < type->param_count; i++)
        flatten(type->params[i].type, &flat);
    if (flat.count > WIT_MAX_FLAT_PARAMS) {
        core->params_in_memory = true;
        core->params[0] = CORE_I32;
        flat.count = 1;
    }
    core->param_count = flat.count;
}

/* True if the result fits into core results, which then are set. */
static bool core_results(const struct wit_func_type *type, struct wit_core_type *core)
{
    uint8_t types[WIT_MAX_FLAT_PARAMS];
    uint32_t count = type->result ? wit_type_flatten(type->result, types) : 0;
    if (count > WIT_MAX_FLAT_RESULTS)
        return false;
    core->result_count = count;
    memcpy(core->results, types, count);
    return true;
}

void wit_core_type_lift(const struct wit_func_type *type, struct wit_core_type *ret_type)
{
    *ret_type = (struct wit_core_type){0};
    core_params(type, ret_type);
    if (!core_results(type, ret_type)) {
        ret_type->result_in_memory = true;
        ret_type->result_count = 1;
        ret_type->results[0] = CORE_I32;
    }
}

void wit_core_type_lower(const struct wit_func_type *type, struct wit_core_type *ret_type)
{
    *ret_type = (struct wit_core_type){0};
    core_params(type, ret_type);
    if (!core_results(type, ret_type)) {
        ret_type->result_in_memory = true;
        ret_type->params[ret_type->param_count++] = CORE_I32;
    }
}
