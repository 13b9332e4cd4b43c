/*
 * Validation of components: definitions in order, each against the index spaces that the earlier
 * ones made.
 */
#include "component/validate_int.h"

#include "base/limits.h"
#include "component/code.h"

#include <stdarg.h>

/* Walking a large type at each of many uses could take a square of the input. */
enum { WORK_MAX = 20 * 1000 * 1000 };

int spend(struct validator *v, uint64_t nodes)
{
    v->work += nodes;
    if (v->work > WORK_MAX)
        return error_set(v->err, ERROR_LIMIT, "too many uses of large types");
    return 0;
}

int check_nodes(struct validator *v, uint64_t nodes)
{
    if (nodes > LIMIT_TYPE_SIZE)
        return error_set(v->err, ERROR_LIMIT, "effective type size exceeds the limit");
    return 0;
}

int invalid(struct validator *v, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    error_vset(v->err, ERROR_INVALID, fmt, args);
    va_end(args);
    return -1;
}

int out_of_memory(struct validator *v)
{
    return error_set(v->err, ERROR_MEMORY, "out of memory for a component");
}

const char *sort_name(enum sort sort)
{
    static const char *const names[SORT_COUNT] = {"core function", "core table", "core memory",
        "core global", "core tag", "core type", "core module", "core instance", "function", "value",
        "type", "component", "instance"};
    return names[sort];
}

int unknown_index(struct validator *v, enum sort sort, uint32_t index)
{
    return invalid(
        v, "unknown %s %u: %s index out of bounds", sort_name(sort), index, sort_name(sort));
}

static void side_init(struct validator *v, struct side *side)
{
    map_init(&side->names, v->arena);
    map_init(&side->resources, v->arena);
    map_init(&side->visible, v->arena);
}

void scope_init(struct validator *v, struct scope *s, enum scope_kind kind, struct scope *parent)
{
    *s = (struct scope){.kind = kind, .parent = parent};
    side_init(v, &s->imports);
    side_init(v, &s->exports);
    map_init(&s->local, v->arena);
}

int push_extern(struct validator *v, struct scope *s, const struct extern_type *type)
{
    switch (type->sort) {
    case EXTERN_MODULE:
        return SCOPE_PUSH(v, &s->core_modules, type->module);
    case EXTERN_FUNC:
        return SCOPE_PUSH(v, &s->funcs, type->func);
    case EXTERN_TYPE:
        return SCOPE_PUSH(v, &s->types, type->type);
    case EXTERN_COMPONENT:
        return SCOPE_PUSH(v, &s->components, type->component);
    case EXTERN_INSTANCE:
        return SCOPE_PUSH(v, &s->instances, type->instance);
    case EXTERN_VALUE:
        break;
    }
    return invalid(v, "values are not supported");
}

/* The type of what a sort and index refer to. */
static int extern_at(struct validator *v, const struct scope *s, enum sort sort, uint32_t index,
    struct extern_type *ret)
{
    *ret = (struct extern_type){0};
    switch (sort) {
    case SORT_CORE_MODULE:
        ret->sort = EXTERN_MODULE;
        if (index >= s->core_modules.len)
            return unknown_index(v, sort, index);
        ret->module = s->core_modules.data[index];
        return 0;
    case SORT_FUNC:
        ret->sort = EXTERN_FUNC;
        if (index >= s->funcs.len)
            return unknown_index(v, sort, index);
        ret->func = s->funcs.data[index];
        return 0;
    case SORT_TYPE:
        ret->sort = EXTERN_TYPE;
        if (index >= s->types.len)
            return unknown_index(v, sort, index);
        ret->type = s->types.data[index];
        return 0;
    case SORT_COMPONENT:
        ret->sort = EXTERN_COMPONENT;
        if (index >= s->components.len)
            return unknown_index(v, sort, index);
        ret->component = s->components.data[index];
        return 0;
    case SORT_INSTANCE:
        ret->sort = EXTERN_INSTANCE;
        if (index >= s->instances.len)
            return unknown_index(v, sort, index);
        ret->instance = s->instances.data[index];
        return 0;
    default:
        return invalid(v, "a %s cannot be exported or passed here", sort_name(sort));
    }
}

