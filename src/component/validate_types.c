/*
 * Validation of type definitions: from ast_type to the resolved types of types.h.
 */
#include "component/validate_int.h"

#include "base/limits.h"

int type_at(struct validator *v, const struct scope *s, uint32_t index, enum type_sort sort,
    struct defined_type *ret)
{
    static const char *const names[] = {
        "defined type", "function type", "component type", "instance type", "resource type"};
    if (index >= s->types.len)
        return unknown_index(v, SORT_TYPE, index);
    *ret = s->types.data[index];
    if (ret->sort != sort)
        return invalid(v, "type index %u is not a %s", index, names[sort]);
    return 0;
}

static int valtype(struct validator *v, struct scope *s, const struct ast_valtype *type,
    const struct wit_type **ret)
{
    struct defined_type defined;
    if (!type->is_index) {
        *ret = wit_primitive(type->primitive);
        return 0;
    }
    if (type_at(v, s, type->index, TYPE_VALUE, &defined) < 0)
        return -1;
    *ret = defined.value;
    return 0;
}

/* Fields, cases, flags, parameters: kebab-case names, no two alike. */
static int labels(struct validator *v, struct scope *s, const struct ast_type *type,
    const char *what, const struct wit_field **ret)
{
    struct map names;
    struct wit_field *fields = arena_try_array(v->arena, type->count + 1, struct wit_field);
    if (!fields)
        return out_of_memory(v);
    map_init(&names, v->arena);
    for (uint32_t i = 0; i < type->count; i++) {
        const struct ast_label *label = &type->labels[i];
        if (type->kind == AST_VALUE && type->value == WIT_TUPLE) {
            fields[i].name = STR_EMPTY;
        } else {
            fields[i].name = label->name;
            if (label->name.len == 0)
                return invalid(v, "%s name cannot be empty", what);
            if (!name_is_label(label->name))
                return invalid(
                    v, "%s name `%" STR_FMT "` is not in kebab case", what, STR_ARG(label->name));
            if (name_set_add(&names, v->arena, label->name, what, v->err) < 0)
                return -1;
        }
        if (label->has_type && valtype(v, s, &label->type, &fields[i].type) < 0)
            return -1;
    }
    *ret = fields;
    return 0;
}

static int labelled_type(
    struct validator *v, struct scope *s, const struct ast_type *type, struct value_type *value)
{
    static const char *const names[] = {[WIT_RECORD] = "record field",
        [WIT_TUPLE] = "tuple",
        [WIT_VARIANT] = "variant case",
        [WIT_ENUM] = "enum tag",
        [WIT_FLAGS] = "flag"};
    if (type->count == 0)
        return invalid(v, "%s type must have at least one element", names[type->value]);
    if (type->value == WIT_FLAGS && type->count > 32)
        return invalid(v, "cannot have more than 32 flags");
    value->type.count = type->count;
    return labels(v, s, type, names[type->value], &value->type.fields);
}

static int value_parts(
    struct validator *v, struct scope *s, const struct ast_type *type, struct value_type *value)
{
    struct defined_type resource;
    switch (type->value) {
    case WIT_LIST:
    case WIT_OPTION:
        return valtype(v, s, &type->first, &value->type.element);
    case WIT_RESULT:
        if (type->has_first && valtype(v, s, &type->first, &value->type.ok) < 0)
            return -1;
        return type->has_second ? valtype(v, s, &type->second, &value->type.err) : 0;
    case WIT_OWN:
    case WIT_BORROW:
        if (type_at(v, s, type->index, TYPE_RESOURCE, &resource) < 0)
            return -1;
        value->type.resource = resource.resource;
        return 0;
    default:
        return labelled_type(v, s, type, value);
    }
}

static int value_type(
    struct validator *v, struct scope *s, const struct ast_type *type, const struct wit_type **ret)
{
    if (type->value <= WIT_STRING) {
        *ret = wit_primitive(type->value);
        return 0;
    }
    struct value_type *value = arena_try_array(v->arena, 1, struct value_type);
    if (!value)
        return out_of_memory(v);
    value->type.kind = type->value;
    if (value_parts(v, s, type, value) < 0 || value_type_finish(value, v->err) < 0)
        return -1;
    *ret = &value->type;
    return 0;
}

