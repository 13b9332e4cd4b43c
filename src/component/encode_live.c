/*
 * What of the world must be written: functions that the core module imports, everything exported,
 * and the types that these mention, followed through `use`.
 */
#include "component/encode_int.h"

static int mark_type(struct encoder *e, struct interface_state *state, const struct wit_type *type);

static int mark_named(struct encoder *e, struct interface_state *state, size_t index)
{
    const struct encode_type *named = &state->interface->types[index];
    if (state->type_live[index])
        return 0;
    state->type_live[index] = true;
    state->live = true;
    if (named->from) {
        struct interface_state *from = state_of(e, named->from);
        size_t there = from ? find_type_name(from->interface, named->from_name) : SIZE_MAX;
        if (there == SIZE_MAX)
            return error_set(e->err, ERROR_LINK,
                "interface '%" STR_FMT "' uses '%" STR_FMT "', which is nowhere",
                STR_ARG(state->interface->name), STR_ARG(named->from_name));
        return mark_named(e, from, there);
    }
    if (named->resource)
        return 0;
    /* Not the type itself again: what it is made of. */
    const struct wit_type *type = named->type;
    for (uint32_t i = 0; i < type->count; i++)
        if (type->fields[i].type && mark_type(e, state, type->fields[i].type) < 0)
            return -1;
    const struct wit_type *parts[] = {type->element, type->ok, type->err};
    for (size_t i = 0; i < countof(parts); i++)
        if (parts[i] && mark_type(e, state, parts[i]) < 0)
            return -1;
    return type->resource ? mark_type(e, state, type) : 0;
}

static int mark_resource(
    struct encoder *e, struct interface_state *state, const struct wit_resource *resource)
{
    size_t index = find_resource(state->interface, resource);
    if (index == SIZE_MAX)
        return error_set(e->err, ERROR_LINK,
            "interface '%" STR_FMT "' has no name for the resource '%" STR_FMT "'",
            STR_ARG(state->interface->name), STR_ARG(resource->name));
    return mark_named(e, state, index);
}

static int mark_type(struct encoder *e, struct interface_state *state, const struct wit_type *type)
{
    if (type->kind <= WIT_STRING)
        return 0;
    if (type->kind == WIT_OWN || type->kind == WIT_BORROW)
        return mark_resource(e, state, type->resource);
    size_t index = find_named(state->interface, type);
    if (index != SIZE_MAX)
        return mark_named(e, state, index);
    for (uint32_t i = 0; i < type->count; i++)
        if (type->fields[i].type && mark_type(e, state, type->fields[i].type) < 0)
            return -1;
    const struct wit_type *parts[] = {type->element, type->ok, type->err};
    for (size_t i = 0; i < countof(parts); i++)
        if (parts[i] && mark_type(e, state, parts[i]) < 0)
            return -1;
    return 0;
}

/* "[method]fields.get", "[static]fields.from-list" need the name "fields" beside them. */
static int mark_annotation(struct encoder *e, struct interface_state *state, struct str name)
{
    if (name.len == 0 || name.ptr[0] != '[')
        return 0;
    ptrdiff_t close = str_find_byte(name, ']');
    struct str rest = str_skip(name, (size_t)close + 1);
    ptrdiff_t dot = str_find_byte(rest, '.');
    struct str resource = dot < 0 ? rest : str_make(rest.ptr, (size_t)dot);
    size_t index = find_type_name(state->interface, resource);
    return index == SIZE_MAX ? 0 : mark_named(e, state, index);
}

static int mark_func(struct encoder *e, struct interface_state *state, size_t index)
{
    const struct encode_func *func = &state->interface->funcs[index];
    state->func_live[index] = true;
    state->live = true;
    if (mark_annotation(e, state, func->name) < 0)
        return -1;
    for (uint32_t i = 0; i < func->type->param_count; i++)
        if (mark_type(e, state, func->type->params[i].type) < 0)
            return -1;
    return func->type->result ? mark_type(e, state, func->type->result) : 0;
}