static int alias_export(struct validator *v, struct scope *s, const struct ast_alias *alias)
{
    static const enum sort sorts[] = {
        SORT_CORE_MODULE, SORT_FUNC, SORT_VALUE, SORT_TYPE, SORT_COMPONENT, SORT_INSTANCE};
    if (alias->instance >= s->instances.len)
        return unknown_index(v, SORT_INSTANCE, alias->instance);
    const struct instance_type *instance = s->instances.data[alias->instance];
    const struct named_extern *found = find_extern(instance->exports, instance->count, alias->name);
    if (!found)
        return invalid(v, "instance %u has no export named `%" STR_FMT "`", alias->instance,
            STR_ARG(alias->name));
    if (sorts[found->type.sort] != alias->sort)
        return invalid(v, "export `%" STR_FMT "` for instance %u is not a %s", STR_ARG(alias->name),
            alias->instance, sort_name(alias->sort));
    return push_extern(v, s, &found->type);
}

static int alias_outer_type(
    struct validator *v, struct scope *s, const struct scope *from, bool crosses, uint32_t index)
{
    if (index >= from->types.len)
        return unknown_index(v, SORT_TYPE, index);
    struct extern_type wrapped = {.sort = EXTERN_TYPE, .type = from->types.data[index]};
    if (crosses && spend(v, extern_nodes(&wrapped)) < 0)
        return -1;
    if (crosses && type_has_free_resource(v, &from->types.data[index]))
        return invalid(v, "cannot alias outer type which transitively refers to resources not "
                          "defined in the current component");
    return SCOPE_PUSH(v, &s->types, from->types.data[index]);
}

static int alias_outer(struct validator *v, struct scope *s, const struct ast_alias *alias)
{
    const struct scope *from = s;
    bool crosses = false;
    for (uint32_t i = 0; i < alias->depth; i++) {
        crosses |= from->kind == SCOPE_COMPONENT;
        if (!(from = from->parent))
            return invalid(v, "invalid outer alias count of %u", alias->depth);
    }
    switch (alias->sort) {
    case SORT_CORE_MODULE:
        if (alias->index >= from->core_modules.len)
            return unknown_index(v, alias->sort, alias->index);
        return SCOPE_PUSH(v, &s->core_modules, from->core_modules.data[alias->index]);
    case SORT_CORE_TYPE:
        if (alias->index >= from->core_types.len)
            return unknown_index(v, alias->sort, alias->index);
        return SCOPE_PUSH(v, &s->core_types, from->core_types.data[alias->index]);
    case SORT_TYPE:
        return alias_outer_type(v, s, from, crosses, alias->index);
    case SORT_COMPONENT:
        if (alias->index >= from->components.len)
            return unknown_index(v, alias->sort, alias->index);
        return SCOPE_PUSH(v, &s->components, from->components.data[alias->index]);
    default:
        return invalid(v, "a %s cannot be aliased from outside", sort_name(alias->sort));
    }
}

int validate_alias(struct validator *v, struct scope *s, const struct ast_alias *alias)
{
    switch (alias->kind) {
    case ALIAS_EXPORT:
        return alias_export(v, s, alias);
    case ALIAS_CORE_EXPORT:
        return validate_core_alias(v, s, alias);
    case ALIAS_OUTER:
        return alias_outer(v, s, alias);
    }
    BUG("alias kind %d", alias->kind);
}

static int inline_instance(struct validator *v, struct scope *s, struct ast_def *def)
{
    const struct ast_instance *ast = &def->instance;
    struct named_extern *exports = arena_try_array(v->arena, ast->count + 1, struct named_extern);
    if (!exports)
        return out_of_memory(v);
    for (uint32_t i = 0; i < ast->count; i++) {
        exports[i].name = ast->items[i].name;
        if (extern_at(v, s, ast->items[i].sort, ast->items[i].index, &exports[i].type) < 0)
            return -1;
    }
    if (check_inline_names(v, ast, exports) < 0)
        return -1;
    struct instance_type *type = arena_new(v->arena, struct instance_type);
    *type = (struct instance_type){
        .count = ast->count, .exports = exports, .nodes = extern_list_nodes(exports, ast->count)};
    if (check_nodes(v, type->nodes) < 0)
        return -1;
    def->resolved = (struct extern_type){.sort = EXTERN_INSTANCE, .instance = type};
    return SCOPE_PUSH(v, &s->instances, type);
}

