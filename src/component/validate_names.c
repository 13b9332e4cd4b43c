/*
 * Validation of imported and exported names: uniqueness, annotations ("[method]a.b"), attributes,
 * and the external visibility of the types behind them (Explainer.md, "External Visibility of
 * Types").
 */
#include "component/validate_int.h"

bool set_has(const struct map *set, const void *pointer)
{
    return map_get(set, str_make(&pointer, sizeof(pointer))) != NULL;
}

int set_add(struct validator *v, struct map *set, const void *pointer)
{
    return map_put(set, pointer_key(v->arena, &pointer), set) ? 0 : out_of_memory(v);
}

static bool visible_parts(const struct map *set, const struct wit_type *type);

/* Can the outside name the type? */
static bool is_visible(const struct map *set, const struct wit_type *type)
{
    if (!type || type->kind <= WIT_STRING || set_has(set, type))
        return true;
    switch (type->kind) {
    case WIT_RECORD:
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_FLAGS:
        return false;
    case WIT_OWN:
    case WIT_BORROW:
        return set_has(set, type->resource);
    default:
        return visible_parts(set, type);
    }
}

static bool visible_parts(const struct map *set, const struct wit_type *type)
{
    if (type->kind == WIT_OWN || type->kind == WIT_BORROW)
        return set_has(set, type->resource);
    for (uint32_t i = 0; i < type->count; i++)
        if (!is_visible(set, type->fields[i].type))
            return false;
    return is_visible(set, type->element) && is_visible(set, type->ok) &&
           is_visible(set, type->err);
}

static bool func_visible(const struct map *set, const struct wit_func_type *type)
{
    for (uint32_t i = 0; i < type->param_count; i++)
        if (!is_visible(set, type->params[i].type))
            return false;
    return is_visible(set, type->result);
}

/*
 * Checks that what a name is given to can be seen from outside, and makes types visible under it.
 * Returns 0, 1 if something is hidden, or -1.
 */
static int make_visible(struct validator *v, struct map *set, const struct extern_type *type)
{
    switch (type->sort) {
    case EXTERN_FUNC:
        return func_visible(set, type->func) ? 0 : 1;
    case EXTERN_TYPE:
        if (type->type.sort == TYPE_RESOURCE)
            return set_add(v, set, type->type.resource);
        if (type->type.sort == TYPE_FUNC)
            return func_visible(set, type->type.func) ? 0 : 1;
        if (type->type.sort == TYPE_INSTANCE)
            return make_visible(v, set,
                &(struct extern_type){.sort = EXTERN_INSTANCE, .instance = type->type.instance});
        if (type->type.sort != TYPE_VALUE)
            return 0;
        if (!visible_parts(set, type->type.value))
            return 1;
        return set_add(v, set, type->type.value);
    case EXTERN_INSTANCE:
        for (size_t i = 0; i < type->instance->count; i++) {
            int result = make_visible(v, set, &type->instance->exports[i].type);
            if (result != 0)
                return result;
        }
        return 0;
    default:
        return 0;
    }
}

static int check_attributes(
    struct validator *v, const struct ast_name *name, enum extern_sort sort, enum name_kind kind)
{
    if (name->has_implements) {
        if (name_parse_interface(name->implements, v->err) < 0)
            return error_wrap(v->err, "`%" STR_FMT "` in `implements` is not a valid name",
                STR_ARG(name->implements));
        if (sort != EXTERN_INSTANCE)
            return invalid(v, "only instances can have an `implements`");
        if (kind != NAME_LABEL)
            return invalid(
                v, "name `%" STR_FMT "` is not valid with `implements`", STR_ARG(name->name));
    }
    if (name->has_suffix) {
        ptrdiff_t at = str_find_byte(name->name, '@');
        if (kind != NAME_INTERFACE || at < 0)
            return invalid(v, "`versionsuffix` needs an interface name with a version");
        struct str version = str_of(arena_printf(v->arena, "%" STR_FMT "%" STR_FMT,
            STR_ARG(str_skip(name->name, (size_t)at + 1)), STR_ARG(name->suffix)));
        return name_parse_version(version, v->err);
    }
    return 0;
}

static bool is_handle(const struct wit_type *type, enum wit_kind kind)
{
    return type && type->kind == kind;
}

/* The resource that an annotated name must belong to, as its function's type says. */
static int annotated_resource(struct validator *v, const struct extern_name *name,
    const struct wit_func_type *func, const struct wit_resource **ret)
{
    if (name->kind == NAME_CONSTRUCTOR) {
        const struct wit_type *result = func->result;
        if (!result)
            return invalid(v, "function should return one value");
        if (result->kind == WIT_RESULT)
            result = result->ok;
        if (!is_handle(result, WIT_OWN))
            return invalid(v, "function should return `(own $T)` or `(result (own $T))`");
        *ret = result->resource;
        return 0;
    }
    if (func->param_count == 0)
        return invalid(v, "function should have at least one argument");
    if (!str_is(func->params[0].name, "self"))
        return invalid(v, "function should have a first argument called `self`");
    if (!is_handle(func->params[0].type, WIT_BORROW))
        return invalid(v, "function should take a first argument of `(borrow $T)`");
    *ret = func->params[0].type->resource;
    return 0;
}