static size_t find_func(const struct encode_interface *interface, struct str name)
{
    for (size_t i = 0; i < interface->func_count; i++)
        if (str_equal(interface->funcs[i].name, name))
            return i;
    return SIZE_MAX;
}

static struct interface_state *find_state(
    struct encoder *e, struct str name, bool is_export, bool is_root)
{
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        if (state->is_export == is_export && state->is_root == is_root &&
            (is_root || str_equal(state->interface->name, name)))
            return state;
    }
    return NULL;
}

static int unknown_import(struct encoder *e, const struct core_name *name)
{
    return error_set(e->err, ERROR_LINK,
        "the module imports '%" STR_FMT "' from '%" STR_FMT "', which the world does not have",
        STR_ARG(name->name), STR_ARG(name->module));
}

/* "[resource-drop]r" and so on; the resource's name. */
static bool resource_function(struct str name, struct str *ret)
{
    static const char *const prefixes[] = {"[resource-drop]", "[resource-new]", "[resource-rep]"};
    for (size_t i = 0; i < countof(prefixes); i++) {
        if (!str_starts_with(name, str_of(prefixes[i])))
            continue;
        *ret = str_skip(name, strlen(prefixes[i]));
        return true;
    }
    return false;
}

int find_core_name(struct encoder *e, const struct core_name *name, struct interface_state **ret,
    size_t *ret_func, size_t *ret_type)
{
    struct str module = name->module, resource;
    bool own = str_starts_with(module, STR("[export]"));
    struct interface_state *state = find_state(
        e, own ? str_skip(module, strlen("[export]")) : module, own, str_is(module, "$root"));
    *ret_func = *ret_type = SIZE_MAX;
    *ret = state;
    if (!state)
        return unknown_import(e, name);
    if (resource_function(name->name, &resource)) {
        size_t type = find_type_name(state->interface, resource);
        if (type != SIZE_MAX && state->interface->types[type].resource)
            *ret_type = type;
    } else if (!own) {
        *ret_func = find_func(state->interface, name->name);
    }
    return *ret_func == SIZE_MAX && *ret_type == SIZE_MAX ? unknown_import(e, name) : 0;
}

/* `imported`: by main itself, not by number. */
static int mark_core_name(struct encoder *e, const struct core_name *name, bool imported)
{
    struct interface_state *state;
    size_t func, type;
    if (find_core_name(e, name, &state, &func, &type) < 0)
        return -1;
    if (func == SIZE_MAX)
        return mark_named(e, state, type);
    state->func_imported[func] |= imported;
    return mark_func(e, state, func);
}

bool is_absent(const struct encoder *e, const struct wasm_import *import)
{
    for (size_t i = 0; i < e->input->absent_count; i++)
        if (str_equal(e->input->absent[i], import->module))
            return true;
    return false;
}

static int mark_core_names(struct encoder *e)
{
    for (uint32_t i = 0; i < e->module->import_count; i++) {
        const struct wasm_import *import = &e->module->imports[i];
        struct core_name name = {import->module, import->name};
        if (!is_call(import) && !is_absent(e, import) && mark_core_name(e, &name, true) < 0)
            return -1;
    }
    for (size_t i = 0; i < e->input->binding_count; i++) {
        const struct encode_binding *binding = &e->input->bindings[i];
        struct core_name name = {binding->module, binding->name};
        if (name.name.len > 0 && mark_core_name(e, &name, false) < 0)
            return -1;
    }
    return 0;
}

int mark_live(struct encoder *e)
{
    if (mark_core_names(e) < 0)
        return -1;
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        if (!state->is_export)
            continue;
        state->live = true;
        for (size_t j = 0; j < state->interface->type_count; j++)
            if (mark_named(e, state, j) < 0)
                return -1;
        for (size_t j = 0; j < state->interface->func_count; j++)
            if (mark_func(e, state, j) < 0)
                return -1;
    }
    return 0;
}
