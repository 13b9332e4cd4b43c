#include "host_values.h"

#include "base/limits.h"

/*
 * How the pieces fit. For `struct wasi_http_types_method`, a variant:
 *
 *     lift_wasi_http_types_method(call, at, ret)         from memory
 *     lift_flat_wasi_http_types_method(call, slots, ret) from flat values
 *     lower_wasi_http_types_method(call, value, at)      to memory
 *
 * and for a list `lift_<tag>(call, ptr, len, ret)`, where ret->data and ret->len may come with
 * storage of the caller's; the arena is asked only when that is too small.
 */

static const char *const scalar_names[] = {
    "u8", "u8", "u8", "u16", "u16", "u32", "u32", "u64", "u64", "f32", "f64", "u32"};

void witc_values_init(struct witc_values *v, const struct witc_model *model, struct buf *out)
{
    *v = (struct witc_values){.model = model, .out = out};
    map_init(&v->helpers, model->arena);
}

/* True the first time. */
static bool claim(struct witc_values *v, const char *helper)
{
    if (map_get(&v->helpers, str_of(helper)))
        return false;
    BUG_IF(!map_put(&v->helpers, str_of(helper), v));
    return true;
}

static const char *resource_name(
    struct witc_values *v, const struct witc_interface *context, const struct wit_type *type)
{
    const struct witc_interface *owner = witc_owner(v->model, type->resource);
    return arena_printf(v->model->arena, "%s_%s_resource", (owner ? owner : context)->prefix,
        witc_label(v->model->arena, type->resource->name));
}

static const char *address(struct witc_values *v, const char *at, uint32_t offset)
{
    return offset ? arena_printf(v->model->arena, "%s + %u", at, offset) : at;
}

/* A call that may trap. */
PRINTF_LIKE(3, 4)
static void checked(struct buf *body, const char *indent, const char *fmt, ...)
{
    va_list args;
    buf_printf(body, "%sif ((trap = ", indent);
    va_start(args, fmt);
    buf_vprintf(body, fmt, args);
    va_end(args);
    buf_printf(body, ") != WASM_TRAP_NONE)\n%s    return trap;\n", indent);
}

static const char *discriminant_scalar(const struct wit_type *type)
{
    uint32_t size = wit_discriminant_size(type);
    return size == 1 ? "u8" : size == 2 ? "u16" : "u32";
}

static uint64_t flags_mask(const struct wit_type *type)
{
    return type->count >= 64 ? UINT64_MAX : (UINT64_C(1) << type->count) - 1;
}

/* The C member of a case's payload; NULL if it has none. */
static const char *payload_member(
    struct witc_values *v, const struct wit_type *type, uint32_t index)
{
    if (!wit_case_type(type, index))
        return NULL;
    if (type->kind == WIT_OPTION)
        return "value";
    if (type->kind == WIT_RESULT)
        return index == 0 ? "ok" : "err";
    return witc_label(v->model->arena, type->fields[index].name);
}

static const char *field_member(struct witc_values *v, const struct wit_type *type, uint32_t index)
{
    return type->kind == WIT_TUPLE ? arena_printf(v->model->arena, "f%u", index)
                                   : witc_label(v->model->arena, type->fields[index].name);
}

/* The C expression of the discriminant of *pointer. */
static const char *discriminant_member(const struct wit_type *type)
{
    return type->kind == WIT_OPTION ? "is_some" : type->kind == WIT_RESULT ? "is_err" : "tag";
}

/* Scalars and handles, from an expression of the core value's bits. `load` reads it. */
static void lift_simple(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, const char *bits, const char *value, struct buf *body,
    const char *indent)
{
    switch (type->kind) {
    case WIT_BOOL:
        buf_printf(body, "%s%s = %s != 0;\n", indent, value, bits);
        break;
    case WIT_CHAR:
        checked(body, indent, "host_lift_char(call, %s, &%s)", bits, value);
        break;
    case WIT_ENUM:
        buf_printf(body,
            "%sif (unlikely(%s >= %u))\n%s    return component_trap(call, \"invalid discriminant "
            "%%u of enum %" STR_FMT "\", (unsigned)%s);\n",
            indent, bits, type->count, indent, STR_ARG(type->name), bits);
        buf_printf(
            body, "%s%s = (%s)%s;\n", indent, value, witc_c_type(v->model, context, type), bits);
        break;
    case WIT_FLAGS:
        buf_printf(body, "%s%s = (%s)%s & 0x%llxu;\n", indent, value,
            witc_c_type(v->model, context, type), bits, (unsigned long long)flags_mask(type));
        break;
    case WIT_OWN:
    case WIT_BORROW:
        checked(body, indent, "component_handle_%s(call, &%s, %s, (void **)&%s.object)",
            type->kind == WIT_OWN ? "take" : "borrow", resource_name(v, context, type), bits,
            value);
        break;
    default:
        buf_printf(
            body, "%s%s = (%s)%s;\n", indent, value, witc_c_type(v->model, context, type), bits);
        break;
    }
}