static int collect_arguments(
    struct validator *v, const struct scope *s, const struct ast_instance *ast, struct map *ret)
{
    map_init(ret, v->arena);
    for (uint32_t i = 0; i < ast->count; i++) {
        struct extern_type *type = arena_new(v->arena, struct extern_type);
        if (extern_at(v, s, ast->items[i].sort, ast->items[i].index, type) < 0)
            return -1;
        if (map_get(ret, ast->items[i].name))
            return invalid(v,
                "instantiation argument `%" STR_FMT "` conflicts with previous "
                "argument: duplicate",
                STR_ARG(ast->items[i].name));
        if (!map_put(ret, ast->items[i].name, type))
            return out_of_memory(v);
    }
    return 0;
}

/* Supplied resources replace those that imports bind; each instantiation makes its own others. */
static int instantiate(struct validator *v, struct scope *s, struct ast_def *def)
{
    const struct ast_instance *ast = &def->instance;
    struct map arguments;
    struct type_map m;
    if (ast->index >= s->components.len)
        return unknown_index(v, SORT_COMPONENT, ast->index);
    const struct component_type *type = s->components.data[ast->index];
    if (collect_arguments(v, s, ast, &arguments) < 0)
        return -1;
    if (spend(v, type->nodes + type->bound_export_count * RESOURCE_NODES) < 0)
        return -1;
    type_map_init(&m, v->arena);
    m.values = true;
    for (size_t i = 0; i < type->import_count; i++) {
        const struct named_extern *import = &type->imports[i];
        const struct extern_type *given = map_get(&arguments, import->name);
        if (!given)
            return invalid(v, "missing import named `%" STR_FMT "`", STR_ARG(import->name));
        if (type_check_extern(&m, given, &import->type, v->err) < 0)
            return error_wrap(
                v->err, "type mismatch for import `%" STR_FMT "`", STR_ARG(import->name));
    }
    for (size_t i = 0; i < type->bound_export_count; i++) {
        const struct wit_resource **slot = VEC_PUSH(&s->exports.bound, v->arena);
        if (!slot)
            return out_of_memory(v);
        *slot = type_fresh_resource(v->arena, type->bound_exports[i]->name);
        if (!type_map_put(&m, type->bound_exports[i], *slot))
            return out_of_memory(v);
    }
    struct instance_type exports = {
        .count = type->export_count, .exports = type->exports, .nodes = type->nodes};
    struct extern_type made = {.sort = EXTERN_INSTANCE, .instance = &exports};
    if (type_replace_extern(&m, &made, &def->resolved, v->err) < 0)
        return -1;
    return SCOPE_PUSH(v, &s->instances, def->resolved.instance);
}

static int validate_import(struct validator *v, struct scope *s, struct ast_def *def)
{
    def->resolved = (struct extern_type){0};
    if (validate_extern_type(v, s, &def->import.type, &def->resolved) < 0 ||
        declare_extern(v, s, true, &def->import.name, &def->resolved) < 0)
        return -1;
    return push_extern(v, s, &def->resolved);
}

static int validate_export(struct validator *v, struct scope *s, struct ast_def *def)
{
    struct extern_type actual, wanted = {0};
    struct type_map m;
    if (extern_at(v, s, def->export.sort, def->export.index, &actual) < 0)
        return -1;
    if (def->export.has_type) {
        if (validate_extern_type(v, s, &def->export.type, &wanted) < 0)
            return -1;
        if (wanted.sort == EXTERN_TYPE && wanted.sub_resource)
            wanted.type = (struct defined_type){
                .sort = TYPE_RESOURCE, .resource = type_fresh_resource(v->arena, STR_EMPTY)};
        type_map_init(&m, v->arena);
        if (spend(v, extern_nodes(&wanted)) < 0)
            return -1;
        if (type_check_extern(&m, &actual, &wanted, v->err) < 0)
            return error_wrap(v->err, "ascribed type of export is not compatible with item's type");
        actual = wanted;
    }
    if (declare_extern(v, s, false, &def->export.name, &actual) < 0)
        return -1;
    def->resolved = actual;
    return push_extern(v, s, &def->resolved);
}

