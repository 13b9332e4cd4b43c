/*
 * The files of a world's Python modules.
 */
#include <string.h>

#include "base/limits.h"
#include "wit/python_int.h"

static const char types_text[] =
    "\"\"\"What the values of WIT types that Python has no type for look like.\"\"\"\n"
    "# mypy: ignore-errors\n"
    "from dataclasses import dataclass\n"
    "from typing import Generic, TypeVar, Union\n"
    "\n"
    "S = TypeVar(\"S\")\n"
    "T = TypeVar(\"T\")\n"
    "E = TypeVar(\"E\")\n"
    "\n"
    "\n"
    "@dataclass\n"
    "class Some(Generic[S]):\n"
    "    \"\"\"A value that is there, where the value itself may be None.\"\"\"\n"
    "\n"
    "    value: S\n"
    "\n"
    "\n"
    "@dataclass\n"
    "class Ok(Generic[T]):\n"
    "    \"\"\"A result without an error.\"\"\"\n"
    "\n"
    "    value: T\n"
    "\n"
    "\n"
    "@dataclass\n"
    "class Err(Generic[E], Exception):\n"
    "    \"\"\"A result that is an error; functions raise it.\"\"\"\n"
    "\n"
    "    value: E\n"
    "\n"
    "    def __hash__(self) -> int:\n"
    "        return hash((Err, type(self.value)))\n"
    "\n"
    "\n"
    "Result = Union[Ok[T], Err[E]]\n";

static const char binding_text[] =
    "\"\"\"The way to the host: what the modules of this package are made of.\"\"\"\n"
    "# mypy: ignore-errors\n"
    "try:\n"
    "    from _spindle import Finalizer, drop_func, export_resource, import_func, types\n"
    "except ImportError:\n"
    "    # Outside a component (tests, type checkers) everything can be imported and no function "
    "of\n"
    "    # the host can be called.\n"
    "    class _Types:\n"
    "        def __getattr__(self, name):\n"
    "            return lambda *parts: None\n"
    "\n"
    "    types = _Types()\n"
    "\n"
    "    def import_func(interface, name, params, result):\n"
    "        def call(*arguments):\n"
    "            raise NotImplementedError(f\"{interface} {name} is there inside a component "
    "only\")\n"
    "\n"
    "        return call\n"
    "\n"
    "    def drop_func(interface, resource):\n"
    "        return import_func(interface, \"[resource-drop]\" + resource, (), None)\n"
    "\n"
    "    def export_resource(interface, resource):\n"
    "        return None\n"
    "\n"
    "    class Finalizer:\n"
    "        alive = False\n"
    "\n"
    "        def __call__(self):\n"
    "            return None\n"
    "\n"
    "        def detach(self):\n"
    "            return None\n";

/* ------------------------------------------------------------------------------- files */

static int add_file(struct py *p, const char *path, struct str text, struct error *err)
{
    struct wit_python_file *slot = VEC_PUSH(&p->files, p->arena);
    char *copy = arena_try_alloc_raw(p->arena, text.len + 1);
    if (!slot || !copy)
        return error_set(err, ERROR_MEMORY, "too many Python modules");
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    *slot = (struct wit_python_file){
        str_of(arena_printf(p->arena, "%s", path)), str_make(copy, text.len)};
    return 0;
}

/* The start of a module: its documentation, then what it imports. `up` leads to the top. */
static void append_head(
    const struct py *p, struct str docs, struct str from, const char *up, struct buf *out)
{
    py_docstring(p, docs, NULL, 0, out);
    buf_printf(out,
        "# mypy: ignore-errors\n"
        "# Made from %" STR_FMT "; do not edit.\n"
        "from __future__ import annotations\n"
        "\n"
        "from abc import abstractmethod\n"
        "from dataclasses import dataclass\n"
        "from enum import Enum, Flag, auto\n"
        "from types import TracebackType\n"
        "from typing import Any, List, Optional, Protocol, Self, Tuple, Union\n"
        "\n"
        "from %s_binding import drop_func as _drop_func\n"
        "from %s_binding import export_resource as _export_resource\n"
        "from %s_binding import import_func as _import\n"
        "from %s_binding import types as _t\n"
        "from %stypes import Err, Ok, Result, Some\n",
        STR_ARG(from), up, up, up, up, up);
    for (size_t i = 0; i < p->modules.len; i++) {
        const struct py_module *module = &p->modules.data[i];
        struct str ref = py_module_ref(p, module);
        if (!p->needed[i])
            continue;
        buf_printf(out, "from %s%s import %" STR_FMT, up, module->exported ? "exports" : "imports",
            STR_ARG(module->name));
        if (!str_equal(ref, module->name))
            buf_printf(out, " as %" STR_FMT, STR_ARG(ref));
        buf_append_byte(out, '\n');
    }
    buf_append_cstr(out, "\n\n");
}