static const char *memory_scalar(const struct wit_type *type)
{
    if (type->kind <= WIT_CHAR)
        return scalar_names[type->kind];
    if (type->kind == WIT_ENUM)
        return discriminant_scalar(type);
    if (type->kind == WIT_FLAGS)
        return type->size == 1 ? "u8" : type->size == 2 ? "u16" : type->size == 4 ? "u32" : "u64";
    return "u32"; /* handles */
}

static void need_lift_list(
    struct witc_values *v, const struct witc_interface *context, const struct wit_type *type)
{
    struct arena *a = v->model->arena;
    const char *tag = witc_c_tag(v->model, context, type);
    const char *name = arena_printf(a, "lift_%s", tag);
    if (!claim(v, name))
        return;
    const struct wit_type *element = type->element;
    struct buf body = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    witc_lift_memory(v, context, element, "at", 0, "ret_list->data[i]", &body, "        ");
    buf_printf(v->out,
        "static enum wasm_trap_kind %s(\n"
        "    struct component_call *call, uint32_t ptr, uint32_t len, struct %s *ret_list)\n{\n"
        "    uint8_t *items;\n"
        "    enum wasm_trap_kind trap = component_guest_array(call, ptr, len, %u, %u, &items);\n"
        "    if (trap != WASM_TRAP_NONE)\n        return trap;\n"
        "    if (len > ret_list->len) {\n"
        "        ret_list->data = arena_try_alloc(call->arena, len, sizeof(*ret_list->data));\n"
        "        if (!ret_list->data)\n"
        "            return component_trap(call, \"no memory for a list of %%u elements\", len);\n"
        "    }\n"
        "    ret_list->len = len;\n"
        "    for (uint32_t i = 0; i < len; i++) {\n"
        "        const uint8_t *at = items + (size_t)i * %u;\n%s"
        "    }\n    return WASM_TRAP_NONE;\n}\n\n",
        name, tag, element->size, element->align, element->size, buf_cstr(&body));
    buf_release(&body);
}

static void lift_fields(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, bool flat, struct buf *body)
{
    uint32_t slot = 0;
    for (uint32_t i = 0; i < type->count; i++) {
        const struct wit_type *field = type->fields[i].type;
        const char *value =
            arena_printf(v->model->arena, "ret_value->%s", field_member(v, type, i));
        if (flat)
            witc_lift_flat(v, context, field, slot, value, body, "    ");
        else
            witc_lift_memory(
                v, context, field, "at", wit_field_offset(type, i), value, body, "    ");
        slot += field->flat_count;
    }
}

static void lift_cases(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, bool flat, struct buf *body)
{
    struct arena *a = v->model->arena;
    uint32_t count = wit_case_count(type);
    if (flat)
        buf_append_cstr(body, "    uint32_t tag = slots[0].i32;\n");
    else
        buf_printf(body, "    uint32_t tag = host_load_%s(at);\n", discriminant_scalar(type));
    buf_printf(body,
        "    if (unlikely(tag >= %u))\n        return component_trap(call, \"invalid discriminant "
        "%%u of %" STR_FMT "\", tag);\n",
        count, STR_ARG(type->name.len ? type->name : STR("a variant")));
    if (type->kind == WIT_VARIANT)
        buf_printf(
            body, "    ret_value->tag = (enum %s_tag)tag;\n", witc_c_tag(v->model, context, type));
    else
        buf_printf(body, "    ret_value->%s = tag != 0;\n", discriminant_member(type));
    buf_append_cstr(body, "    switch (tag) {\n");
    for (uint32_t i = 0; i < count; i++) {
        const char *member = payload_member(v, type, i);
        if (!member)
            continue;
        buf_printf(body, "    case %u:\n", i);
        const char *value = arena_printf(a, "ret_value->%s", member);
        if (flat)
            witc_lift_flat(v, context, wit_case_type(type, i), 1, value, body, "        ");
        else
            witc_lift_memory(v, context, wit_case_type(type, i), "at", wit_payload_offset(type),
                value, body, "        ");
        buf_append_cstr(body, "        break;\n");
    }
    buf_append_cstr(body, "    default:\n        break;\n    }\n");
}

