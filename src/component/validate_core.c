/*
 * Validation of what touches core modules: core instances, aliases of their exports, canonical
 * definitions.
 */
#include "component/validate_int.h"

#include "component/canon.h"

static int push_core(struct validator *v, struct scope *s, const struct wasm_extern_type *type)
{
    switch (type->kind) {
    case WASM_EXTERN_FUNC:
        return SCOPE_PUSH(v, &s->core_funcs, type->func);
    case WASM_EXTERN_TABLE:
        return SCOPE_PUSH(v, &s->core_tables, type->table);
    case WASM_EXTERN_MEMORY:
        return SCOPE_PUSH(v, &s->core_memories, type->memory);
    case WASM_EXTERN_GLOBAL:
        return SCOPE_PUSH(v, &s->core_globals, type->global);
    }
    return invalid(v, "unknown core kind");
}

static int core_extern_at(struct validator *v, const struct scope *s, enum sort sort,
    uint32_t index, struct wasm_extern_type *ret)
{
    switch (sort) {
    case SORT_CORE_FUNC:
        if (index >= s->core_funcs.len)
            return unknown_index(v, sort, index);
        *ret =
            (struct wasm_extern_type){.kind = WASM_EXTERN_FUNC, .func = s->core_funcs.data[index]};
        return 0;
    case SORT_CORE_TABLE:
        if (index >= s->core_tables.len)
            return unknown_index(v, sort, index);
        *ret = (struct wasm_extern_type){
            .kind = WASM_EXTERN_TABLE, .table = s->core_tables.data[index]};
        return 0;
    case SORT_CORE_MEMORY:
        if (index >= s->core_memories.len)
            return unknown_index(v, sort, index);
        *ret = (struct wasm_extern_type){
            .kind = WASM_EXTERN_MEMORY, .memory = s->core_memories.data[index]};
        return 0;
    case SORT_CORE_GLOBAL:
        if (index >= s->core_globals.len)
            return unknown_index(v, sort, index);
        *ret = (struct wasm_extern_type){
            .kind = WASM_EXTERN_GLOBAL, .global = s->core_globals.data[index]};
        return 0;
    case SORT_CORE_TAG:
        return unknown_index(v, sort, index);
    default:
        return invalid(v, "a core instance cannot export a %s", sort_name(sort));
    }
}

static const struct wasm_extern_type *find_core_export(
    const struct module_type *instance, struct str name)
{
    for (uint32_t i = 0; i < instance->export_count; i++)
        if (str_equal(instance->exports[i].name, name))
            return &instance->exports[i].type;
    return NULL;
}

static int inline_core_instance(
    struct validator *v, struct scope *s, const struct ast_instance *instance)
{
    struct module_type *type = arena_new(v->arena, struct module_type);
    struct map names;
    map_init(&names, v->arena);
    type->export_count = instance->count;
    type->exports = arena_try_alloc(v->arena, instance->count + 1, sizeof(*type->exports));
    if (!type->exports)
        return out_of_memory(v);
    for (uint32_t i = 0; i < instance->count; i++) {
        const struct ast_item *item = &instance->items[i];
        if (map_get(&names, item->name))
            return invalid(v, "export name `%" STR_FMT "` already defined: duplicate export name",
                STR_ARG(item->name));
        if (!map_put(&names, item->name, type))
            return out_of_memory(v);
        type->exports[i].name = item->name;
        if (core_extern_at(v, s, item->sort, item->index, &type->exports[i].type) < 0)
            return -1;
    }
    return SCOPE_PUSH(v, &s->core_instances, type);
}

static int check_core_import(struct validator *v, const struct scope *s, struct map *arguments,
    const struct wasm_import *import)
{
    const struct ast_item *item = map_get(arguments, import->module);
    if (!item)
        return invalid(v, "missing module instantiation argument named `%" STR_FMT "`",
            STR_ARG(import->module));
    const struct wasm_extern_type *given =
        find_core_export(s->core_instances.data[item->index], import->name);
    if (!given)
        return invalid(v,
            "module instantiation argument `%" STR_FMT "` does not export an item named `%" STR_FMT
            "`",
            STR_ARG(import->module), STR_ARG(import->name));
    /* One import and one export, compared as modules are. */
    struct wasm_import wanted = *import;
    struct module_type b = {.import_count = 0, .export_count = 1};
    struct module_type a = {.import_count = 0, .export_count = 1};
    a.exports = arena_alloc(v->arena, sizeof(*a.exports));
    b.exports = arena_alloc(v->arena, sizeof(*b.exports));
    a.exports->name = b.exports->name = import->name;
    a.exports->type = *given;
    b.exports->type = wanted.type;
    if (type_check_module(&a, &b, v->err) < 0)
        return error_wrap(v->err,
            "type mismatch for export `%" STR_FMT "` of module instantiation "
            "argument `%" STR_FMT "`",
            STR_ARG(import->name), STR_ARG(import->module));
    return 0;
}