static int func_type(struct validator *v, struct scope *s, const struct ast_type *type,
    const struct wit_func_type **ret)
{
    struct wit_func_type *func = arena_new(v->arena, struct wit_func_type);
    uint64_t nodes = 0;
    func->param_count = type->count;
    if (labels(v, s, type, "function parameter", &func->params) < 0)
        return -1;
    for (uint32_t i = 0; i < func->param_count; i++)
        nodes += value_type_of(func->params[i].type)->nodes;
    if (type->has_first) {
        if (valtype(v, s, &type->first, &func->result) < 0)
            return -1;
        const struct value_type *result = value_type_of(func->result);
        nodes += result->nodes;
        if (result->has_borrow)
            return invalid(v, "function result cannot contain a `borrow` type");
    }
    if (nodes > LIMIT_TYPE_SIZE)
        return error_set(v->err, ERROR_LIMIT, "effective type size exceeds the limit");
    *ret = func;
    return 0;
}

static int resource_type(struct validator *v, struct scope *s, const struct ast_type *type,
    const struct wit_resource **ret)
{
    static const uint8_t i32 = WASM_I32;
    static const struct wasm_func_type dtor_type = {1, 0, &i32, &i32};
    if (s->kind != SCOPE_COMPONENT)
        return invalid(v, "resources can only be defined within a concrete component");
    if (type->rep != WASM_I32)
        return invalid(v, "resources can only be represented by `i32`");
    if (type->has_dtor) {
        if (type->index >= s->core_funcs.len)
            return unknown_index(v, SORT_CORE_FUNC, type->index);
        if (!wasm_func_type_equal(s->core_funcs.data[type->index], &dtor_type))
            return invalid(v, "core function %u has wrong signature for a destructor", type->index);
    }
    const struct wit_resource *resource = type_fresh_resource(v->arena, STR_EMPTY);
    const struct wit_resource **slot = VEC_PUSH(&s->exports.bound, v->arena);
    if (!slot)
        return out_of_memory(v);
    *slot = resource;
    *ret = resource;
    return set_add(v, &s->local, resource);
}

int validate_extern_type(struct validator *v, struct scope *s, const struct ast_extern_type *type,
    struct extern_type *ret)
{
    struct defined_type defined;
    ret->sort = type->sort;
    switch (type->sort) {
    case EXTERN_MODULE:
        if (type->index >= s->core_types.len)
            return unknown_index(v, SORT_CORE_TYPE, type->index);
        ret->module = s->core_types.data[type->index].module;
        return ret->module ? 0 : invalid(v, "core type index %u is not a module type", type->index);
    case EXTERN_FUNC:
        if (type_at(v, s, type->index, TYPE_FUNC, &defined) < 0)
            return -1;
        ret->func = defined.func;
        return 0;
    case EXTERN_TYPE:
        ret->sub_resource = type->sub_resource;
        if (type->sub_resource)
            return 0;
        if (type->index >= s->types.len)
            return unknown_index(v, SORT_TYPE, type->index);
        ret->type = s->types.data[type->index];
        return 0;
    case EXTERN_COMPONENT:
        if (type_at(v, s, type->index, TYPE_COMPONENT, &defined) < 0)
            return -1;
        ret->component = defined.component;
        return 0;
    case EXTERN_INSTANCE:
        if (type_at(v, s, type->index, TYPE_INSTANCE, &defined) < 0)
            return -1;
        ret->instance = defined.instance;
        return 0;
    case EXTERN_VALUE:
        break;
    }
    return error_set(v->err, ERROR_UNSUPPORTED, "values are not supported");
}

static int declared(struct validator *v, struct scope *s, bool is_import,
    const struct ast_name *name, const struct ast_extern_type *type)
{
    struct extern_type resolved = {0};
    if (validate_extern_type(v, s, type, &resolved) < 0 ||
        declare_extern(v, s, is_import, name, &resolved) < 0)
        return -1;
    return push_extern(v, s, &resolved);
}