/* Puts a module's head in front of its body and keeps it. */
int py_finish_module(struct py *p, const char *path, struct str docs, struct str from,
    const char *up, struct buf *body, struct error *err)
{
    struct buf text = BUF_INIT(LIMIT_COMPONENT_BYTES);
    append_head(p, docs, from, up, &text);
    while (body->len > 0 && body->data[body->len - 1] == '\n')
        body->len--;
    buf_append_str(&text, buf_str(body));
    buf_append_byte(&text, '\n');
    int status = text.failed || body->failed
                     ? error_set(err, ERROR_MEMORY, "'%s' would be too large", path)
                     : add_file(p, path, buf_str(&text), err);
    buf_release(&text);
    memset(p->needed, 0, p->modules.len);
    return status;
}

/* ------------------------------------------------------------------------------- functions */

/* The variable that holds the callable of an imported function. */
static struct str callable_name(const struct py *p, const struct wit_func *func)
{
    return str_of(arena_printf(
        p->arena, "_call_%" STR_FMT, STR_ARG(py_case(p->arena, func->name, PY_SNAKE))));
}

const struct wit_type *py_raised(const struct wit_func *func)
{
    const struct wit_type *result = func->type.result;
    bool raises = result && result->kind == WIT_RESULT && func->kind != WIT_CONSTRUCTOR;
    return raises ? result : NULL;
}

void py_signature(const struct py *p, const struct wit_func *func, const char *receiver,
    unsigned indent, struct buf *out)
{
    const struct wit_resource *self = func->resource ? func->resource->resource : NULL;
    const struct wit_type *result = func->type.result;
    if (result && result->kind == WIT_RESULT)
        result = result->ok;
    bool constructor = func->kind == WIT_CONSTRUCTOR;
    struct str name = constructor ? STR("__init__") : py_name(p->arena, func->label, PY_SNAKE);
    buf_printf(out, "%*sdef %" STR_FMT "(", (int)indent, "", STR_ARG(name));
    const char *comma = "";
    if (receiver) {
        buf_append_cstr(out, receiver);
        comma = ", ";
    }
    for (uint32_t i = func->kind == WIT_METHOD; i < func->type.param_count; i++) {
        const struct wit_field *param = &func->type.params[i];
        buf_printf(
            out, "%s%" STR_FMT ": ", comma, STR_ARG(py_name(p->arena, param->name, PY_SNAKE)));
        py_annotation(p, param->type, self, out);
        comma = ", ";
    }
    buf_append_cstr(out, ") -> ");
    if (constructor || !result)
        buf_append_cstr(out, "None");
    else
        py_annotation(p, result, self, out);
    buf_append_cstr(out, ":\n");
}

static void append_arguments(const struct py *p, const struct wit_func *func, struct buf *out)
{
    buf_append_byte(out, '(');
    for (uint32_t i = 0; i < func->type.param_count; i++)
        buf_printf(out, "%s%" STR_FMT, i > 0 ? ", " : "",
            STR_ARG(py_name(p->arena, func->type.params[i].name, PY_SNAKE)));
    buf_append_byte(out, ')');
}

static void append_function(const struct py *p, const struct wit_func *func, struct buf *out)
{
    unsigned indent = func->resource ? 4 : 0;
    if (func->kind == WIT_STATIC)
        buf_append_cstr(out, "    @classmethod\n");
    const char *receiver = func->kind == WIT_STATIC         ? "cls"
                           : func->kind == WIT_FREESTANDING ? NULL
                                                            : "self";
    py_signature(p, func, receiver, indent, out);
    py_docstring(p, func->docs, py_raised(func), indent + 4, out);
    bool constructor = func->kind == WIT_CONSTRUCTOR;
    buf_printf(out, "%*s%s %" STR_FMT, (int)indent + 4, "", constructor ? "_made =" : "return",
        STR_ARG(callable_name(p, func)));
    append_arguments(p, func, out);
    buf_append_byte(out, '\n');
    if (constructor)
        buf_append_cstr(out, "        self.handle = _made.handle\n"
                             "        self.finalizer = _made.finalizer\n");
    buf_append_cstr(out, func->resource ? "\n" : "\n\n");
}

void py_parameters(const struct py *p, const struct wit_func *func, struct buf *out)
{
    buf_append_byte(out, '(');
    for (uint32_t i = 0; i < func->type.param_count; i++) {
        const struct wit_field *param = &func->type.params[i];
        buf_printf(out, "(\"%" STR_FMT "\", ", STR_ARG(py_name(p->arena, param->name, PY_SNAKE)));
        py_descriptor(p, param->type, out);
        buf_append_cstr(out, i + 1 < func->type.param_count ? "), " : "),");
    }
    buf_append_byte(out, ')');
}