static int instantiate_core(
    struct validator *v, struct scope *s, const struct ast_instance *instance)
{
    struct map arguments;
    if (instance->index >= s->core_modules.len)
        return unknown_index(v, SORT_CORE_MODULE, instance->index);
    const struct module_type *module = s->core_modules.data[instance->index];
    map_init(&arguments, v->arena);
    for (uint32_t i = 0; i < instance->count; i++) {
        struct ast_item *item = &instance->items[i];
        if (item->index >= s->core_instances.len)
            return unknown_index(v, SORT_CORE_INSTANCE, item->index);
        if (map_get(&arguments, item->name))
            return invalid(v, "duplicate module instantiation argument named `%" STR_FMT "`",
                STR_ARG(item->name));
        if (!map_put(&arguments, item->name, item))
            return out_of_memory(v);
    }
    for (uint32_t i = 0; i < module->import_count; i++)
        if (check_core_import(v, s, &arguments, &module->imports[i]) < 0)
            return -1;
    return SCOPE_PUSH(v, &s->core_instances, module);
}

int validate_core_instance(
    struct validator *v, struct scope *s, const struct ast_instance *instance)
{
    return instance->is_inline ? inline_core_instance(v, s, instance)
                               : instantiate_core(v, s, instance);
}

int validate_core_alias(struct validator *v, struct scope *s, const struct ast_alias *alias)
{
    static const enum sort sorts[] = {
        SORT_CORE_FUNC, SORT_CORE_TABLE, SORT_CORE_MEMORY, SORT_CORE_GLOBAL};
    if (alias->instance >= s->core_instances.len)
        return unknown_index(v, SORT_CORE_INSTANCE, alias->instance);
    const struct wasm_extern_type *type =
        find_core_export(s->core_instances.data[alias->instance], alias->name);
    if (!type)
        return invalid(v, "core instance %u has no export named `%" STR_FMT "`", alias->instance,
            STR_ARG(alias->name));
    if (sorts[type->kind] != alias->sort)
        return invalid(v, "export `%" STR_FMT "` for core instance %u is not a %s",
            STR_ARG(alias->name), alias->instance, sort_name(alias->sort));
    return push_core(v, s, type);
}

static bool has_pointer(const struct wit_type *type)
{
    if (!type)
        return false;
    if (type->kind == WIT_STRING || type->kind == WIT_LIST)
        return true;
    for (uint32_t i = 0; i < type->count; i++)
        if (has_pointer(type->fields[i].type))
            return true;
    return has_pointer(type->element) || has_pointer(type->ok) || has_pointer(type->err);
}

static bool params_have_pointer(const struct wit_func_type *type)
{
    for (uint32_t i = 0; i < type->param_count; i++)
        if (has_pointer(type->params[i].type))
            return true;
    return false;
}

static const uint8_t four_i32[] = {WASM_I32, WASM_I32, WASM_I32, WASM_I32};
static const struct wasm_func_type realloc_type = {4, 1, four_i32, four_i32};
static const struct wasm_func_type one_to_one = {1, 1, four_i32, four_i32};
static const struct wasm_func_type one_to_none = {1, 0, four_i32, four_i32};

static int check_options(struct validator *v, const struct scope *s,
    const struct ast_options *options, bool needs_memory, bool needs_realloc)
{
    if (options->memory != OPTION_NONE && options->memory >= s->core_memories.len)
        return unknown_index(v, SORT_CORE_MEMORY, options->memory);
    if (options->realloc != OPTION_NONE) {
        if (options->realloc >= s->core_funcs.len)
            return unknown_index(v, SORT_CORE_FUNC, options->realloc);
        if (!wasm_func_type_equal(s->core_funcs.data[options->realloc], &realloc_type))
            return invalid(
                v, "canonical option `realloc` uses a core function with an incorrect signature");
        if (options->memory == OPTION_NONE)
            return invalid(v, "canonical option `realloc` requires `memory` to also be specified");
    }
    if (needs_memory && options->memory == OPTION_NONE)
        return invalid(v, "canonical option `memory` is required");
    if (needs_realloc && options->realloc == OPTION_NONE)
        return invalid(v, "canonical option `realloc` is required");
    return 0;
}

