/*
 * Component-level types of values and functions, and how the canonical ABI lays them out. Made by
 * the WIT resolver (wit/resolve.h), by the component decoder and, as static data, by tools/witc.
 *
 * Types are immutable once made and shared freely; they live in their maker's arena or are static.
 */
#ifndef SPINDLE_WIT_TYPE_H
#define SPINDLE_WIT_TYPE_H

#include "base/arena.h"

enum wit_kind {
    WIT_BOOL,
    WIT_S8,
    WIT_U8,
    WIT_S16,
    WIT_U16,
    WIT_S32,
    WIT_U32,
    WIT_S64,
    WIT_U64,
    WIT_F32,
    WIT_F64,
    WIT_CHAR,
    WIT_STRING,
    WIT_LIST,
    WIT_RECORD,
    WIT_TUPLE,
    WIT_VARIANT,
    WIT_ENUM,
    WIT_OPTION,
    WIT_RESULT,
    WIT_FLAGS,
    WIT_OWN,
    WIT_BORROW,
};

struct wit_type;

/* A resource type. Identity is the pointer. */
struct wit_resource {
    struct str name;
    const void *tag; /* for the component layer: what the resource is at run time */
};

/* A label with a type: record field, variant case, parameter; flags and enums leave the type NULL.
 */
struct wit_field {
    struct str name;
    const struct wit_type *type; /* NULL: no payload */
};

struct wit_type {
    enum wit_kind kind;
    struct str name;                     /* of a named type, else empty */
    uint32_t count;                      /* record, tuple, variant, enum, flags: of fields */
    const struct wit_field *fields;      /* tuple: names empty */
    const struct wit_type *element;      /* list, option */
    const struct wit_type *ok, *err;     /* result; NULL: no payload */
    const struct wit_resource *resource; /* own, borrow */
    /* Canonical ABI, 32-bit memory: set by wit_type_layout, which every maker calls. */
    uint32_t size, align;
    uint32_t flat_count; /* of core values; WIT_FLAT_MANY when above WIT_MAX_FLAT_PARAMS */
};

struct wit_func_type {
    uint32_t param_count;
    const struct wit_field *params;
    const struct wit_type *result; /* NULL: none */
};

/* Canonical ABI constants. */
enum { WIT_MAX_FLAT_PARAMS = 16, WIT_MAX_FLAT_RESULTS = 1, WIT_FLAT_MANY = 17 };

/* Fills size, align and flat_count from the parts, which have theirs already. False on overflow. */
bool wit_type_layout(struct wit_type *type);
/* The static type of a kind without parts (bool to string). */
const struct wit_type *wit_primitive(enum wit_kind kind);
/*
 * The core types (0x7f, 0x7e, 0x7d, 0x7c) that the type is flattened to; returns how many, or
 * WIT_FLAT_MANY if more than 16 (then `out` holds the first 16).
 */
uint32_t wit_type_flatten(const struct wit_type *type, uint8_t out[16]);
/* Byte offset of a record's or tuple's field. */
uint32_t wit_field_offset(const struct wit_type *type, uint32_t field);
/* Of variant, enum, option and result: bytes of the discriminant, and offset of the payload. */
uint32_t wit_discriminant_size(const struct wit_type *type);
uint32_t wit_payload_offset(const struct wit_type *type);
/* Payload type of a case of variant, option (0 none, 1 some) or result (0 ok, 1 error); NULL for
 * none. */
const struct wit_type *wit_case_type(const struct wit_type *type, uint32_t index);
uint32_t wit_case_count(const struct wit_type *type);
/*
 * The core function type of a lifted (export) or lowered (import) function: parameters and results
 * as core types, spilled to memory as the canonical ABI says.
 */
struct wit_core_type {
    uint32_t param_count, result_count;
    uint8_t params[WIT_MAX_FLAT_PARAMS + 1], results[WIT_MAX_FLAT_RESULTS];
    bool params_in_memory, result_in_memory;
};
void wit_core_type_lift(const struct wit_func_type *type, struct wit_core_type *ret_type);
void wit_core_type_lower(const struct wit_func_type *type, struct wit_core_type *ret_type);

#endif