void py_result(const struct py *p, const struct wit_func *func, struct buf *out)
{
    if (func->type.result)
        py_descriptor(p, func->type.result, out);
    else
        buf_append_cstr(out, "None");
}

/* "_call_x = _import(interface, name, parameters, result)" */
static void append_callable(
    const struct py *p, struct str interface, const struct wit_func *func, struct buf *out)
{
    buf_printf(out, "%" STR_FMT " = _import(\n    \"%" STR_FMT "\",\n    \"%" STR_FMT "\",\n    ",
        STR_ARG(callable_name(p, func)), STR_ARG(interface), STR_ARG(func->name));
    py_parameters(p, func, out);
    buf_append_cstr(out, ",\n    ");
    py_result(p, func, out);
    buf_append_cstr(out, ",\n)\n");
}

/* ------------------------------------------------------------------------------- resources */

/* The functions of a resource, in an interface or a world. */
struct func_list {
    const struct wit_func *const *funcs;
    uint32_t count;
};

static void append_resource(const struct py *p, const struct wit_definition *def,
    struct str interface, struct func_list list, struct buf *out)
{
    buf_printf(out, "class %" STR_FMT ":\n", STR_ARG(py_name(p->arena, def->name, PY_CAMEL)));
    py_docstring(p, def->docs, NULL, 4, out);
    buf_printf(out,
        "\n    _drop = _drop_func(\"%" STR_FMT "\", \"%" STR_FMT "\")\n"
        "    handle: Optional[int]\n"
        "    finalizer: Any\n\n",
        STR_ARG(interface), STR_ARG(def->name));
    for (uint32_t i = 0; i < list.count; i++)
        if (list.funcs[i]->resource == def)
            append_function(p, list.funcs[i], out);
    buf_append_cstr(out, "    def __enter__(self) -> Self:\n"
                         "        \"\"\"Returns self.\"\"\"\n"
                         "        return self\n"
                         "\n"
                         "    def __exit__(\n"
                         "        self,\n"
                         "        exc_type: type[BaseException] | None,\n"
                         "        exc_value: BaseException | None,\n"
                         "        traceback: TracebackType | None,\n"
                         "    ) -> bool | None:\n"
                         "        \"\"\"Gives the resource back to the host now.\"\"\"\n"
                         "        self.finalizer()\n"
                         "        self.handle = None\n"
                         "        return None\n"
                         "\n\n");
}

/* ------------------------------------------------------------------------------- interfaces */

/* Types that are this module's, not the other one's of the same interface. */
static void append_types(const struct py *p, const struct py_module *module, struct buf *out)
{
    const struct wit_interface *interface = module->interface;
    struct func_list list = {interface->funcs, interface->func_count};
    for (uint32_t i = 0; i < interface->type_count; i++) {
        const struct wit_definition *def = interface->types[i];
        if (py_owner(p, def) != module)
            continue;
        if (py_defines_names(def))
            py_define(p, def, out);
        else if (def->kind == WIT_DEFINES && module->exported)
            py_resource_protocol(p, module, def, out);
        else if (def->kind == WIT_DEFINES)
            append_resource(p, def, interface->id, list, out);
    }
}

static void append_descriptors(const struct py *p, const struct py_module *module, struct buf *out)
{
    for (uint32_t i = 0; i < module->interface->type_count; i++) {
        const struct wit_definition *def = module->interface->types[i];
        if (py_defines_names(def) && py_owner(p, def) == module)
            py_define_descriptor(p, def, out);
    }
}

static int add_import(struct py *p, const struct py_module *module, struct error *err)
{
    const struct wit_interface *interface = module->interface;
    struct buf body = BUF_INIT(LIMIT_COMPONENT_BYTES);
    p->current = module;
    append_types(p, module, &body);
    for (uint32_t i = 0; i < interface->func_count; i++)
        if (interface->funcs[i]->kind == WIT_FREESTANDING)
            append_function(p, interface->funcs[i], &body);
    append_descriptors(p, module, &body);
    for (uint32_t i = 0; i < interface->func_count; i++)
        append_callable(p, interface->id, interface->funcs[i], &body);
    const char *path = arena_printf(p->arena, "imports/%" STR_FMT ".py", STR_ARG(module->name));
    int status = py_finish_module(p, path, interface->docs, interface->id, "..", &body, err);
    buf_release(&body);
    return status;
}

static int add_export(struct py *p, const struct py_module *module, struct error *err)
{
    const struct wit_interface *interface = module->interface;
    struct buf body = BUF_INIT(LIMIT_COMPONENT_BYTES);
    p->current = module;
    p->exporting = true;
    append_types(p, module, &body);
    append_descriptors(p, module, &body);
    const char *path = arena_printf(p->arena, "exports/%" STR_FMT ".py", STR_ARG(module->name));
    int status = py_finish_module(p, path, interface->docs, interface->id, "..", &body, err);
    p->exporting = false;
    buf_release(&body);
    return status;
}