static int declaration_alias(struct validator *v, struct scope *s, const struct ast_alias *alias)
{
    if (alias->kind == ALIAS_EXPORT && (alias->sort == SORT_INSTANCE || alias->sort == SORT_TYPE))
        return validate_alias(v, s, alias);
    if (alias->kind == ALIAS_OUTER && (alias->sort == SORT_CORE_TYPE || alias->sort == SORT_TYPE))
        return validate_alias(v, s, alias);
    return invalid(v, "only instance exports and outer types may be aliased in a type");
}

static int declaration(struct validator *v, struct scope *s, struct ast_def *def)
{
    struct defined_type type;
    struct core_type core = {0};
    switch (def->kind) {
    case DEF_CORE_TYPE:
        if (validate_core_type(v, s, &def->core_type, &core) < 0)
            return -1;
        return SCOPE_PUSH(v, &s->core_types, core);
    case DEF_TYPE:
        if (validate_type(v, s, def->type, &type) < 0)
            return -1;
        return SCOPE_PUSH(v, &s->types, type);
    case DEF_ALIAS:
        return declaration_alias(v, s, &def->alias);
    case DEF_IMPORT:
        return declared(v, s, true, &def->import.name, &def->import.type);
    case DEF_EXPORT:
        return declared(v, s, false, &def->export.name, &def->export.type);
    default:
        BUG("declaration %d", def->kind);
    }
}

static int declarations(struct validator *v, const struct ast_type *type, struct scope *inner)
{
    if (++v->depth > LIMIT_COMPONENT_DEPTH)
        return error_set(v->err, ERROR_LIMIT, "types are nested too deep");
    for (uint32_t i = 0; i < type->decl_count; i++)
        if (declaration(v, inner, &type->decls[i]) < 0)
            return -1;
    v->depth--;
    return 0;
}

static int instance_type(struct validator *v, struct scope *s, const struct ast_type *type,
    const struct instance_type **ret)
{
    struct scope inner;
    scope_init(v, &inner, SCOPE_INSTANCE_TYPE, s);
    if (declarations(v, type, &inner) < 0)
        return -1;
    struct instance_type *result = arena_new(v->arena, struct instance_type);
    result->count = inner.exports.list.len;
    result->exports = inner.exports.list.data;
    result->bound_count = inner.exports.bound.len;
    result->bound = inner.exports.bound.data;
    result->nodes = extern_list_nodes(result->exports, result->count);
    *ret = result;
    return check_nodes(v, result->nodes);
}

static int component_type(struct validator *v, struct scope *s, const struct ast_type *type,
    const struct component_type **ret)
{
    struct scope inner;
    scope_init(v, &inner, SCOPE_COMPONENT_TYPE, s);
    if (declarations(v, type, &inner) < 0)
        return -1;
    struct component_type *result = arena_new(v->arena, struct component_type);
    result->import_count = inner.imports.list.len;
    result->imports = inner.imports.list.data;
    result->export_count = inner.exports.list.len;
    result->exports = inner.exports.list.data;
    result->bound_import_count = inner.imports.bound.len;
    result->bound_imports = inner.imports.bound.data;
    result->bound_export_count = inner.exports.bound.len;
    result->bound_exports = inner.exports.bound.data;
    result->nodes = extern_list_nodes(result->imports, result->import_count) +
                    extern_list_nodes(result->exports, result->export_count);
    *ret = result;
    return check_nodes(v, result->nodes);
}

int validate_type(
    struct validator *v, struct scope *s, const struct ast_type *type, struct defined_type *ret)
{
    switch (type->kind) {
    case AST_VALUE:
        ret->sort = TYPE_VALUE;
        return value_type(v, s, type, &ret->value);
    case AST_FUNC:
        ret->sort = TYPE_FUNC;
        return func_type(v, s, type, &ret->func);
    case AST_COMPONENT_TYPE:
        ret->sort = TYPE_COMPONENT;
        return component_type(v, s, type, &ret->component);
    case AST_INSTANCE_TYPE:
        ret->sort = TYPE_INSTANCE;
        return instance_type(v, s, type, &ret->instance);
    case AST_RESOURCE:
        ret->sort = TYPE_RESOURCE;
        return resource_type(v, s, type, &ret->resource);
    }
    BUG("type kind %d", type->kind);
}

