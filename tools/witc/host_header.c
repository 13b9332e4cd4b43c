/* The .h of an interface: C types, the struct of functions, what the linker needs. */
#include "base/vec.h"
#include "model.h"

struct header {
    const struct witc_model *model;
    const struct witc_interface *interface;
    struct buf *out;
    struct map declared; /* by C tag */
};

static void declare_type(struct header *h, const struct wit_type *type);

static void declare_member(
    struct header *h, const struct wit_type *type, const char *indent, const char *name)
{
    buf_printf(h->out, "%s%s %s;\n", indent, witc_c_type(h->model, h->interface, type), name);
}

static void declare_tags(struct header *h, const struct wit_type *type, const char *suffix)
{
    struct arena *a = h->model->arena;
    const char *tag = witc_c_tag(h->model, h->interface, type);
    const char *upper = witc_upper(a, str_of(tag));
    buf_printf(h->out, "enum %s%s {\n", tag, suffix);
    for (uint32_t i = 0; i < type->count; i++)
        buf_printf(h->out, "    %s_%s,\n", upper, witc_upper(a, type->fields[i].name));
    buf_append_cstr(h->out, "};\n\n");
}

static void declare_flags(struct header *h, const struct wit_type *type)
{
    struct arena *a = h->model->arena;
    const char *upper = witc_upper(a, str_of(witc_c_tag(h->model, h->interface, type)));
    for (uint32_t i = 0; i < type->count; i++)
        buf_printf(h->out, "#define %s_%s (%s << %u)\n", upper, witc_upper(a, type->fields[i].name),
            type->count > 32 ? "UINT64_C(1)" : "1u", i);
    buf_append_cstr(h->out, "\n");
}

static void declare_variant(struct header *h, const struct wit_type *type)
{
    const char *tag = witc_c_tag(h->model, h->interface, type);
    declare_tags(h, type, "_tag");
    buf_printf(h->out, "struct %s {\n    enum %s_tag tag;\n    union {\n", tag, tag);
    uint32_t payloads = 0;
    for (uint32_t i = 0; i < type->count; i++) {
        const struct wit_field *field = &type->fields[i];
        if (!field->type)
            continue;
        payloads++;
        declare_member(h, field->type, "        ", witc_label(h->model->arena, field->name));
    }
    if (payloads == 0)
        buf_append_cstr(h->out, "        char none;\n");
    buf_append_cstr(h->out, "    };\n};\n\n");
}

static void declare_result(struct header *h, const struct wit_type *type)
{
    buf_printf(h->out, "struct %s {\n    bool is_err;\n", witc_c_tag(h->model, h->interface, type));
    if (type->ok || type->err) {
        buf_append_cstr(h->out, "    union {\n");
        if (type->ok)
            declare_member(h, type->ok, "        ", "ok");
        if (type->err)
            declare_member(h, type->err, "        ", "err");
        buf_append_cstr(h->out, "    };\n");
    }
    buf_append_cstr(h->out, "};\n\n");
}

static void declare_struct(struct header *h, const struct wit_type *type)
{
    const char *tag = witc_c_tag(h->model, h->interface, type);
    struct arena *a = h->model->arena;
    buf_printf(h->out, "struct %s {\n", tag);
    if (type->kind == WIT_LIST) {
        buf_printf(h->out, "    %s *data;\n", witc_c_type(h->model, h->interface, type->element));
        buf_append_cstr(h->out, "    size_t len;\n");
    } else if (type->kind == WIT_OPTION) {
        buf_append_cstr(h->out, "    bool is_some;\n");
        declare_member(h, type->element, "    ", "value");
    } else {
        for (uint32_t i = 0; i < type->count; i++)
            declare_member(h, type->fields[i].type, "    ",
                type->kind == WIT_TUPLE ? arena_printf(a, "f%u", i)
                                        : witc_label(a, type->fields[i].name));
    }
    buf_append_cstr(h->out, "};\n\n");
}

/* Declares what a type is made of, before it. */
static void declare_parts(struct header *h, const struct wit_type *type)
{
    if (type->element)
        declare_type(h, type->element);
    if (type->ok)
        declare_type(h, type->ok);
    if (type->err)
        declare_type(h, type->err);
    for (uint32_t i = 0; i < type->count; i++)
        if (type->fields[i].type)
            declare_type(h, type->fields[i].type);
}

static void declare_type(struct header *h, const struct wit_type *type)
{
    bool handle = type->kind == WIT_OWN || type->kind == WIT_BORROW;
    if (type->kind <= WIT_STRING || witc_is_bytes(type) || handle)
        return;
    if (witc_context(h->model, h->interface, type) != h->interface)
        return; /* its owner's header declares it */
    const char *tag = witc_c_tag(h->model, h->interface, type);
    if (map_get(&h->declared, str_of(tag)))
        return;
    BUG_IF(!map_put(&h->declared, str_of(tag), (void *)type));
    declare_parts(h, type);
    if (type->kind == WIT_ENUM)
        declare_tags(h, type, "");
    else if (type->kind == WIT_FLAGS)
        declare_flags(h, type);
    else if (type->kind == WIT_VARIANT)
        declare_variant(h, type);
    else if (type->kind == WIT_RESULT)
        declare_result(h, type);
    else
        declare_struct(h, type);
}

