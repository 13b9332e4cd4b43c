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

static int unknown_import(struct encoder *e, const struct wasm_import *import)
{
    return error_set(e->err, ERROR_LINK,
        "the module imports '%" STR_FMT "' from '%" STR_FMT "', which the world does not have",
        STR_ARG(import->name), STR_ARG(import->module));
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

static int mark_import(struct encoder *e, const struct wasm_import *import)
{
    struct str name = import->module, resource;
    bool own = str_starts_with(name, STR("[export]"));
    bool root = str_is(name, "$root");
    struct interface_state *state =
        find_state(e, own ? str_skip(name, strlen("[export]")) : name, own, root);
    if (!state)
        return unknown_import(e, import);
    if (resource_function(import->name, &resource)) {
        size_t type = find_type_name(state->interface, resource);
        if (type == SIZE_MAX || !state->interface->types[type].resource)
            return unknown_import(e, import);
        return mark_named(e, state, type);
    }
    size_t func = own ? SIZE_MAX : find_func(state->interface, import->name);
    return func == SIZE_MAX ? unknown_import(e, import) : mark_func(e, state, func);
}

int mark_live(struct encoder *e)
{
    for (uint32_t i = 0; i < e->module->import_count; i++)
        if (mark_import(e, &e->module->imports[i]) < 0)
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