/* Two imports of one name are fine in core modules, but have no type as a module. */
static int check_core_imports(struct validator *v, const struct wasm_module *module)
{
    struct map names;
    map_init(&names, v->arena);
    for (uint32_t i = 0; i < module->import_count; i++) {
        const struct wasm_import *import = &module->imports[i];
        if (check_core_name(v, &names, import->module, import->name) < 0)
            return -1;
    }
    return 0;
}

static int validate_core_module(struct validator *v, struct scope *s, struct ast_def *def)
{
    const struct wasm_module *module = def->core_module.module;
    bool known = v->native && component_code_exists(module, v->native);
    if ((known ? wasm_validate_shell(module, v->err) : wasm_validate(module, v->err)) < 0 ||
        check_core_imports(v, module) < 0)
        return -1;
    const struct module_type *type = module_type_of(v->arena, module);
    return type ? SCOPE_PUSH(v, &s->core_modules, type) : out_of_memory(v);
}

static int validate_scope(
    struct validator *v, struct ast_component *component, struct scope *parent);

static int validate_nested(struct validator *v, struct scope *s, struct ast_def *def)
{
    if (++v->depth > LIMIT_COMPONENT_DEPTH)
        return error_set(v->err, ERROR_LIMIT, "components are nested too deep");
    if (validate_scope(v, def->component, s) < 0)
        return -1;
    v->depth--;
    return SCOPE_PUSH(v, &s->components, def->component->type);
}

static int validate_definition(struct validator *v, struct scope *s, struct ast_def *def)
{
    struct core_type core = {0};
    struct defined_type type;
    switch (def->kind) {
    case DEF_CORE_MODULE:
        return validate_core_module(v, s, def);
    case DEF_CORE_INSTANCE:
        return validate_core_instance(v, s, &def->core_instance);
    case DEF_CORE_TYPE:
        if (validate_core_type(v, s, &def->core_type, &core) < 0)
            return -1;
        return SCOPE_PUSH(v, &s->core_types, core);
    case DEF_COMPONENT:
        return validate_nested(v, s, def);
    case DEF_INSTANCE:
        return def->instance.is_inline ? inline_instance(v, s, def) : instantiate(v, s, def);
    case DEF_ALIAS:
        return validate_alias(v, s, &def->alias);
    case DEF_TYPE:
        if (validate_type(v, s, def->type, &type) < 0)
            return -1;
        def->resolved = (struct extern_type){.sort = EXTERN_TYPE, .type = type};
        return SCOPE_PUSH(v, &s->types, type);
    case DEF_CANON:
        return validate_canon(v, s, def);
    case DEF_IMPORT:
        return validate_import(v, s, def);
    case DEF_EXPORT:
        return validate_export(v, s, def);
    }
    BUG("definition %d", def->kind);
}

static int validate_scope(
    struct validator *v, struct ast_component *component, struct scope *parent)
{
    struct scope *s = arena_new(v->arena, struct scope);
    scope_init(v, s, SCOPE_COMPONENT, parent);
    for (size_t i = 0; i < component->def_count; i++) {
        struct ast_def *def = &component->defs[i];
        if (validate_definition(v, s, def) < 0)
            return error_wrap(v->err, "in the definition at offset 0x%zx", def->offset);
    }
    struct component_type *type = arena_new(v->arena, struct component_type);
    *type = (struct component_type){.import_count = s->imports.list.len,
        .imports = s->imports.list.data,
        .export_count = s->exports.list.len,
        .exports = s->exports.list.data,
        .bound_import_count = s->imports.bound.len,
        .bound_imports = s->imports.bound.data,
        .bound_export_count = s->exports.bound.len,
        .bound_exports = s->exports.bound.data,
        .nodes = extern_list_nodes(s->imports.list.data, s->imports.list.len) +
                 extern_list_nodes(s->exports.list.data, s->exports.list.len)};
    component->type = type;
    return check_nodes(v, type->nodes);
}

int validate_component(struct ast_component *component, struct arena *a,
    const struct component_native_options *native, struct error *err)
{
    struct validator v = {.arena = a, .err = err, .native = native};
    return validate_scope(&v, component, NULL);
}