static bool core_type_is(const struct wasm_func_type *type, const struct wit_core_type *core)
{
    return type->param_count == core->param_count && type->result_count == core->result_count &&
           memcmp(type->params, core->params, core->param_count) == 0 &&
           memcmp(type->results, core->results, core->result_count) == 0;
}

static int validate_lift(struct validator *v, struct scope *s, struct ast_def *def)
{
    const struct ast_canon *canon = &def->canon;
    struct defined_type type;
    struct wit_core_type core;
    if (type_at(v, s, canon->type, TYPE_FUNC, &type) < 0)
        return -1;
    if (canon->func >= s->core_funcs.len)
        return unknown_index(v, SORT_CORE_FUNC, canon->func);
    wit_core_type_lift(type.func, &core);
    bool params = params_have_pointer(type.func) || core.params_in_memory;
    if (check_options(v, s, &canon->options,
            params || has_pointer(type.func->result) || core.result_in_memory, params) < 0)
        return -1;
    const struct wasm_func_type *func = s->core_funcs.data[canon->func];
    if (!core_type_is(func, &core))
        return invalid(v,
            "lowered parameter or result types do not match core function %u: "
            "type mismatch",
            canon->func);
    uint32_t post = canon->options.post_return;
    if (post != OPTION_NONE) {
        if (post >= s->core_funcs.len)
            return unknown_index(v, SORT_CORE_FUNC, post);
        struct wasm_func_type wanted = {core.result_count, 0, core.results, core.results};
        if (!wasm_func_type_equal(s->core_funcs.data[post], &wanted))
            return invalid(v,
                "canonical option `post-return` uses a core function with an incorrect "
                "signature");
    }
    def->resolved = (struct extern_type){.sort = EXTERN_FUNC, .func = type.func};
    return SCOPE_PUSH(v, &s->funcs, type.func);
}

static int validate_lower(struct validator *v, struct scope *s, struct ast_def *def)
{
    const struct ast_canon *canon = &def->canon;
    struct wit_core_type core;
    if (canon->func >= s->funcs.len)
        return unknown_index(v, SORT_FUNC, canon->func);
    const struct wit_func_type *type = s->funcs.data[canon->func];
    if (canon->options.post_return != OPTION_NONE)
        return invalid(v, "canonical option `post-return` cannot be specified for lowerings");
    wit_core_type_lower(type, &core);
    bool result = has_pointer(type->result);
    if (check_options(v, s, &canon->options,
            params_have_pointer(type) || core.params_in_memory || result || core.result_in_memory,
            result) < 0)
        return -1;
    struct wasm_func_type *func = arena_new(v->arena, struct wasm_func_type);
    uint8_t *types = arena_alloc(v->arena, sizeof(core.params) + sizeof(core.results));
    memcpy(types, core.params, sizeof(core.params));
    memcpy(types + sizeof(core.params), core.results, sizeof(core.results));
    *func = (struct wasm_func_type){
        core.param_count, core.result_count, types, types + sizeof(core.params)};
    def->resolved = (struct extern_type){.sort = EXTERN_FUNC, .func = type};
    return SCOPE_PUSH(v, &s->core_funcs, func);
}

int validate_canon(struct validator *v, struct scope *s, struct ast_def *def)
{
    struct defined_type type;
    if (def->canon.kind == CANON_LIFT)
        return validate_lift(v, s, def);
    if (def->canon.kind == CANON_LOWER)
        return validate_lower(v, s, def);
    if (type_at(v, s, def->canon.type, TYPE_RESOURCE, &type) < 0)
        return -1;
    if (def->canon.kind != CANON_DROP && !set_has(&s->local, resource_key(type.resource)))
        return invalid(v, "type index %u is not a local resource", def->canon.type);
    def->resolved = (struct extern_type){.sort = EXTERN_TYPE, .type = type};
    return SCOPE_PUSH(
        v, &s->core_funcs, def->canon.kind == CANON_DROP ? &one_to_none : &one_to_one);
}