static int add_aliases(struct py *p, const struct py_module *module, struct error *err)
{
    for (size_t i = 0; i < module->aliases.len; i++) {
        const char *path = arena_printf(p->arena, "%s/%" STR_FMT ".py",
            module->exported ? "exports" : "imports", STR_ARG(module->aliases.data[i]));
        const char *text = arena_printf(p->arena,
            "\"\"\"Another name of the module `%" STR_FMT "`.\"\"\"\n"
            "from .%" STR_FMT " import *\n",
            STR_ARG(module->name), STR_ARG(module->name));
        if (add_file(p, path, str_of(text), err) < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------- the world */

/* What the world itself imports: its types, then its functions. */
static int append_world_imports(struct py *p, struct buf *out, struct error *err)
{
    const struct wit_world *w = p->world;
    const struct wit_func **funcs =
        arena_try_array(p->arena, w->import_count + 1, const struct wit_func *);
    if (!funcs)
        return error_set(err, ERROR_MEMORY, "too many functions");
    struct func_list list = {funcs, 0};
    for (uint32_t i = 0; i < w->import_count; i++)
        if (w->imports[i].func)
            funcs[list.count++] = w->imports[i].func;
    for (uint32_t i = 0; i < w->import_count; i++) {
        const struct wit_definition *def = w->imports[i].type;
        if (def && py_defines_names(def))
            py_define(p, def, out);
        else if (def && def->kind == WIT_DEFINES)
            append_resource(p, def, STR("$root"), list, out);
    }
    for (uint32_t i = 0; i < list.count; i++)
        if (funcs[i]->kind == WIT_FREESTANDING)
            append_function(p, funcs[i], out);
    for (uint32_t i = 0; i < w->import_count; i++)
        if (w->imports[i].type && py_defines_names(w->imports[i].type))
            py_define_descriptor(p, w->imports[i].type, out);
    for (uint32_t i = 0; i < list.count; i++)
        append_callable(p, STR("$root"), funcs[i], out);
    buf_append_cstr(out, "\n\n");
    return 0;
}

static int add_world(struct py *p, struct error *err)
{
    struct buf body = BUF_INIT(LIMIT_COMPONENT_BYTES);
    p->current = NULL;
    int status = append_world_imports(p, &body, err);
    p->exporting = true;
    py_world_protocol(p, &body);
    p->exporting = false;
    if (status == 0)
        status =
            py_finish_module(p, "__init__.py", p->world->docs, p->world->name, ".", &body, err);
    buf_release(&body);
    return status;
}

/* ------------------------------------------------------------------------------- public */

static int prepare(struct py *p, struct error *err)
{
    if (py_modules(p, err) < 0)
        return -1;
    p->needed = arena_try_array(p->arena, p->modules.len + 1, bool);
    return p->needed ? 0 : error_set(err, ERROR_MEMORY, "too many modules");
}

int wit_python_generate(const struct wit_resolve *r, const struct wit_world *world,
    const struct wit_python_options *options, struct wit_python *ret, struct error *err)
{
    struct py p = {.r = r, .world = world, .options = options, .arena = r->arena};
    if (prepare(&p, err) < 0)
        return -1;
    if (add_file(&p, "types.py", str_of(types_text), err) < 0 ||
        add_file(&p, "_binding.py", str_of(binding_text), err) < 0 || add_world(&p, err) < 0 ||
        py_add_protocols(&p, err) < 0 || py_add_exports(&p, err) < 0)
        return -1;
    if (world->import_count > 0 && add_file(&p, "imports/__init__.py", STR_EMPTY, err) < 0)
        return -1;
    for (size_t i = 0; i < p.modules.len; i++) {
        const struct py_module *module = &p.modules.data[i];
        if ((module->exported ? add_export(&p, module, err) : add_import(&p, module, err)) < 0 ||
            add_aliases(&p, module, err) < 0)
            return -1;
    }
    *ret = (struct wit_python){p.files.data, p.files.len};
    return 0;
}

struct str wit_python_protocol(const struct wit_resolve *r, const struct wit_world *world,
    const struct wit_python_options *options, const struct wit_interface *interface)
{
    struct py p = {.r = r, .world = world, .options = options, .arena = r->arena};
    struct error err = ERROR_INIT;
    if (prepare(&p, &err) < 0) {
        error_release(&err);
        return STR_EMPTY;
    }
    for (size_t i = 0; i < p.modules.len; i++)
        if (p.modules.data[i].exported && p.modules.data[i].interface == interface)
            return py_protocol_name(&p, &p.modules.data[i]);
    return STR_EMPTY;
}