/* Core module types: an index space of their own, with outer aliases of function types. */
struct core_scope {
    VEC(const struct wasm_func_type *) types;
    struct map import_names, export_names;
    uint32_t import_count, export_count;
};

static int core_alias(struct validator *v, const struct scope *s, struct core_scope *core,
    const struct core_decl *decl)
{
    const struct wasm_func_type *func = NULL;
    if (decl->depth == 0) {
        if (decl->index >= core->types.len)
            return unknown_index(v, SORT_CORE_TYPE, decl->index);
        func = core->types.data[decl->index];
    } else {
        for (uint32_t i = 1; i < decl->depth; i++)
            if (!(s = s->parent))
                return invalid(v, "invalid outer alias count of %u", decl->depth);
        if (decl->index >= s->core_types.len)
            return unknown_index(v, SORT_CORE_TYPE, decl->index);
        func = s->core_types.data[decl->index].func;
        if (!func)
            return invalid(v, "a module type cannot be aliased in a module type");
    }
    return SCOPE_PUSH(v, &core->types, func);
}

static int core_extern(struct validator *v, const struct core_scope *core,
    const struct core_decl *decl, struct wasm_extern_type *ret)
{
    *ret = decl->type;
    if (decl->type.kind == WASM_EXTERN_FUNC) {
        if (decl->type_index >= core->types.len)
            return unknown_index(v, SORT_CORE_TYPE, decl->type_index);
        ret->func = core->types.data[decl->type_index];
        return 0;
    }
    const struct wasm_limits *limits = ret->kind == WASM_EXTERN_TABLE    ? &ret->table.limits
                                       : ret->kind == WASM_EXTERN_MEMORY ? &ret->memory
                                                                         : NULL;
    if (limits && limits->has_max && limits->min > limits->max)
        return invalid(v, "size minimum must not be greater than maximum");
    if (ret->kind == WASM_EXTERN_MEMORY &&
        (ret->memory.min > LIMIT_WASM_PAGES || (limits->has_max && limits->max > LIMIT_WASM_PAGES)))
        return invalid(v, "memory size must be at most 65536 pages");
    return 0;
}

int check_core_name(struct validator *v, struct map *names, struct str module, struct str name)
{
    struct str key = name;
    if (module.ptr) {
        key = str_of(arena_printf(
            v->arena, "%zu:%" STR_FMT "%" STR_FMT, module.len, STR_ARG(module), STR_ARG(name)));
    }
    if (map_get(names, key))
        return invalid(
            v, "duplicate %s name `%" STR_FMT "`", module.ptr ? "import" : "export", STR_ARG(name));
    return map_put(names, key, names) ? 0 : out_of_memory(v);
}

static int core_declaration(struct validator *v, const struct scope *s, struct core_scope *core,
    const struct core_decl *decl, struct module_type *type)
{
    switch (decl->kind) {
    case CORE_DECL_TYPE:
        return SCOPE_PUSH(v, &core->types, decl->func);
    case CORE_DECL_ALIAS:
        return core_alias(v, s, core, decl);
    case CORE_DECL_IMPORT: {
        struct wasm_import *import = &type->imports[type->import_count++];
        import->module = decl->module;
        import->name = decl->name;
        if (check_core_name(v, &core->import_names, decl->module, decl->name) < 0)
            return -1;
        return core_extern(v, core, decl, &import->type);
    }
    case CORE_DECL_EXPORT: {
        uint32_t i = type->export_count++;
        type->exports[i].name = decl->name;
        if (check_core_name(v, &core->export_names, (struct str){0}, decl->name) < 0)
            return -1;
        return core_extern(v, core, decl, &type->exports[i].type);
    }
    }
    BUG("core declaration %d", decl->kind);
}

