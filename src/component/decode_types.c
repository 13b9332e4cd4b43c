/*
 * Component binary to ast.h: type definitions, component and core.
 */
#include "component/decode_int.h"

#include "base/limits.h"

/* The byte of a primitive type; false if it is none. */
static bool primitive_of(uint8_t byte, enum wit_kind *ret)
{
    static const enum wit_kind kinds[] = {WIT_STRING, WIT_CHAR, WIT_F64, WIT_F32, WIT_U64, WIT_S64,
        WIT_U32, WIT_S32, WIT_U16, WIT_S16, WIT_U8, WIT_S8, WIT_BOOL};
    if (byte < 0x73 || byte > 0x7f)
        return false;
    *ret = kinds[byte - 0x73];
    return true;
}

static int decode_valtype(struct decoder *d, struct ast_valtype *ret)
{
    int64_t value;
    enum read_result result = reader_sleb(&d->r, 33, &value);
    if (result != READ_OK)
        return decode_error(d, "%s", read_result_message(result));
    if (value >= 0) {
        ret->is_index = true;
        ret->index = (uint32_t)value;
        return 0;
    }
    uint8_t byte = (uint8_t)(value & 0x7f);
    if (value == -0x1c)
        return decode_unsupported(d, "the type `error-context`");
    if (value < -0x40 || !primitive_of(byte, &ret->primitive))
        return decode_error(d, "invalid leading byte (0x%x) for component value type", byte);
    return 0;
}

static int decode_labelled(struct decoder *d, void *item)
{
    struct ast_label *label = item;
    label->has_type = true;
    return decode_name(d, &label->name) < 0 ? -1 : decode_valtype(d, &label->type);
}

static int decode_label(struct decoder *d, void *item)
{
    return decode_name(d, &((struct ast_label *)item)->name);
}

static int decode_element(struct decoder *d, void *item)
{
    struct ast_label *label = item;
    label->has_type = true;
    return decode_valtype(d, &label->type);
}

static int decode_optional(struct decoder *d, bool *ret_has, struct ast_valtype *ret)
{
    uint8_t byte;
    if (decode_byte(d, &byte) < 0)
        return -1;
    if (byte > 1)
        return decode_error(d, "invalid leading byte (0x%x) for optional type", byte);
    *ret_has = byte;
    return byte ? decode_valtype(d, ret) : 0;
}

static int decode_case(struct decoder *d, void *item)
{
    struct ast_label *label = item;
    uint8_t zero;
    if (decode_name(d, &label->name) < 0 ||
        decode_optional(d, &label->has_type, &label->type) < 0 || decode_byte(d, &zero) < 0)
        return -1;
    return zero ? decode_error(d, "invalid leading byte (0x%x) for variant case", zero) : 0;
}

static int decode_labels(
    struct decoder *d, struct ast_type *t, enum wit_kind kind, decode_item item)
{
    t->kind = AST_VALUE;
    t->value = kind;
    return decode_vec(d, sizeof(struct ast_label), item, &t->count, &t->labels);
}

static int decode_one(struct decoder *d, struct ast_type *t, enum wit_kind kind)
{
    t->kind = AST_VALUE;
    t->value = kind;
    return decode_valtype(d, &t->first);
}

static int decode_handle(struct decoder *d, struct ast_type *t, enum wit_kind kind)
{
    t->kind = AST_VALUE;
    t->value = kind;
    return decode_u32(d, &t->index);
}

static int decode_func(struct decoder *d, struct ast_type *t)
{
    uint8_t byte, zero;
    t->kind = AST_FUNC;
    if (decode_vec(d, sizeof(struct ast_label), decode_labelled, &t->count, &t->labels) < 0 ||
        decode_byte(d, &byte) < 0)
        return -1;
    if (byte == 0x00) {
        t->has_first = true;
        return decode_valtype(d, &t->first);
    }
    if (byte != 0x01)
        return decode_error(d, "invalid leading byte (0x%x) for function results", byte);
    if (decode_byte(d, &zero) < 0)
        return -1;
    return zero ? decode_error(d, "invalid leading byte (0x%x) for function results", zero) : 0;
}

static int decode_resource(struct decoder *d, struct ast_type *t)
{
    uint8_t has_dtor;
    t->kind = AST_RESOURCE;
    if (decode_byte(d, &t->rep) < 0 || decode_byte(d, &has_dtor) < 0)
        return -1;
    if (t->rep < WASM_F64 || t->rep > WASM_I32)
        return decode_error(d, "invalid leading byte (0x%x) for value type", t->rep);
    if (has_dtor > 1)
        return decode_error(d, "invalid leading byte (0x%x) for resource destructor", has_dtor);
    t->has_dtor = has_dtor;
    return has_dtor ? decode_u32(d, &t->index) : 0;
}

