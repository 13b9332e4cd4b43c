#include <ctype.h>
#include <string.h>

#include "wit/node.h"
#include "wit/python_int.h"

static const char *const python_keywords[] = {"False", "None", "True", "and", "as", "assert",
    "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield"};

/* Words end at anything that is no letter or digit; empty words are left out. */
struct str py_case(struct arena *a, struct str name, enum py_case form)
{
    struct buf out = BUF_INIT(4 * name.len + 8);
    bool start = true;
    for (size_t i = 0; i < name.len; i++) {
        int c = (unsigned char)name.ptr[i];
        if (!isalnum(c)) {
            start = true;
            continue;
        }
        if (start && out.len > 0 && form != PY_CAMEL)
            buf_append_byte(&out, '_');
        bool upper = form == PY_SHOUT || (form == PY_CAMEL && start);
        buf_append_byte(&out, (uint8_t)(upper ? toupper(c) : tolower(c)));
        start = false;
    }
    struct str text = arena_copy(a, buf_str(&out));
    buf_release(&out);
    return text;
}

static bool is_python_keyword(struct str name)
{
    for (size_t i = 0; i < countof(python_keywords); i++)
        if (str_is(name, python_keywords[i]))
            return true;
    return false;
}

struct str py_name(struct arena *a, struct str name, enum py_case form)
{
    struct str text = py_case(a, name, form);
    if (form != PY_SHOUT && is_python_keyword(text))
        return str_of(arena_printf(a, "%" STR_FMT "_", STR_ARG(text)));
    return text;
}

/* ------------------------------------------------------------------------------- modules */

/* "ns-pkg-name", with the version behind it if it is asked for and there is one. */
static struct str long_name(struct py *p, const struct wit_interface *interface, bool version)
{
    const struct wit_package *package = interface->package;
    version = version && package->version.len > 0;
    const char *text = arena_printf(p->arena, "%" STR_FMT "-%" STR_FMT "-%" STR_FMT "%s%" STR_FMT,
        STR_ARG(package->namespace), STR_ARG(package->name), STR_ARG(interface->name),
        version ? "-" : "", STR_ARG(version ? package->version : STR_EMPTY));
    return py_name(p->arena, str_of(text), PY_SNAKE);
}

static const struct wit_python_name *override_of(
    const struct py *p, const struct wit_interface *interface, bool exported)
{
    const struct wit_python_name *names =
        exported ? p->options->export_names : p->options->import_names;
    size_t count = exported ? p->options->export_name_count : p->options->import_name_count;
    for (size_t i = 0; i < count; i++)
        if (str_equal(names[i].interface, interface->id))
            return &names[i];
    return NULL;
}

/* Another interface of the same direction with the same short name? */
struct clash {
    bool any;     /* some other interface */
    bool version; /* one of the same package in an earlier version */
};

static struct clash find_clash(const struct py *p, const struct py_module *module)
{
    struct clash clash = {0};
    const struct wit_package *package = module->interface->package;
    for (size_t i = 0; i < p->modules.len; i++) {
        const struct wit_interface *other = p->modules.data[i].interface;
        if (other == module->interface || p->modules.data[i].exported != module->exported ||
            !str_equal(other->name, module->interface->name))
            continue;
        clash.any = true;
        clash.version |= str_equal(other->package->namespace, package->namespace) &&
                         str_equal(other->package->name, package->name) &&
                         version_compare(other->package->version, package->version) < 0;
    }
    return clash;
}

static bool name_taken(const struct py *p, const struct py_module *module, struct str name)
{
    for (size_t i = 0; i < p->modules.len; i++)
        if (&p->modules.data[i] != module && p->modules.data[i].exported == module->exported &&
            str_equal(p->modules.data[i].name, name))
            return true;
    return false;
}

/*
 * The shortest name that is clear, as componentize-py chooses it, save that an interface of the
 * world's own package keeps its short name.
 */
