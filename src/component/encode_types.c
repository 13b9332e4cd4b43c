/*
 * Types of the encoder: from wit_type to type definitions, with indices of the scope at hand.
 */
#include "component/encode_int.h"

void type_scope_init(struct type_scope *scope, struct encoder *e, enum type_scope_kind kind,
    struct interface_state *state, struct buf *out, uint32_t *types)
{
    *scope =
        (struct type_scope){.encoder = e, .kind = kind, .state = state, .out = out, .types = types};
    map_init(&scope->known, &e->arena);
    map_init(&scope->named, &e->arena);
}

static bool known_get(const struct type_scope *scope, const void *pointer, uint32_t *ret)
{
    uintptr_t found = (uintptr_t)map_get(&scope->known, str_make(&pointer, sizeof(pointer)));
    *ret = (uint32_t)(found - 1);
    return found != 0;
}

static int known_put(struct type_scope *scope, const void *pointer, uint32_t index)
{
    const void **key = arena_alloc(&scope->encoder->arena, sizeof(*key));
    *key = pointer;
    if (map_put(&scope->known, str_make(key, sizeof(*key)), (void *)((uintptr_t)index + 1)))
        return 0;
    return error_set(scope->encoder->err, ERROR_MEMORY, "out of memory for types");
}

/* A type definition: a declaration of an instance type, or a section. */
static uint32_t define(struct type_scope *scope, const struct buf *definition)
{
    if (scope->kind == TYPE_SCOPE_INSTANCE) {
        buf_append_byte(scope->out, 0x01);
        buf_append(scope->out, definition->data, definition->len);
        scope->count++;
    } else {
        struct buf body = BUF_INIT(scope->out->max);
        buf_append_byte(&body, 1);
        buf_append(&body, definition->data, definition->len);
        emit_section(scope->out, SECTION_TYPE, &body);
        buf_release(&body);
    }
    return (*scope->types)++;
}

/* Gives a name to a type, as an import or export: (eq index), or (sub resource) for NO_TYPE. */
static uint32_t introduce(struct type_scope *scope, bool is_import, struct str name, uint32_t index)
{
    struct buf body = BUF_INIT(scope->out->max);
    if (scope->kind == TYPE_SCOPE_INSTANCE)
        buf_append_byte(scope->out, 0x04);
    else
        buf_append_byte(&body, 1);
    append_extern_name(&body, name);
    buf_append_byte(&body, 0x03);
    if (scope->kind != TYPE_SCOPE_INSTANCE && !is_import) {
        buf_append_uleb(&body, index);
        buf_append_byte(&body, 0);
    } else if (index == NO_TYPE) {
        buf_append_byte(&body, 0x01);
    } else {
        buf_append_byte(&body, 0x00);
        buf_append_uleb(&body, index);
    }
    if (scope->kind == TYPE_SCOPE_INSTANCE) {
        buf_append(scope->out, body.data, body.len);
        scope->count++;
    } else {
        emit_section(scope->out, is_import ? SECTION_IMPORT : SECTION_EXPORT, &body);
    }
    buf_release(&body);
    return (*scope->types)++;
}

static int append_value(struct type_scope *scope, const struct wit_type *type, struct buf *out);

static int append_optional(struct type_scope *scope, const struct wit_type *type, struct buf *out)
{
    buf_append_byte(out, type != NULL);
    return type ? append_value(scope, type, out) : 0;
}

static uint8_t primitive_byte(enum wit_kind kind)
{
    static const uint8_t bytes[] = {[WIT_BOOL] = 0x7f,
        [WIT_S8] = 0x7e,
        [WIT_U8] = 0x7d,
        [WIT_S16] = 0x7c,
        [WIT_U16] = 0x7b,
        [WIT_S32] = 0x7a,
        [WIT_U32] = 0x79,
        [WIT_S64] = 0x78,
        [WIT_U64] = 0x77,
        [WIT_F32] = 0x76,
        [WIT_F64] = 0x75,
        [WIT_CHAR] = 0x74,
        [WIT_STRING] = 0x73};
    return bytes[kind];
}