static void declare_resource(struct header *h, const struct wit_resource *resource)
{
    const char *tag = arena_printf(h->model->arena, "%s_%s", h->interface->prefix,
        witc_label(h->model->arena, resource->name));
    buf_printf(h->out,
        "struct %s;\n"
        "struct %s_own {\n    struct %s *object;\n};\n"
        "struct %s_borrow {\n    struct %s *object;\n};\n"
        "extern const struct component_host_resource %s_resource;\n"
        "extern const struct wit_resource %s_type;\n\n",
        tag, tag, tag, tag, tag, tag, tag);
}

/* Interfaces whose types the functions or types mention. */
static void collect_includes(struct header *h, const struct wit_type *type, struct map *seen)
{
    bool handle = type->kind == WIT_OWN || type->kind == WIT_BORROW;
    const struct witc_interface *owner =
        handle ? witc_owner(h->model, type->resource) : witc_context(h->model, h->interface, type);
    if (owner && owner != h->interface) {
        BUG_IF(!map_put(seen, str_of(owner->prefix), (void *)owner));
        return;
    }
    if (type->element)
        collect_includes(h, type->element, seen);
    if (type->ok)
        collect_includes(h, type->ok, seen);
    if (type->err)
        collect_includes(h, type->err, seen);
    for (uint32_t i = 0; i < type->count; i++)
        if (type->fields[i].type)
            collect_includes(h, type->fields[i].type, seen);
}

static void write_includes(struct header *h)
{
    struct map seen;
    map_init(&seen, h->model->arena);
    for (size_t i = 0; i < h->interface->type_count; i++)
        if (h->interface->types[i].type)
            collect_includes(h, h->interface->types[i].type, &seen);
    for (size_t i = 0; i < h->interface->func_count; i++) {
        const struct wit_func_type *type = h->interface->funcs[i].type;
        for (uint32_t p = 0; p < type->param_count; p++)
            collect_includes(h, type->params[p].type, &seen);
        if (type->result)
            collect_includes(h, type->result, &seen);
    }
    buf_append_cstr(h->out, "#include \"component/host.h\"\n");
    for (size_t i = 0; i < seen.len; i++)
        buf_printf(h->out, "#include \"host/%s.h\"\n", seen.entries[i].key.ptr);
    buf_append_cstr(h->out, "\n");
}

static void declare_types(struct header *h)
{
    for (size_t i = 0; i < h->interface->type_count; i++) {
        const struct witc_type *type = &h->interface->types[i];
        if (type->defines_resource)
            declare_resource(h, type->resource);
    }
    for (size_t i = 0; i < h->interface->type_count; i++)
        if (h->interface->types[i].type)
            declare_type(h, h->interface->types[i].type);
    for (size_t i = 0; i < h->interface->func_count; i++) {
        const struct wit_func_type *type = h->interface->funcs[i].type;
        for (uint32_t p = 0; p < type->param_count; p++)
            declare_type(h, type->params[p].type);
        if (type->result)
            declare_type(h, type->result);
    }
}

static void declare_function(struct header *h, const struct witc_func *func)
{
    struct arena *a = h->model->arena;
    buf_printf(h->out, "    enum wasm_trap_kind (*%s)(struct component_call *call",
        witc_func_name(a, func->name));
    for (uint32_t i = 0; i < func->type->param_count; i++)
        buf_printf(h->out, ", %s %s",
            witc_c_type(h->model, h->interface, func->type->params[i].type),
            witc_label(a, func->type->params[i].name));
    if (func->type->result)
        buf_printf(
            h->out, ", %s *ret_result", witc_c_type(h->model, h->interface, func->type->result));
    buf_append_cstr(h->out, ");\n");
}

static void declare_functions(struct header *h)
{
    const char *prefix = h->interface->prefix;
    struct arena *a = h->model->arena;
    if (witc_has_functions(h->interface)) {
        buf_printf(h->out,
            "/*\n * Filled in by the hand-written part. Strings and lists of the parameters are "
            "valid\n"
            " * during the call; what a result points to must be valid until the wrapper has "
            "lowered\n"
            " * it.\n */\nstruct %s_functions {\n",
            prefix);
        for (size_t i = 0; i < h->interface->func_count; i++)
            declare_function(h, &h->interface->funcs[i]);
        for (size_t i = 0; i < h->interface->type_count; i++) {
            const struct witc_type *type = &h->interface->types[i];
            const char *name = witc_label(a, type->name);
            if (type->defines_resource)
                buf_printf(h->out, "    void (*%s_drop)(void *host, struct %s_%s *object);\n", name,
                    prefix, name);
        }
        buf_printf(h->out, "};\nextern const struct %s_functions %s_functions;\n", prefix, prefix);
    }
    buf_printf(h->out, "extern const struct component_host_interface %s_interface;\n\n", prefix);
}

void witc_host_header(
    const struct witc_model *model, const struct witc_interface *interface, struct buf *out)
{
    struct header h = {.model = model, .interface = interface, .out = out};
    map_init(&h.declared, model->arena);
    const char *guard = witc_upper(model->arena, str_of(interface->prefix));
    buf_printf(out,
        "/* %" STR_FMT " for hosts. Written by tools/witc: do not edit. */\n"
        "#ifndef SPINDLE_HOST_%s_H\n#define SPINDLE_HOST_%s_H\n\n",
        STR_ARG(interface->name), guard, guard);
    write_includes(&h);
    declare_types(&h);
    declare_functions(&h);
    buf_append_cstr(out, "#endif\n");
}