/* Declarations of component and instance types (0x03, imports, in component types alone). */
static int decode_declaration(struct decoder *d, struct ast_def *def, bool in_component)
{
    uint8_t kind;
    def->offset = decode_offset(d);
    if (decode_byte(d, &kind) < 0)
        return -1;
    switch (kind) {
    case 0x00:
        def->kind = DEF_CORE_TYPE;
        return decode_core_type(d, &def->core_type);
    case 0x01:
        def->kind = DEF_TYPE;
        def->type = arena_new(d->arena, struct ast_type);
        return decode_type(d, def->type);
    case 0x02:
        def->kind = DEF_ALIAS;
        return decode_alias(d, &def->alias);
    case 0x03:
        if (!in_component)
            break;
        def->kind = DEF_IMPORT;
        return decode_extern_name(d, &def->import.name) < 0
                   ? -1
                   : decode_extern_type(d, &def->import.type);
    case 0x04:
        def->kind = DEF_EXPORT;
        def->export.has_type = true;
        return decode_extern_name(d, &def->export.name) < 0
                   ? -1
                   : decode_extern_type(d, &def->export.type);
    default:
        break;
    }
    return decode_error(d, "invalid leading byte (0x%x) for type declaration", kind);
}

static int decode_component_decl(struct decoder *d, void *item)
{
    return decode_declaration(d, item, true);
}

static int decode_instance_decl(struct decoder *d, void *item)
{
    return decode_declaration(d, item, false);
}

static int decode_declarations(
    struct decoder *d, struct ast_type *t, enum ast_type_kind kind, decode_item item)
{
    t->kind = kind;
    if (++d->depth > LIMIT_COMPONENT_DEPTH)
        return error_set(d->err, ERROR_LIMIT, "types are nested too deep");
    int result = decode_vec(d, sizeof(struct ast_def), item, &t->decl_count, &t->decls);
    d->depth--;
    return result;
}

int decode_type(struct decoder *d, void *item)
{
    struct ast_type *t = item;
    uint8_t byte;
    t->offset = decode_offset(d);
    if (decode_byte(d, &byte) < 0)
        return -1;
    if (primitive_of(byte, &t->value)) {
        t->kind = AST_VALUE;
        return 0;
    }
    switch (byte) {
    case 0x72:
        return decode_labels(d, t, WIT_RECORD, decode_labelled);
    case 0x71:
        return decode_labels(d, t, WIT_VARIANT, decode_case);
    case 0x70:
        return decode_one(d, t, WIT_LIST);
    case 0x6f:
        return decode_labels(d, t, WIT_TUPLE, decode_element);
    case 0x6e:
        return decode_labels(d, t, WIT_FLAGS, decode_label);
    case 0x6d:
        return decode_labels(d, t, WIT_ENUM, decode_label);
    case 0x6b:
        return decode_one(d, t, WIT_OPTION);
    case 0x6a:
        t->kind = AST_VALUE;
        t->value = WIT_RESULT;
        return decode_optional(d, &t->has_first, &t->first) < 0
                   ? -1
                   : decode_optional(d, &t->has_second, &t->second);
    case 0x69:
        return decode_handle(d, t, WIT_OWN);
    case 0x68:
        return decode_handle(d, t, WIT_BORROW);
    case 0x67:
        return decode_unsupported(d, "the type `list` of fixed length");
    case 0x66:
        return decode_unsupported(d, "the type `stream`");
    case 0x65:
        return decode_unsupported(d, "the type `future`");
    case 0x64:
        return decode_unsupported(d, "the type `error-context`");
    case 0x63:
        return decode_unsupported(d, "the type `map`");
    case 0x43:
        return decode_unsupported(d, "an `async` function type");
    case 0x42:
        return decode_declarations(d, t, AST_INSTANCE_TYPE, decode_instance_decl);
    case 0x41:
        return decode_declarations(d, t, AST_COMPONENT_TYPE, decode_component_decl);
    case 0x40:
        return decode_func(d, t);
    case 0x3f:
        return decode_resource(d, t);
    default:
        return decode_error(d, "invalid leading byte (0x%x) for component type", byte);
    }
}

static int decode_core_valtype(struct decoder *d, void *item)
{
    uint8_t *byte = item;
    if (decode_byte(d, byte) < 0)
        return -1;
    if ((*byte >= WASM_F64 && *byte <= WASM_I32) || *byte == WASM_FUNCREF ||
        *byte == WASM_EXTERNREF)
        return 0;
    if (*byte == 0x7b || (*byte >= 0x63 && *byte <= 0x74))
        return decode_unsupported(d, "a core type beyond numbers, funcref and externref");
    return decode_error(d, "invalid leading byte (0x%x) for value type", *byte);
}