int validate_core_type(
    struct validator *v, struct scope *s, const struct ast_core_type *ast, struct core_type *ret)
{
    if (ast->func) {
        ret->func = ast->func;
        return 0;
    }
    struct core_scope core = {0};
    map_init(&core.import_names, v->arena);
    map_init(&core.export_names, v->arena);
    struct module_type *type = arena_new(v->arena, struct module_type);
    type->imports = arena_try_array(v->arena, ast->decl_count + 1, struct wasm_import);
    type->exports = arena_try_alloc(v->arena, ast->decl_count + 1, sizeof(*type->exports));
    if (!type->imports || !type->exports)
        return out_of_memory(v);
    for (uint32_t i = 0; i < ast->decl_count; i++)
        if (core_declaration(v, s, &core, &ast->decls[i], type) < 0)
            return -1;
    ret->module = type;
    return 0;
}

/* Does the type mention a resource that it does not bind itself? */
static bool free_in_externs(
    struct map *bound, struct arena *a, const struct named_extern *list, size_t count);

static void bind_all(
    struct map *bound, struct arena *a, const struct wit_resource *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const void *key = list[i];
        (void)!map_put(bound, pointer_key(a, &key), bound);
    }
}

static bool free_in_value(struct map *bound, const struct wit_type *type)
{
    if (!type || !value_type_of(type)->has_resource)
        return false;
    if (type->resource && !set_has(bound, resource_key(type->resource)))
        return true;
    for (uint32_t i = 0; i < type->count; i++)
        if (free_in_value(bound, type->fields[i].type))
            return true;
    return free_in_value(bound, type->element) || free_in_value(bound, type->ok) ||
           free_in_value(bound, type->err);
}

static bool free_in_func(struct map *bound, const struct wit_func_type *type)
{
    for (uint32_t i = 0; i < type->param_count; i++)
        if (free_in_value(bound, type->params[i].type))
            return true;
    return free_in_value(bound, type->result);
}

static bool free_in_instance(struct map *bound, struct arena *a, const struct instance_type *type)
{
    bind_all(bound, a, type->bound, type->bound_count);
    return free_in_externs(bound, a, type->exports, type->count);
}

static bool free_in_component(struct map *bound, struct arena *a, const struct component_type *type)
{
    bind_all(bound, a, type->bound_imports, type->bound_import_count);
    bind_all(bound, a, type->bound_exports, type->bound_export_count);
    return free_in_externs(bound, a, type->imports, type->import_count) ||
           free_in_externs(bound, a, type->exports, type->export_count);
}

static bool free_in_defined(struct map *bound, struct arena *a, const struct defined_type *type)
{
    switch (type->sort) {
    case TYPE_VALUE:
        return free_in_value(bound, type->value);
    case TYPE_FUNC:
        return free_in_func(bound, type->func);
    case TYPE_COMPONENT:
        return free_in_component(bound, a, type->component);
    case TYPE_INSTANCE:
        return free_in_instance(bound, a, type->instance);
    case TYPE_RESOURCE:
        return !set_has(bound, resource_key(type->resource));
    }
    return true;
}

static bool free_in_externs(
    struct map *bound, struct arena *a, const struct named_extern *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct extern_type *type = &list[i].type;
        bool found = false;
        if (type->sort == EXTERN_FUNC)
            found = free_in_func(bound, type->func);
        else if (type->sort == EXTERN_TYPE)
            found = free_in_defined(bound, a, &type->type);
        else if (type->sort == EXTERN_INSTANCE)
            found = free_in_instance(bound, a, type->instance);
        else if (type->sort == EXTERN_COMPONENT)
            found = free_in_component(bound, a, type->component);
        if (found)
            return true;
    }
    return false;
}

bool type_has_free_resource(struct validator *v, const struct defined_type *type)
{
    struct map bound;
    map_init(&bound, v->arena);
    return free_in_defined(&bound, v->arena, type);
}
