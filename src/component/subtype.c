/*
 * Subtyping (Explainer.md: "Type Checking"; Subtyping): may a value of type `a` stand where `b` is
 * wanted? Value types must be equal; instances and components match by name, with width.
 */
#include "component/types.h"

/* Names of one resource share its key. */
static bool resource_equal(
    const struct type_map *m, const struct wit_resource *a, const struct wit_resource *b)
{
    return resource_key(type_map_get(m, a)) == resource_key(type_map_get(m, b));
}

static bool value_equal(
    const struct type_map *m, const struct wit_type *a, const struct wit_type *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == WIT_OWN || a->kind == WIT_BORROW)
        return resource_equal(m, a->resource, b->resource);
    for (uint32_t i = 0; i < a->count; i++)
        if (!str_equal(a->fields[i].name, b->fields[i].name) ||
            !value_equal(m, a->fields[i].type, b->fields[i].type))
            return false;
    return value_equal(m, a->element, b->element) && value_equal(m, a->ok, b->ok) &&
           value_equal(m, a->err, b->err);
}

static int check_func(const struct type_map *m, const struct wit_func_type *a,
    const struct wit_func_type *b, struct error *err)
{
    if (a->param_count != b->param_count)
        return error_set(
            err, ERROR_INVALID, "expected %u parameters, found %u", b->param_count, a->param_count);
    for (uint32_t i = 0; i < a->param_count; i++) {
        if (!str_equal(a->params[i].name, b->params[i].name))
            return error_set(err, ERROR_INVALID,
                "expected parameter named `%" STR_FMT "`, found `%" STR_FMT "`",
                STR_ARG(b->params[i].name), STR_ARG(a->params[i].name));
        if (!value_equal(m, a->params[i].type, b->params[i].type))
            return error_set(err, ERROR_INVALID,
                "type mismatch in function parameter `%" STR_FMT "`", STR_ARG(a->params[i].name));
    }
    if (!value_equal(m, a->result, b->result))
        return error_set(err, ERROR_INVALID, "type mismatch with result type");
    return 0;
}

static bool limits_match(const struct wasm_limits *a, const struct wasm_limits *b)
{
    return a->min >= b->min && (!b->has_max || (a->has_max && a->max <= b->max));
}

static bool core_match(const struct wasm_extern_type *a, const struct wasm_extern_type *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case WASM_EXTERN_FUNC:
        return wasm_func_type_equal(a->func, b->func);
    case WASM_EXTERN_TABLE:
        return a->table.element == b->table.element &&
               limits_match(&a->table.limits, &b->table.limits);
    case WASM_EXTERN_MEMORY:
        return limits_match(&a->memory, &b->memory);
    case WASM_EXTERN_GLOBAL:
        return a->global.type == b->global.type && a->global.is_mutable == b->global.is_mutable;
    }
    return false;
}

int type_check_module(const struct module_type *a, const struct module_type *b, struct error *err)
{
    for (uint32_t i = 0; i < a->import_count; i++) {
        uint32_t j = 0;
        while (j < b->import_count && !(str_equal(a->imports[i].module, b->imports[j].module) &&
                                          str_equal(a->imports[i].name, b->imports[j].name)))
            j++;
        if (j == b->import_count)
            return error_set(err, ERROR_INVALID,
                "missing expected import `%" STR_FMT "::%" STR_FMT "`",
                STR_ARG(a->imports[i].module), STR_ARG(a->imports[i].name));
        if (!core_match(&b->imports[j].type, &a->imports[i].type))
            return error_set(err, ERROR_INVALID,
                "type mismatch in import `%" STR_FMT "::%" STR_FMT "`",
                STR_ARG(a->imports[i].module), STR_ARG(a->imports[i].name));
    }
    for (uint32_t i = 0; i < b->export_count; i++) {
        uint32_t j = 0;
        while (j < a->export_count && !str_equal(b->exports[i].name, a->exports[j].name))
            j++;
        if (j == a->export_count)
            return error_set(err, ERROR_INVALID, "missing expected export `%" STR_FMT "`",
                STR_ARG(b->exports[i].name));
        if (!core_match(&a->exports[j].type, &b->exports[i].type))
            return error_set(err, ERROR_INVALID, "type mismatch in export `%" STR_FMT "`",
                STR_ARG(b->exports[i].name));
    }
    return 0;
}

/* Lists with many names are looked up through a map, so that hostile ones cost no square. */
struct extern_index {
    const struct named_extern *list;
    size_t count;
    struct map names;
};

enum { SMALL_LIST = 16 };

static int index_make(struct extern_index *x, struct arena *a, const struct named_extern *list,
    size_t count, struct error *err)
{
    x->list = list;
    x->count = count;
    if (count <= SMALL_LIST)
        return 0;
    map_init(&x->names, a);
    for (size_t i = 0; i < count; i++)
        if (!map_put(&x->names, list[i].name, (void *)(uintptr_t)&list[i]))
            return error_set(err, ERROR_MEMORY, "out of memory for component types");
    return 0;
}