static int append_labels(
    struct type_scope *scope, uint8_t opcode, const struct wit_type *type, struct buf *out)
{
    buf_append_byte(out, opcode);
    buf_append_uleb(out, type->count);
    for (uint32_t i = 0; i < type->count; i++) {
        const struct wit_field *field = &type->fields[i];
        if (type->kind != WIT_TUPLE)
            append_name(out, field->name);
        if (type->kind == WIT_VARIANT) {
            if (append_optional(scope, field->type, out) < 0)
                return -1;
            buf_append_byte(out, 0);
        } else if (field->type && append_value(scope, field->type, out) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The index of a resource type in the scope. */
static int resource_index(
    struct type_scope *scope, const struct wit_resource *resource, uint32_t *ret)
{
    if (known_get(scope, resource, ret))
        return 0;
    size_t type = find_resource(scope->state->interface, resource);
    if (type == SIZE_MAX)
        return error_set(scope->encoder->err, ERROR_LINK,
            "interface '%" STR_FMT "' has no name for the resource '%" STR_FMT "'",
            STR_ARG(scope->state->interface->name), STR_ARG(resource->name));
    return scope_name_type(scope, type, ret);
}

/* The definition of a type from its parts. */
static int append_definition(struct type_scope *scope, const struct wit_type *type, struct buf *out)
{
    uint32_t resource;
    switch (type->kind) {
    case WIT_RECORD:
        return append_labels(scope, 0x72, type, out);
    case WIT_VARIANT:
        return append_labels(scope, 0x71, type, out);
    case WIT_LIST:
        buf_append_byte(out, 0x70);
        return append_value(scope, type->element, out);
    case WIT_TUPLE:
        return append_labels(scope, 0x6f, type, out);
    case WIT_FLAGS:
        return append_labels(scope, 0x6e, type, out);
    case WIT_ENUM:
        return append_labels(scope, 0x6d, type, out);
    case WIT_OPTION:
        buf_append_byte(out, 0x6b);
        return append_value(scope, type->element, out);
    case WIT_RESULT:
        buf_append_byte(out, 0x6a);
        return append_optional(scope, type->ok, out) < 0 ? -1
                                                         : append_optional(scope, type->err, out);
    case WIT_OWN:
    case WIT_BORROW:
        if (resource_index(scope, type->resource, &resource) < 0)
            return -1;
        buf_append_byte(out, type->kind == WIT_OWN ? 0x69 : 0x68);
        buf_append_uleb(out, resource);
        return 0;
    default:
        buf_append_byte(out, primitive_byte(type->kind));
        return 0;
    }
}

int scope_define(struct type_scope *scope, const struct wit_type *type, uint32_t *ret)
{
    struct buf definition = BUF_INIT(scope->out->max);
    int result = append_definition(scope, type, &definition);
    if (result == 0)
        *ret = define(scope, &definition);
    scope->out->failed |= definition.failed;
    buf_release(&definition);
    return result;
}

/* A reference to a value type: a primitive's byte or an index. */
static int append_value(struct type_scope *scope, const struct wit_type *type, struct buf *out)
{
    uint32_t index;
    if (type->kind <= WIT_STRING) {
        buf_append_byte(out, primitive_byte(type->kind));
        return 0;
    }
    if (!known_get(scope, type, &index)) {
        bool handle = type->kind == WIT_OWN || type->kind == WIT_BORROW;
        size_t named = handle ? SIZE_MAX : find_named(scope->state->interface, type);
        if (named != SIZE_MAX) {
            if (scope_name_type(scope, named, &index) < 0)
                return -1;
        } else if (scope_define(scope, type, &index) < 0 || known_put(scope, type, index) < 0) {
            return -1;
        }
    }
    buf_append_sleb(out, index);
    return 0;
}

int scope_func_type(struct type_scope *scope, const struct wit_func_type *type, uint32_t *ret)
{
    struct buf definition = BUF_INIT(scope->out->max);
    int result = 0;
    buf_append_byte(&definition, 0x40);
    buf_append_uleb(&definition, type->param_count);
    for (uint32_t i = 0; i < type->param_count && result == 0; i++) {
        append_name(&definition, type->params[i].name);
        result = append_value(scope, type->params[i].type, &definition);
    }
    if (result == 0 && type->result) {
        buf_append_byte(&definition, 0x00);
        result = append_value(scope, type->result, &definition);
    } else if (result == 0) {
        buf_append(&definition, "\1\0", 2);
    }
    if (result == 0)
        *ret = define(scope, &definition);
    scope->out->failed |= definition.failed;
    buf_release(&definition);
    return result;
}

/* An alias of the component's type, in an instance type. */
static uint32_t alias_outer(struct type_scope *scope, uint32_t outer)
{
    buf_append(scope->out, "\2\3\2", 3);
    buf_append_uleb(scope->out, 1);
    buf_append_uleb(scope->out, outer);
    scope->count++;
    return (*scope->types)++;
}

/* The index of what the name stands for, before the scope gives it its name. */
static int plain_index(struct type_scope *scope, size_t type, uint32_t *ret)
{
    const struct encode_type *named = &scope->state->interface->types[type];
    const void *identity = named->resource ? (const void *)named->resource : named->type;
    bool primitive = !named->resource && named->type->kind <= WIT_STRING;
    if (!primitive && known_get(scope, identity, ret))
        return 0;
    if (named->from && !primitive && scope->kind == TYPE_SCOPE_INSTANCE) {
        struct interface_state *from = state_of(scope->encoder, named->from);
        uint32_t outer;
        if (outer_type(scope->encoder, from, find_type_name(from->interface, named->from_name),
                &outer) < 0)
            return -1;
        *ret = alias_outer(scope, outer);
        return 0;
    }
    if (scope->kind == TYPE_SCOPE_EXPORTED && !primitive && (named->resource || named->from)) {
        uintptr_t found =
            (uintptr_t)map_get(&scope->imported, str_make(&identity, sizeof(identity)));
        BUG_IF(!found);
        *ret = (uint32_t)(found - 1);
        return 0;
    }
    if (scope->kind == TYPE_SCOPE_OUTER)
        return outer_type(scope->encoder, scope->state, type, ret);
    if (named->resource) {
        *ret = NO_TYPE;
        return 0;
    }
    return scope_define(scope, named->type, ret);
}

static int import_nested(
    struct type_scope *scope, const struct encode_type *named, size_t type, uint32_t *index)
{
    struct encoder *e = scope->encoder;
    struct nested_import *import = VEC_PUSH(&scope->imports, &e->arena);
    if (!import)
        return error_set(e->err, ERROR_MEMORY, "out of memory for types");
    import->name = str_of(arena_printf(&e->arena, "import-type-%" STR_FMT, STR_ARG(named->name)));
    import->state = scope->state;
    import->type = type;
    for (size_t i = 0; i + 1 < scope->imports.len; i++)
        if (str_equal(scope->imports.data[i].name, import->name))
            import->name = str_of(arena_printf(&e->arena, "import-type-%" STR_FMT "-%zu",
                STR_ARG(named->name), scope->imports.len));
    *index = introduce(scope, true, import->name, *index);
    return 0;
}

/* A type that another interface declares is imported as that one's. */
static int name_elsewhere(struct type_scope *scope, const struct encode_type *named, uint32_t *ret)
{
    struct interface_state *state = scope->state;
    scope->state = state_of(scope->encoder, named->from);
    int result =
        scope_name_type(scope, find_type_name(scope->state->interface, named->from_name), ret);
    scope->state = state;
    return result;
}

int scope_name_type(struct type_scope *scope, size_t type, uint32_t *ret)
{
    const struct encode_type *named = &scope->state->interface->types[type];
    const void *identity = named->resource ? (const void *)named->resource : named->type;
    uint32_t index;
    if (scope->kind == TYPE_SCOPE_NESTED && known_get(scope, identity, ret))
        return 0;
    if (scope->kind == TYPE_SCOPE_NESTED && named->from)
        return name_elsewhere(scope, named, ret);
    if (plain_index(scope, type, &index) < 0)
        return -1;
    if (scope->kind == TYPE_SCOPE_INSTANCE || scope->kind == TYPE_SCOPE_EXPORTED) {
        if (!map_put(&scope->named, named->name, scope))
            return error_set(scope->encoder->err, ERROR_MEMORY, "out of memory for types");
        index = introduce(scope, false, named->name, index);
    } else if (scope->kind == TYPE_SCOPE_NESTED && import_nested(scope, named, type, &index) < 0) {
        return -1;
    }
    *ret = index;
    if (named->resource)
        return known_put(scope, named->resource, index);
    return named->type->kind <= WIT_STRING ? 0 : known_put(scope, named->type, index);
}

int scope_name_live(struct type_scope *scope, size_t type)
{
    const struct encode_type *named = &scope->state->interface->types[type];
    uint32_t index;
    if (map_get(&scope->named, named->name))
        return 0;
    return scope_name_type(scope, type, &index);
}

int scope_export_types(struct type_scope *scope)
{
    scope->kind = TYPE_SCOPE_EXPORTED;
    scope->imported = scope->known;
    map_init(&scope->known, &scope->encoder->arena);
    for (size_t i = 0; i < scope->state->interface->type_count; i++)
        if (scope_name_live(scope, i) < 0)
            return -1;
    return 0;
}