/* lift_<tag> or lift_flat_<tag> of a record, tuple, variant, option or result. */
static const char *need_lift(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, bool flat)
{
    const char *tag = witc_c_tag(v->model, context, type);
    const char *name = arena_printf(v->model->arena, flat ? "lift_flat_%s" : "lift_%s", tag);
    if (!claim(v, name))
        return name;
    const struct witc_interface *inner = witc_context(v->model, context, type);
    struct buf body = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    if (type->kind == WIT_RECORD || type->kind == WIT_TUPLE)
        lift_fields(v, inner, type, flat, &body);
    else
        lift_cases(v, inner, type, flat, &body);
    buf_printf(v->out,
        "static enum wasm_trap_kind %s(\n    struct component_call *call UNUSED, const %s, struct "
        "%s *ret_value)\n{\n    enum wasm_trap_kind trap UNUSED;\n%s    return "
        "WASM_TRAP_NONE;\n}\n\n",
        name, flat ? "union wasm_value *slots" : "uint8_t *at", tag, buf_cstr(&body));
    buf_release(&body);
    return name;
}

static void lift_pair(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, const char *ptr, const char *len, const char *value,
    struct buf *body, const char *indent)
{
    if (type->kind == WIT_STRING) {
        checked(body, indent, "component_guest_string(call, %s, %s, &%s)", ptr, len, value);
    } else if (witc_is_bytes(type)) {
        checked(body, indent, "host_lift_bytes(call, %s, %s, &%s)", ptr, len, value);
    } else {
        need_lift_list(v, context, type);
        checked(body, indent, "lift_%s(call, %s, %s, &%s)", witc_c_tag(v->model, context, type),
            ptr, len, value);
    }
}

void witc_lift_memory(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, const char *at, uint32_t offset, const char *value,
    struct buf *body, const char *indent)
{
    struct arena *a = v->model->arena;
    const char *here = address(v, at, offset);
    if (type->kind == WIT_STRING || type->kind == WIT_LIST) {
        if (type->kind == WIT_LIST && !witc_is_bytes(type))
            buf_printf(body, "%s%s.data = NULL;\n%s%s.len = 0;\n", indent, value, indent, value);
        lift_pair(v, context, type, arena_printf(a, "host_load_u32(%s)", here),
            arena_printf(a, "host_load_u32(%s)", address(v, at, offset + 4)), value, body, indent);
    } else if (witc_is_composite(type)) {
        checked(body, indent, "%s(call, %s, &%s)", need_lift(v, context, type, false), here, value);
    } else {
        const char *bits = arena_printf(a, "host_load_%s(%s)", memory_scalar(type), here);
        lift_simple(v, context, type, bits, value, body, indent);
    }
}

void witc_lift_flat(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, uint32_t slot, const char *value, struct buf *body,
    const char *indent)
{
    struct arena *a = v->model->arena;
    if (type->kind == WIT_STRING || type->kind == WIT_LIST) {
        if (type->kind == WIT_LIST && !witc_is_bytes(type) && strncmp(value, "arg_", 4) != 0)
            buf_printf(body, "%s%s.data = NULL;\n%s%s.len = 0;\n", indent, value, indent, value);
        lift_pair(v, context, type, arena_printf(a, "slots[%u].i32", slot),
            arena_printf(a, "slots[%u].i32", slot + 1), value, body, indent);
    } else if (witc_is_composite(type)) {
        checked(body, indent, "%s(call, &slots[%u], &%s)", need_lift(v, context, type, true), slot,
            value);
    } else if (type->kind == WIT_F32 || type->kind == WIT_F64) {
        const char *scalar = scalar_names[type->kind];
        buf_printf(
            body, "%s%s = host_%s_from_bits(slots[%u].%s);\n", indent, value, scalar, slot, scalar);
    } else {
        bool wide = type->kind == WIT_S64 || type->kind == WIT_U64;
        if (type->kind == WIT_FLAGS && type->count > 32) {
            buf_printf(body, "%s%s = (slots[%u].i32 | (uint64_t)slots[%u].i32 << 32) & 0x%llxu;\n",
                indent, value, slot, slot + 1, (unsigned long long)flags_mask(type));
            return;
        }
        const char *bits = arena_printf(a, "slots[%u].%s", slot, wide ? "i64" : "i32");
        lift_simple(v, context, type, bits, value, body, indent);
    }
}

/* Lowering. */

static void lower_fields(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, struct buf *body)
{
    for (uint32_t i = 0; i < type->count; i++)
        witc_lower_memory(v, context, type->fields[i].type, "at", wit_field_offset(type, i),
            arena_printf(v->model->arena, "value->%s", field_member(v, type, i)), body, "    ");
}

static void lower_cases(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, struct buf *body)
{
    const char *discriminant = discriminant_member(type);
    const char *scalar = discriminant_scalar(type);
    buf_printf(
        body, "    host_store_%s(at, (uint%s_t)value->%s);\n", scalar, scalar + 1, discriminant);
    buf_printf(body, "    switch ((uint32_t)value->%s) {\n", discriminant);
    for (uint32_t i = 0; i < wit_case_count(type); i++) {
        const char *member = payload_member(v, type, i);
        if (!member)
            continue;
        buf_printf(body, "    case %u:\n", i);
        witc_lower_memory(v, context, wit_case_type(type, i), "at", wit_payload_offset(type),
            arena_printf(v->model->arena, "value->%s", member), body, "        ");
        buf_append_cstr(body, "        break;\n");
    }
    buf_append_cstr(body, "    default:\n        break;\n    }\n");
}

