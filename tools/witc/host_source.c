/* The .c of an interface: type data, lifting and lowering, one wrapper for each function. */
#include "base/limits.h"
#include "host_values.h"

enum { SMALL_LIST = 16 }; /* elements of a list parameter that need no memory of the arena */

struct source {
    const struct witc_model *model;
    const struct witc_interface *interface;
    struct witc_values values;
};

/* All parameters as one tuple: how they lie in memory when there are too many for flat values. */
static struct wit_type params_tuple(const struct wit_func_type *type)
{
    struct wit_type tuple = {.kind = WIT_TUPLE, .count = type->param_count, .fields = type->params};
    BUG_IF(!wit_type_layout(&tuple));
    return tuple;
}

static const char *param_variable(struct source *s, uint32_t index)
{
    return arena_printf(s->model->arena, "arg_%u", index);
}

static void write_param_variables(
    struct source *s, const struct wit_func_type *type, struct buf *body)
{
    for (uint32_t i = 0; i < type->param_count; i++) {
        const struct wit_type *param = type->params[i].type;
        const char *c_type = witc_c_type(s->model, s->interface, param);
        if (param->kind == WIT_LIST && !witc_is_bytes(param))
            buf_printf(body, "    %s small_%u[%u];\n    %s arg_%u = {small_%u, %u};\n",
                witc_c_type(s->model, s->interface, param->element), i, SMALL_LIST, c_type, i, i,
                SMALL_LIST);
        else
            buf_printf(body, "    %s arg_%u;\n", c_type, i);
    }
}

static void write_param_lifts(struct source *s, const struct wit_func_type *type,
    const struct wit_core_type *core, struct buf *body)
{
    struct wit_type tuple = params_tuple(type);
    if (core->params_in_memory)
        buf_printf(body,
            "    uint8_t *args;\n"
            "    if ((trap = component_guest_bytes(call, slots[0].i32, %u, %u, &args)) != "
            "WASM_TRAP_NONE)\n        return trap;\n",
            tuple.size, tuple.align);
    uint32_t slot = 0;
    for (uint32_t i = 0; i < type->param_count; i++) {
        const struct wit_type *param = type->params[i].type;
        if (core->params_in_memory)
            witc_lift_memory(&s->values, s->interface, param, "args", wit_field_offset(&tuple, i),
                param_variable(s, i), body, "    ");
        else
            witc_lift_flat(
                &s->values, s->interface, param, slot, param_variable(s, i), body, "    ");
        slot += param->flat_count;
    }
}

static void write_call(struct source *s, const struct witc_func *func, struct buf *body)
{
    buf_printf(body, "    if ((trap = %s_functions.%s(call", s->interface->prefix,
        witc_func_name(s->model->arena, func->name));
    for (uint32_t i = 0; i < func->type->param_count; i++)
        buf_printf(body, ", arg_%u", i);
    buf_printf(body, "%s)) != WASM_TRAP_NONE)\n        return trap;\n",
        func->type->result ? ", &result" : "");
}

static void write_wrapper(struct source *s, size_t index, struct buf *out)
{
    const struct witc_func *func = &s->interface->funcs[index];
    const struct wit_func_type *type = func->type;
    struct wit_core_type core;
    wit_core_type_lower(type, &core);
    struct buf body = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    write_param_variables(s, type, &body);
    if (type->result)
        buf_printf(&body, "    %s result;\n", witc_c_type(s->model, s->interface, type->result));
    if (core.result_in_memory)
        buf_printf(&body,
            "    uint8_t *area;\n"
            "    if ((trap = component_guest_bytes(call, slots[%u].i32, %u, %u, &area)) != "
            "WASM_TRAP_NONE)\n        return trap;\n",
            core.param_count - 1, type->result->size, type->result->align);
    write_param_lifts(s, type, &core, &body);
    write_call(s, func, &body);
    if (core.result_in_memory)
        witc_lower_memory(
            &s->values, s->interface, type->result, "area", 0, "result", &body, "    ");
    else if (type->result)
        witc_lower_flat(&s->values, s->interface, type->result, "result", &body, "    ");
    buf_printf(out,
        "static enum wasm_trap_kind call_%zu(struct component_call *call, union wasm_value *slots "
        "UNUSED)\n{\n    enum wasm_trap_kind trap;\n%s    return WASM_TRAP_NONE;\n}\n\n",
        index, buf_cstr(&body));
    buf_release(&body);
}

static void write_tables(struct source *s, struct buf *out)
{
    const struct witc_interface *interface = s->interface;
    size_t resources = 0;
    if (interface->func_count) {
        buf_append_cstr(out, "static const struct component_host_func funcs[] = {\n");
        for (size_t i = 0; i < interface->func_count; i++)
            buf_printf(out, "    {\"%" STR_FMT "\", &func_type_%zu, call_%zu},\n",
                STR_ARG(interface->funcs[i].name), i, i);
        buf_append_cstr(out, "};\n\n");
    }
    for (size_t i = 0; i < interface->type_count; i++) {
        const struct witc_type *type = &interface->types[i];
        if (!type->defines_resource)
            continue;
        if (resources++ == 0)
            buf_append_cstr(
                out, "static const struct component_host_resource *const resources[] = {\n");
        buf_printf(out, "    &%s_%s_resource,\n", interface->prefix,
            witc_label(s->model->arena, type->name));
    }
    if (resources)
        buf_append_cstr(out, "};\n\n");
    buf_printf(out,
        "const struct component_host_interface %s_interface = {\n"
        "    \"%" STR_FMT "\", %zu, %s, %zu, %s, %zu, %s};\n",
        interface->prefix, STR_ARG(interface->name), interface->func_count,
        interface->func_count ? "funcs" : "NULL", resources, resources ? "resources" : "NULL",
        interface->type_count, interface->type_count ? "named_types" : "NULL");
}

void witc_host_source(
    const struct witc_model *model, const struct witc_interface *interface, struct buf *out)
{
    struct source s = {.model = model, .interface = interface};
    struct buf wrappers = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    buf_printf(out,
        "/* %" STR_FMT " for hosts. Written by tools/witc: do not edit. */\n"
        "#include \"host/%s.h\"\n#include \"component/host_value.h\"\n\n",
        STR_ARG(interface->name), interface->prefix);
    witc_host_types(model, interface, out);
    witc_values_init(&s.values, model, out);
    for (size_t i = 0; i < interface->func_count; i++)
        write_wrapper(&s, i, &wrappers);
    buf_append_str(out, buf_str(&wrappers));
    if (wrappers.failed)
        out->failed = true;
    buf_release(&wrappers);
    write_tables(&s, out);
}
