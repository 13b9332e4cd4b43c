/* The static wit_type and wit_func_type data of an interface, for the linker's type checks. */
#include "base/vec.h"
#include "model.h"

struct types {
    const struct witc_model *model;
    const struct witc_interface *interface;
    struct buf *out;
    VEC(const struct wit_type *) written; /* index = number in its C name */
};

static const char *const kind_names[] = {"BOOL", "S8", "U8", "S16", "U16", "S32", "U32", "S64",
    "U64", "F32", "F64", "CHAR", "STRING", "LIST", "RECORD", "TUPLE", "VARIANT", "ENUM", "OPTION",
    "RESULT", "FLAGS", "OWN", "BORROW"};

static size_t write_type(struct types *t, const struct wit_type *type);

static void write_fields(
    struct types *t, const char *name, const struct wit_field *fields, uint32_t count)
{
    if (count == 0)
        return;
    size_t *numbers = arena_alloc(t->model->arena, count * sizeof(*numbers));
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = fields[i].type ? write_type(t, fields[i].type) : SIZE_MAX;
    buf_printf(t->out, "static const struct wit_field %s[] = {\n", name);
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(
            t->out, "    {{\"%" STR_FMT "\", %zu}, ", STR_ARG(fields[i].name), fields[i].name.len);
        if (numbers[i] == SIZE_MAX)
            buf_append_cstr(t->out, "NULL},\n");
        else
            buf_printf(t->out, "&type_%zu},\n", numbers[i]);
    }
    buf_append_cstr(t->out, "};\n");
}

static size_t find_type(const struct types *t, const struct wit_type *type)
{
    for (size_t i = 0; i < t->written.len; i++)
        if (t->written.data[i] == type)
            return i;
    return SIZE_MAX;
}

static void write_type_as(
    struct types *t, const struct wit_type *type, const char *c_name, struct str wit_name)
{
    struct arena *a = t->model->arena;
    const char *fields = arena_printf(a, "%s_fields", c_name);
    write_fields(t, fields, type->fields, type->count);
    bool has_element = type->kind == WIT_LIST || type->kind == WIT_OPTION;
    size_t element = has_element ? write_type(t, type->element) : 0;
    bool is_result = type->kind == WIT_RESULT;
    size_t ok = is_result && type->ok ? write_type(t, type->ok) : 0;
    size_t error = is_result && type->err ? write_type(t, type->err) : 0;
    buf_printf(t->out, "static const struct wit_type %s = {.kind = WIT_%s", c_name,
        kind_names[type->kind]);
    if (wit_name.len)
        buf_printf(t->out, ", .name = {\"%" STR_FMT "\", %zu}", STR_ARG(wit_name), wit_name.len);
    if (type->count)
        buf_printf(t->out, ", .count = %u, .fields = %s", type->count, fields);
    if (has_element)
        buf_printf(t->out, ", .element = &type_%zu", element);
    if (is_result && type->ok)
        buf_printf(t->out, ", .ok = &type_%zu", ok);
    if (is_result && type->err)
        buf_printf(t->out, ", .err = &type_%zu", error);
    if (type->resource) {
        const struct witc_interface *owner = witc_owner(t->model, type->resource);
        buf_printf(t->out, ", .resource = &%s_%s_type", (owner ? owner : t->interface)->prefix,
            witc_label(a, type->resource->name));
    }
    buf_printf(t->out, ", .size = %u, .align = %u, .flat_count = %u};\n", type->size, type->align,
        type->flat_count);
}

/* Writes a type after its parts, once; returns its number. */
static size_t write_type(struct types *t, const struct wit_type *type)
{
    size_t number = find_type(t, type);
    if (number != SIZE_MAX)
        return number;
    /* Take the number first: the parts take theirs while this one is being written. */
    number = t->written.len;
    const struct wit_type **slot = VEC_PUSH(&t->written, t->model->arena);
    BUG_IF(!slot);
    *slot = type;
    write_type_as(t, type, arena_printf(t->model->arena, "type_%zu", number), type->name);
    return number;
}

static void write_resources(struct types *t)
{
    const char *prefix = t->interface->prefix;
    for (size_t i = 0; i < t->interface->type_count; i++) {
        const struct witc_type *type = &t->interface->types[i];
        if (!type->defines_resource)
            continue;
        const char *name = witc_label(t->model->arena, type->name);
        buf_printf(t->out,
            "static void %s_drop_rep(void *host, void *rep)\n{\n"
            "    %s_functions.%s_drop(host, rep);\n}\n"
            "const struct component_host_resource %s_%s_resource = {\"%" STR_FMT
            "\", %s_drop_rep};\n"
            "const struct wit_resource %s_%s_type = {{\"%" STR_FMT "\", %zu}, &%s_%s_resource};\n",
            name, prefix, name, prefix, name, STR_ARG(type->name), name, prefix, name,
            STR_ARG(type->name), type->name.len, prefix, name);
    }
}

/* The own type that stands for a resource among the named types. */
static void write_resource_type(struct types *t, const struct witc_type *type, size_t index)
{
    struct wit_type own = {.kind = WIT_OWN, .resource = type->resource};
    BUG_IF(!wit_type_layout(&own));
    write_type_as(t, &own, arena_printf(t->model->arena, "named_%zu", index), type->name);
}

static void write_named_types(struct types *t)
{
    for (size_t i = 0; i < t->interface->type_count; i++) {
        const struct witc_type *type = &t->interface->types[i];
        if (type->resource)
            write_resource_type(t, type, i);
        else
            write_type_as(t, type->type, arena_printf(t->model->arena, "named_%zu", i), type->name);
    }
    if (t->interface->type_count == 0)
        return;
    buf_append_cstr(t->out, "static const struct wit_type *const named_types[] = {\n");
    for (size_t i = 0; i < t->interface->type_count; i++)
        buf_printf(t->out, "    &named_%zu,\n", i);
    buf_append_cstr(t->out, "};\n");
}

static void write_func_types(struct types *t)
{
    for (size_t i = 0; i < t->interface->func_count; i++) {
        const struct wit_func_type *type = t->interface->funcs[i].type;
        const char *params = arena_printf(t->model->arena, "params_%zu", i);
        write_fields(t, params, type->params, type->param_count);
        size_t result = type->result ? write_type(t, type->result) : 0;
        buf_printf(t->out, "static const struct wit_func_type func_type_%zu = {%u, %s, ", i,
            type->param_count, type->param_count ? params : "NULL");
        if (type->result)
            buf_printf(t->out, "&type_%zu};\n", result);
        else
            buf_append_cstr(t->out, "NULL};\n");
    }
}

void witc_host_types(
    const struct witc_model *model, const struct witc_interface *interface, struct buf *out)
{
    struct types t = {.model = model, .interface = interface, .out = out};
    write_resources(&t);
    write_named_types(&t);
    write_func_types(&t);
    buf_append_cstr(out, "\n");
}
