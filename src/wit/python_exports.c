/*
 * Python for what a world exports: protocols that the application implements, and the table by
 * which the runtime calls it.
 */
#include "base/limits.h"
#include "wit/python_int.h"

/* ------------------------------------------------------------------------------- protocols */

struct str py_protocol_name(const struct py *p, const struct py_module *module)
{
    return py_name(p->arena, module->name, PY_CAMEL);
}

/* The protocol of functions of the world itself. */
static struct str world_name(const struct py *p)
{
    return py_name(p->arena, p->options->module, PY_CAMEL);
}

/* A method of a protocol. */
static void append_abstract(const struct py *p, const struct wit_func *func, struct buf *out)
{
    if (func->kind == WIT_STATIC)
        buf_append_cstr(out, "    @classmethod\n");
    buf_append_cstr(out, "    @abstractmethod\n");
    py_signature(p, func, func->kind == WIT_STATIC ? "cls" : "self", 4, out);
    py_docstring(p, func->docs, py_raised(func), 8, out);
    buf_append_cstr(out, "        raise NotImplementedError\n\n");
}

/* The runtime finds the application's class through `_exported`. */
void py_resource_protocol(const struct py *p, const struct py_module *module,
    const struct wit_definition *def, struct buf *out)
{
    const struct wit_interface *interface = module->interface;
    struct str name = py_name(p->arena, def->name, PY_CAMEL);
    bool any = false;
    buf_printf(out, "class %" STR_FMT "(Protocol):\n", STR_ARG(name));
    py_docstring(p, def->docs, NULL, 4, out);
    for (uint32_t i = 0; i < interface->func_count; i++) {
        if (interface->funcs[i]->resource != def)
            continue;
        append_abstract(p, interface->funcs[i], out);
        any = true;
    }
    buf_printf(out,
        "%s\n%" STR_FMT "._exported = _export_resource(\"%" STR_FMT "\", \"%" STR_FMT "\")\n\n\n",
        any ? "" : "    pass\n\n", STR_ARG(name), STR_ARG(interface->id), STR_ARG(def->name));
}

static void append_protocol(const struct py *p, const struct py_module *module, struct buf *out)
{
    const struct wit_interface *interface = module->interface;
    buf_printf(out, "class %" STR_FMT "(Protocol):\n", STR_ARG(py_protocol_name(p, module)));
    py_docstring(p, interface->docs, NULL, 4, out);
    bool any = false;
    for (uint32_t i = 0; i < interface->func_count; i++) {
        if (interface->funcs[i]->kind != WIT_FREESTANDING)
            continue;
        append_abstract(p, interface->funcs[i], out);
        any = true;
    }
    buf_append_cstr(out, any ? "\n" : "    pass\n\n\n");
}

int py_add_protocols(struct py *p, struct error *err)
{
    if (p->world->export_count == 0)
        return 0;
    struct buf body = BUF_INIT(LIMIT_COMPONENT_BYTES);
    p->current = NULL;
    p->exporting = true;
    for (size_t i = 0; i < p->modules.len; i++)
        if (p->modules.data[i].exported)
            append_protocol(p, &p->modules.data[i], &body);
    int status =
        py_finish_module(p, "exports/__init__.py", STR_EMPTY, p->world->name, "..", &body, err);
    p->exporting = false;
    buf_release(&body);
    return status;
}

void py_world_protocol(const struct py *p, struct buf *out)
{
    bool any = false;
    buf_printf(out, "class %" STR_FMT "(Protocol):\n", STR_ARG(world_name(p)));
    for (uint32_t i = 0; i < p->world->export_count; i++) {
        if (!p->world->exports[i].func)
            continue;
        append_abstract(p, p->world->exports[i].func, out);
        any = true;
    }
    if (!any)
        buf_append_cstr(out, "    pass\n");
}

/* ------------------------------------------------------------------------------- the table */

/*
 * Who is called: a protocol's class in the application ("Shapes"), a resource's class in a module
 * of its own ("shapes:Canvas"), or, for a method, its first argument (None).
 */
static void append_holder(const struct py *p, const struct py_module *module,
    const struct wit_func *func, struct buf *out)
{
    if (func->kind == WIT_METHOD)
        buf_append_cstr(out, "None");
    else if (func->kind != WIT_FREESTANDING)
        buf_printf(out, "\"%" STR_FMT ":%" STR_FMT "\"", STR_ARG(module->name),
            STR_ARG(py_name(p->arena, func->resource->name, PY_CAMEL)));
    else
        buf_printf(
            out, "\"%" STR_FMT "\"", STR_ARG(module ? py_protocol_name(p, module) : world_name(p)));
}

static void append_entry(const struct py *p, const struct py_module *module,
    const struct wit_func *func, struct buf *out)
{
    struct str interface = module ? module->interface->id : STR_EMPTY;
    buf_printf(
        out, "    (\"%" STR_FMT "\", \"%" STR_FMT "\", ", STR_ARG(interface), STR_ARG(func->name));
    append_holder(p, module, func, out);
    if (func->kind == WIT_CONSTRUCTOR)
        buf_append_cstr(out, ", None, ");
    else
        buf_printf(out, ", \"%" STR_FMT "\", ", STR_ARG(py_name(p->arena, func->label, PY_SNAKE)));
    py_parameters(p, func, out);
    buf_append_cstr(out, ", ");
    py_result(p, func, out);
    buf_append_cstr(out, "),\n");
}

int py_add_exports(struct py *p, struct error *err)
{
    struct buf body = BUF_INIT(LIMIT_COMPONENT_BYTES);
    p->current = NULL;
    p->exporting = true;
    buf_append_cstr(&body, "# interface, function, holder, attribute, parameters, result\n"
                           "functions = (\n");
    for (uint32_t i = 0; i < p->world->export_count; i++)
        if (p->world->exports[i].func)
            append_entry(p, NULL, p->world->exports[i].func, &body);
    for (size_t i = 0; i < p->modules.len; i++) {
        const struct py_module *module = &p->modules.data[i];
        for (uint32_t f = 0; module->exported && f < module->interface->func_count; f++)
            append_entry(p, module, module->interface->funcs[f], &body);
    }
    buf_append_cstr(&body, ")\n");
    int status = py_finish_module(
        p, "_exports.py", STR("What the application implements."), p->world->name, ".", &body, err);
    p->exporting = false;
    buf_release(&body);
    return status;
}