/* `resources` maps labels to the resources named so far in the same scope. */
static int check_annotation(struct validator *v, struct map *resources,
    const struct extern_name *name, const struct extern_type *type)
{
    const struct wit_resource *resource;
    if (name->kind == NAME_LABEL || name->kind == NAME_INTERFACE)
        return 0;
    if (type->sort != EXTERN_FUNC)
        return invalid(v, "item is not a func");
    const struct wit_resource *named = map_get(resources, name->resource);
    if (name->kind == NAME_STATIC)
        return named ? 0 : invalid(v, "static resource name is not known in this context");
    if (annotated_resource(v, name, type->func, &resource) < 0)
        return -1;
    if (named == resource)
        return 0;
    for (size_t i = 0; i < resources->len; i++)
        if (resources->entries[i].value == resource)
            return invalid(v, "function does not match expected resource name `%" STR_FMT "`",
                STR_ARG(resources->entries[i].key));
    return invalid(v, "resource used in function does not have a name in this context");
}

static int note_resource(
    struct validator *v, struct map *resources, struct str label, const struct extern_type *type)
{
    if (type->sort != EXTERN_TYPE || type->type.sort != TYPE_RESOURCE)
        return 0;
    if (!map_put(resources, label, (void *)(uintptr_t)type->type.resource))
        return out_of_memory(v);
    return 0;
}

/* A value type or resource under a new name is a new type to the visibility rules. */
static int rename_type(struct validator *v, struct str name, struct extern_type *type)
{
    if (type->sort != EXTERN_TYPE)
        return 0;
    if (type->type.sort == TYPE_RESOURCE && !type->sub_resource)
        type->type.resource = type_alias_resource(v->arena, name, type->type.resource);
    if (type->type.sort != TYPE_VALUE)
        return 0;
    struct value_type *copy = arena_try_array(v->arena, 1, struct value_type);
    if (!copy)
        return out_of_memory(v);
    const struct value_type *old = value_type_of(type->type.value);
    *copy = *old;
    copy->type = *type->type.value;
    copy->type.name = name;
    type->type.value = &copy->type;
    return 0;
}

/* Gives what a side binds a fresh identity: (sub resource) and instances with such inside. */
static int bind_fresh(
    struct validator *v, struct side *side, struct str name, struct extern_type *type)
{
    if (type->sort == EXTERN_INSTANCE) {
        const struct instance_type *open;
        if (spend(v, type->instance->bound_count * RESOURCE_NODES) < 0)
            return -1;
        if (type_open_instance(v->arena, type->instance, &side->bound, &open, v->err) < 0)
            return -1;
        type->instance = open;
        return 0;
    }
    if (type->sort != EXTERN_TYPE || !type->sub_resource)
        return 0;
    const struct wit_resource **slot = VEC_PUSH(&side->bound, v->arena);
    if (!slot)
        return out_of_memory(v);
    *slot = type_fresh_resource(v->arena, name);
    type->type = (struct defined_type){.sort = TYPE_RESOURCE, .resource = *slot};
    return 0;
}

static int check_visible(
    struct validator *v, struct scope *s, bool is_import, const struct extern_type *type)
{
    if (spend(v, extern_nodes(type)) < 0)
        return -1;
    int result = make_visible(v, &s->exports.visible, type);
    if (is_import && result == 0)
        result = make_visible(v, &s->imports.visible, type);
    if (result > 0 && s->kind != SCOPE_INSTANCE_TYPE)
        return invalid(v, "%s not valid to be used as %s", extern_sort_name(type->sort),
            is_import ? "import" : "export");
    return result < 0 ? -1 : 0;
}

int declare_extern(struct validator *v, struct scope *s, bool is_import,
    const struct ast_name *name, struct extern_type *type)
{
    struct side *side = is_import ? &s->imports : &s->exports;
    struct extern_name parsed = {0};
    if (name_parse(name->name, &parsed, v->err) < 0 ||
        check_attributes(v, name, type->sort, parsed.kind) < 0 ||
        name_set_add(&side->names, v->arena, name->name, is_import ? "import name" : "export name",
            v->err) < 0 ||
        bind_fresh(v, side, name->name, type) < 0 || rename_type(v, name->name, type) < 0 ||
        check_annotation(v, &side->resources, &parsed, type) < 0 ||
        note_resource(v, &side->resources, name->name, type) < 0 ||
        check_visible(v, s, is_import, type) < 0)
        return -1;
    struct named_extern *slot = VEC_PUSH(&side->list, v->arena);
    if (!slot)
        return out_of_memory(v);
    *slot = (struct named_extern){name->name, *type};
    return 0;
}

/* A bundle names no resources of its own, so that annotated names have nothing to belong to. */
int check_inline_names(
    struct validator *v, const struct ast_instance *instance, const struct named_extern *exports)
{
    struct map names, resources;
    map_init(&names, v->arena);
    map_init(&resources, v->arena);
    for (uint32_t i = 0; i < instance->count; i++) {
        struct extern_name parsed = {0};
        const struct ast_item *item = &instance->items[i];
        if (name_parse(item->name, &parsed, v->err) < 0 ||
            (item->attributes &&
                check_attributes(v, item->attributes, exports[i].type.sort, parsed.kind) < 0) ||
            name_set_add(&names, v->arena, item->name, "export name", v->err) < 0 ||
            check_annotation(v, &resources, &parsed, &exports[i].type) < 0)
            return -1;
    }
    return 0;
}