static void lower_elements(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, struct buf *body)
{
    const struct wit_type *element = type->element;
    buf_append_cstr(body, "    uint8_t *items = NULL;\n");
    checked(body, "    ", "host_lower_array(call, value->len, %u, %u, at, &items)", element->size,
        element->align);
    buf_printf(body,
        "    for (size_t i = 0; i < value->len; i++) {\n"
        "        uint8_t *item = items + i * %u;\n",
        element->size);
    witc_lower_memory(v, context, element, "item", 0, "value->data[i]", body, "        ");
    buf_append_cstr(body, "    }\n");
}

static const char *need_lower(
    struct witc_values *v, const struct witc_interface *context, const struct wit_type *type)
{
    const char *tag = witc_c_tag(v->model, context, type);
    const char *name = arena_printf(v->model->arena, "lower_%s", tag);
    if (!claim(v, name))
        return name;
    const struct witc_interface *inner = witc_context(v->model, context, type);
    struct buf body = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    if (type->kind == WIT_RECORD || type->kind == WIT_TUPLE)
        lower_fields(v, inner, type, &body);
    else if (type->kind == WIT_LIST)
        lower_elements(v, inner, type, &body);
    else
        lower_cases(v, inner, type, &body);
    buf_printf(v->out,
        "static enum wasm_trap_kind %s(\n    struct component_call *call UNUSED, const struct %s "
        "*value, uint8_t *at)\n{\n    enum wasm_trap_kind trap UNUSED;\n%s    return "
        "WASM_TRAP_NONE;\n}\n\n",
        name, tag, buf_cstr(&body));
    buf_release(&body);
    return name;
}

void witc_lower_memory(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, const char *at, uint32_t offset, const char *value,
    struct buf *body, const char *indent)
{
    const char *here = address(v, at, offset);
    if (type->kind == WIT_STRING || witc_is_bytes(type)) {
        checked(body, indent, "host_lower_bytes(call, %s, %s)", value, here);
    } else if (witc_is_composite(type)) {
        checked(body, indent, "%s(call, &%s, %s)", need_lower(v, context, type), value, here);
    } else if (type->kind == WIT_OWN) {
        buf_printf(body, "%s{\n%s    uint32_t handle;\n", indent, indent);
        checked(body, arena_printf(v->model->arena, "%s    ", indent),
            "component_handle_give(call, &%s, %s.object, &handle)", resource_name(v, context, type),
            value);
        buf_printf(body, "%s    host_store_u32(%s, handle);\n%s}\n", indent, here, indent);
    } else if (type->kind == WIT_F32 || type->kind == WIT_F64) {
        buf_printf(body, "%shost_store_%s(%s, %s);\n", indent, memory_scalar(type), here, value);
    } else {
        const char *scalar = memory_scalar(type);
        buf_printf(
            body, "%shost_store_%s(%s, (uint%s_t)%s);\n", indent, scalar, here, scalar + 1, value);
    }
}

void witc_lower_flat(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, const char *value, struct buf *body, const char *indent)
{
    struct arena *a = v->model->arena;
    switch (type->kind) {
    case WIT_RECORD:
    case WIT_TUPLE:
        witc_lower_flat(v, witc_context(v->model, context, type), type->fields[0].type,
            arena_printf(a, "%s.%s", value, field_member(v, type, 0)), body, indent);
        break;
    case WIT_VARIANT:
    case WIT_OPTION:
    case WIT_RESULT:
        buf_printf(
            body, "%sslots[0].i32 = (uint32_t)%s.%s;\n", indent, value, discriminant_member(type));
        break;
    case WIT_OWN:
        checked(body, indent, "component_handle_give(call, &%s, %s.object, &slots[0].i32)",
            resource_name(v, context, type), value);
        break;
    case WIT_F32:
    case WIT_F64:
        buf_printf(body, "%sslots[0].%s = host_%s_bits(%s);\n", indent, scalar_names[type->kind],
            scalar_names[type->kind], value);
        break;
    case WIT_S64:
    case WIT_U64:
        buf_printf(body, "%sslots[0].i64 = (uint64_t)%s;\n", indent, value);
        break;
    case WIT_S8:
    case WIT_S16:
        buf_printf(body, "%sslots[0].i32 = (uint32_t)(int32_t)%s;\n", indent, value);
        break;
    default:
        buf_printf(body, "%sslots[0].i32 = (uint32_t)%s;\n", indent, value);
        break;
    }
}