static const struct named_extern *index_find(const struct extern_index *x, struct str name)
{
    return x->count <= SMALL_LIST ? find_extern(x->list, x->count, name) : map_get(&x->names, name);
}

/* Every name of b is in a, with a type that fits. */
static int check_exports(struct type_map *m, const struct named_extern *a, size_t a_count,
    const struct named_extern *b, size_t b_count, struct error *err)
{
    struct extern_index names;
    if (index_make(&names, m->arena, a, a_count, err) < 0)
        return -1;
    for (size_t i = 0; i < b_count; i++) {
        const struct named_extern *found = index_find(&names, b[i].name);
        if (!found)
            return error_set(
                err, ERROR_INVALID, "missing expected export `%" STR_FMT "`", STR_ARG(b[i].name));
        if (type_check_extern(m, &found->type, &b[i].type, err) < 0)
            return error_wrap(
                err, "type mismatch in instance export `%" STR_FMT "`", STR_ARG(b[i].name));
    }
    return 0;
}

static int check_component(struct type_map *m, const struct component_type *a,
    const struct component_type *b, struct error *err)
{
    struct extern_index names;
    if (index_make(&names, m->arena, b->imports, b->import_count, err) < 0)
        return -1;
    for (size_t i = 0; i < a->import_count; i++) {
        const struct named_extern *given = index_find(&names, a->imports[i].name);
        if (!given)
            return error_set(err, ERROR_INVALID, "missing expected import `%" STR_FMT "`",
                STR_ARG(a->imports[i].name));
        if (type_check_extern(m, &given->type, &a->imports[i].type, err) < 0)
            return error_wrap(
                err, "type mismatch in import `%" STR_FMT "`", STR_ARG(a->imports[i].name));
    }
    return check_exports(m, a->exports, a->export_count, b->exports, b->export_count, err);
}

static int check_bound(struct type_map *m, const struct wit_resource *a,
    const struct wit_resource *b, struct error *err)
{
    const struct wit_resource *known = type_map_get(m, b);
    if (known != b)
        return resource_equal(m, a, known)
                   ? 0
                   : error_set(err, ERROR_INVALID, "resource types are not the same");
    return type_map_put(m, b, a) ? 0 : error_set(err, ERROR_MEMORY, "out of memory for types");
}

static const char *defined_name(enum type_sort sort)
{
    static const char *const names[] = {
        "defined type", "function", "component", "instance", "resource"};
    return names[sort];
}

static int check_defined(struct type_map *m, const struct defined_type *a,
    const struct defined_type *b, struct error *err)
{
    if (a->sort != b->sort)
        return error_set(err, ERROR_INVALID, "expected %s, found %s", defined_name(b->sort),
            defined_name(a->sort));
    switch (a->sort) {
    case TYPE_VALUE:
        if (!value_equal(m, a->value, b->value))
            return error_set(err, ERROR_INVALID, "expected another value type: type mismatch");
        if (m->values && a->value != b->value && !type_map_put_value(m, b->value, a->value))
            return error_set(err, ERROR_MEMORY, "out of memory for component types");
        return 0;
    case TYPE_FUNC:
        return check_func(m, a->func, b->func, err);
    case TYPE_COMPONENT:
        return check_component(m, a->component, b->component, err);
    case TYPE_INSTANCE:
        return check_exports(m, a->instance->exports, a->instance->count, b->instance->exports,
            b->instance->count, err);
    case TYPE_RESOURCE:
        return resource_equal(m, a->resource, b->resource)
                   ? 0
                   : error_set(err, ERROR_INVALID, "resource types are not the same");
    }
    BUG("type sort %d", a->sort);
}

int type_check_extern(
    struct type_map *m, const struct extern_type *a, const struct extern_type *b, struct error *err)
{
    if (a->sort != b->sort)
        return error_set(err, ERROR_INVALID, "expected %s, found %s", extern_sort_name(b->sort),
            extern_sort_name(a->sort));
    switch (b->sort) {
    case EXTERN_MODULE:
        return type_check_module(a->module, b->module, err);
    case EXTERN_FUNC:
        return check_func(m, a->func, b->func, err);
    case EXTERN_TYPE:
        if (!b->sub_resource)
            return check_defined(m, &a->type, &b->type, err);
        if (a->type.sort != TYPE_RESOURCE)
            return error_set(
                err, ERROR_INVALID, "expected resource, found %s", defined_name(a->type.sort));
        return check_bound(m, a->type.resource, b->type.resource, err);
    case EXTERN_COMPONENT:
        return check_component(m, a->component, b->component, err);
    case EXTERN_INSTANCE:
        return check_exports(m, a->instance->exports, a->instance->count, b->instance->exports,
            b->instance->count, err);
    case EXTERN_VALUE:
        break;
    }
    return error_set(err, ERROR_UNSUPPORTED, "values are not supported");
}