static int decode_core_func(struct decoder *d, struct wasm_func_type **ret)
{
    struct wasm_func_type *f = arena_new(d->arena, struct wasm_func_type);
    if (decode_vec(d, 1, decode_core_valtype, &f->param_count, &f->params) < 0 ||
        decode_vec(d, 1, decode_core_valtype, &f->result_count, &f->results) < 0)
        return -1;
    if (f->param_count > LIMIT_WASM_PARAMS || f->result_count > LIMIT_WASM_RESULTS)
        return error_set(d->err, ERROR_LIMIT, "function type with too many values");
    *ret = f;
    return 0;
}

static int decode_limits(struct decoder *d, struct wasm_limits *ret)
{
    uint8_t flags;
    if (decode_byte(d, &flags) < 0)
        return -1;
    if (flags > 0x01)
        return flags <= 0x0f ? decode_unsupported(d, "a shared or 64-bit memory or table")
                             : decode_error(d, "invalid limits flags");
    ret->has_max = flags;
    if (decode_u32(d, &ret->min) < 0 || (flags && decode_u32(d, &ret->max) < 0))
        return -1;
    return 0;
}

static int decode_global_type(struct decoder *d, struct wasm_global_type *ret)
{
    uint8_t mutability;
    if (decode_core_valtype(d, &ret->type) < 0 || decode_byte(d, &mutability) < 0)
        return -1;
    if (mutability > 1)
        return decode_error(d, "malformed mutability");
    ret->is_mutable = mutability;
    return 0;
}

static int decode_core_extern(struct decoder *d, struct core_decl *decl)
{
    uint8_t kind;
    if (decode_byte(d, &kind) < 0)
        return -1;
    decl->type.kind = (enum wasm_extern_kind)kind;
    switch (kind) {
    case WASM_EXTERN_FUNC:
        return decode_u32(d, &decl->type_index);
    case WASM_EXTERN_TABLE:
        if (decode_core_valtype(d, &decl->type.table.element) < 0)
            return -1;
        if (decl->type.table.element != WASM_FUNCREF && decl->type.table.element != WASM_EXTERNREF)
            return decode_error(d, "malformed reference type");
        return decode_limits(d, &decl->type.table.limits);
    case WASM_EXTERN_MEMORY:
        return decode_limits(d, &decl->type.memory);
    case WASM_EXTERN_GLOBAL:
        return decode_global_type(d, &decl->type.global);
    case 0x04:
        return decode_unsupported(d, "a core tag");
    default:
        return decode_error(d, "malformed import kind");
    }
}

static int decode_core_decl(struct decoder *d, void *item)
{
    struct core_decl *decl = item;
    uint8_t kind, byte;
    decl->offset = decode_offset(d);
    if (decode_byte(d, &kind) < 0)
        return -1;
    switch (kind) {
    case 0x00:
        decl->kind = CORE_DECL_IMPORT;
        if (decode_name(d, &decl->module) < 0 || decode_name(d, &decl->name) < 0)
            return -1;
        return decode_core_extern(d, decl);
    case 0x01:
        decl->kind = CORE_DECL_TYPE;
        if (decode_byte(d, &byte) < 0)
            return -1;
        if (byte != 0x60)
            return byte == 0x50 ? decode_error(d, "nested module type")
                                : decode_unsupported(d, "a core type that is not a function");
        return decode_core_func(d, &decl->func);
    case 0x02:
        decl->kind = CORE_DECL_ALIAS;
        if (decode_byte(d, &byte) < 0)
            return -1;
        if (byte != 0x10)
            return decode_error(d, "invalid leading byte (0x%x) for core alias", byte);
        if (decode_byte(d, &byte) < 0)
            return -1;
        if (byte != 0x01)
            return decode_error(d, "invalid leading byte (0x%x) for core alias", byte);
        return decode_u32(d, &decl->depth) < 0 ? -1 : decode_u32(d, &decl->index);
    case 0x03:
        decl->kind = CORE_DECL_EXPORT;
        return decode_name(d, &decl->name) < 0 ? -1 : decode_core_extern(d, decl);
    default:
        return decode_error(d, "invalid leading byte (0x%x) for module type declaration", kind);
    }
}

int decode_core_type(struct decoder *d, void *item)
{
    struct ast_core_type *t = item;
    uint8_t byte;
    if (decode_byte(d, &byte) < 0)
        return -1;
    if (byte == 0x60)
        return decode_core_func(d, &t->func);
    if (byte == 0x50)
        return decode_vec(d, sizeof(struct core_decl), decode_core_decl, &t->decl_count, &t->decls);
    if (byte == 0x00 || (byte >= 0x4d && byte <= 0x5f))
        return decode_unsupported(d, "a core type that is not a function");
    return decode_error(d, "invalid leading byte (0x%x) for core type", byte);
}