static void name_module(struct py *p, struct py_module *module)
{
    const struct wit_interface *interface = module->interface;
    struct str simple =
        py_name(p->arena, interface->name.len > 0 ? interface->name : interface->id, PY_SNAKE);
    const struct wit_python_name *chosen = override_of(p, interface, module->exported);
    if (chosen) {
        module->name = py_name(p->arena, chosen->module, PY_SNAKE);
    } else if (interface->name.len == 0) {
        module->name = simple;
    } else if (p->options->full_names) {
        module->name = long_name(p, interface, true);
    } else {
        struct clash clash = find_clash(p, module);
        bool own = interface->package == p->world->package;
        module->name = !clash.any || own ? simple : long_name(p, interface, clash.version);
    }
}

static int add_alias(struct py *p, struct py_module *module, struct str name, struct error *err)
{
    if (str_equal(name, module->name) || name_taken(p, module, name))
        return 0;
    for (size_t i = 0; i < module->aliases.len; i++)
        if (str_equal(module->aliases.data[i], name))
            return 0;
    struct str *slot = VEC_PUSH(&module->aliases, p->arena);
    if (!slot)
        return error_set(err, ERROR_MEMORY, "too many modules");
    *slot = name;
    return 0;
}

/* Where names clash, every form that some version of componentize-py would choose. */
static int alias_module(struct py *p, struct py_module *module, struct error *err)
{
    const struct wit_interface *interface = module->interface;
    if (interface->name.len == 0 || !find_clash(p, module).any)
        return 0;
    if (add_alias(p, module, long_name(p, interface, false), err) < 0)
        return -1;
    return add_alias(p, module, long_name(p, interface, true), err);
}

static int add_modules(
    struct py *p, const struct wit_item *items, uint32_t count, bool exported, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!items[i].interface)
            continue;
        struct py_module *module = VEC_PUSH(&p->modules, p->arena);
        if (!module)
            return error_set(err, ERROR_MEMORY, "too many modules");
        *module = (struct py_module){.interface = items[i].interface, .exported = exported};
    }
    return 0;
}

int py_modules(struct py *p, struct error *err)
{
    const struct wit_world *w = p->world;
    if (add_modules(p, w->imports, w->import_count, false, err) < 0 ||
        add_modules(p, w->exports, w->export_count, true, err) < 0)
        return -1;
    for (size_t i = 0; i < p->modules.len; i++)
        name_module(p, &p->modules.data[i]);
    for (size_t i = 0; i < p->modules.len; i++)
        if (alias_module(p, &p->modules.data[i], err) < 0)
            return -1;
    return 0;
}

const struct py_module *py_module(
    const struct py *p, const struct wit_interface *interface, bool exported)
{
    for (size_t i = 0; i < p->modules.len; i++)
        if (p->modules.data[i].interface == interface && p->modules.data[i].exported == exported)
            return &p->modules.data[i];
    return NULL;
}

/* Is there a resource in it that the application implements? */
static bool has_exported_resource(const struct py *p, const struct wit_type *type)
{
    if (!type)
        return false;
    if (type->resource) {
        const struct wit_definition *def = wit_resolve_definition(p->r, type);
        return def && def->interface && py_module(p, def->interface, true);
    }
    for (uint32_t i = 0; i < type->count && type->kind != WIT_ENUM && type->kind != WIT_FLAGS; i++)
        if (has_exported_resource(p, type->fields[i].type))
            return true;
    return has_exported_resource(p, type->element) || has_exported_resource(p, type->ok) ||
           has_exported_resource(p, type->err);
}

const struct py_module *py_owner(const struct py *p, const struct wit_definition *def)
{
    if (!def->interface)
        return NULL;
    const struct py_module *imported = py_module(p, def->interface, false);
    const struct py_module *exported = py_module(p, def->interface, true);
    if (imported && exported && p->exporting && has_exported_resource(p, def->type))
        return exported;
    return imported ? imported : exported;
}

struct str py_module_ref(const struct py *p, const struct py_module *module)
{
    for (size_t i = 0; module->exported && i < p->modules.len; i++)
        if (!p->modules.data[i].exported && str_equal(p->modules.data[i].name, module->name))
            return str_of(arena_printf(p->arena, "%" STR_FMT "_exports", STR_ARG(module->name)));
    return module->name;
}
