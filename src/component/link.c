/*
 * Linking: walks the definitions of a component and of those that it instantiates, with an
 * environment of what each index stands for, and writes down core instantiations, trampolines and
 * exports (program.h). Validation has made sure that every index and type fits; what is checked
 * here is what the host offers.
 */
#include "component/program.h"

#include "base/limits.h"
#include "component/code.h"

struct environment;

/* A core instance: a step's exports, or a bundle. */
struct link_core_instance {
    bool is_step;
    uint32_t step;
    struct map items; /* bundle: struct core_source * */
};

struct link_instance {
    struct map exports; /* struct link_item * */
};

/* What an index of any sort stands for. */
struct link_item {
    union {
        struct core_source core; /* core function, table, memory, global */
        const struct wasm_module *module;
        const struct link_core_instance *core_instance;
        const struct program_func *func;
        const struct program_resource *resource; /* type: NULL if it is none */
        struct {
            const struct ast_component *ast;
            struct environment *outer;
        } component;
        const struct link_instance *instance;
    };
};

/* One component being instantiated. */
struct environment {
    struct environment *outer;
    uint32_t part;
    VEC(struct link_item) spaces[SORT_COUNT];
    struct map *arguments; /* struct link_item * */
    struct link_instance *result;
    struct type_map types; /* from the component's view of resources to program_resource.type */
};

struct linker {
    struct component_program *program;
    struct arena *arena;
    struct error *err;
    const struct component_program_options *options;
    uint64_t work;              /* nodes of instance types walked */
    struct type_map host_types; /* from the outermost component's resources to the host's */
};

static int out_of_memory(struct linker *l)
{
    return error_set(l->err, ERROR_MEMORY, "out of memory for a component");
}

static int push(struct linker *l, struct environment *env, enum sort sort, struct link_item item)
{
    struct link_item *slot = VEC_PUSH(&env->spaces[sort], l->arena);
    if (!slot)
        return out_of_memory(l);
    *slot = item;
    return 0;
}

static const struct link_item *at(const struct environment *env, enum sort sort, uint32_t index)
{
    BUG_IF(index >= env->spaces[sort].len);
    return &env->spaces[sort].data[index];
}

static enum sort sort_of(enum extern_sort sort)
{
    static const enum sort sorts[] = {
        SORT_CORE_MODULE, SORT_FUNC, SORT_VALUE, SORT_TYPE, SORT_COMPONENT, SORT_INSTANCE};
    return sorts[sort];
}

static int put_item(
    struct linker *l, struct map *map, struct str name, const struct link_item *item)
{
    struct link_item *copy = arena_new(l->arena, struct link_item);
    *copy = *item;
    return map_put(map, name, copy) ? 0 : out_of_memory(l);
}

/* Notes which run-time resources the component's own view of a type stands for. */
static int bind(struct linker *l, struct environment *env, const struct extern_type *type,
    const struct link_item *item)
{
    if (type->sort == EXTERN_TYPE && type->type.sort == TYPE_RESOURCE) {
        const struct wit_resource *from = type->type.resource;
        BUG_IF(!item->resource);
        if (from != &item->resource->type &&
            !type_map_put(&env->types, from, &item->resource->type))
            return out_of_memory(l);
        return 0;
    }
    if (type->sort != EXTERN_INSTANCE)
        return 0;
    l->work += type->instance->count;
    if (l->work > LIMIT_COMPONENT_LINK_WORK)
        return error_set(l->err, ERROR_LIMIT, "a component with too many large instances");
    for (size_t i = 0; i < type->instance->count; i++) {
        const struct named_extern *e = &type->instance->exports[i];
        if (e->type.sort != EXTERN_TYPE && e->type.sort != EXTERN_INSTANCE)
            continue;
        const struct link_item *inner = map_get(&item->instance->exports, e->name);
        BUG_IF(!inner);
        if (bind(l, env, &e->type, inner) < 0)
            return -1;
    }
    return 0;
}

static const struct wit_func_type *actual_type(
    struct environment *env, const struct wit_func_type *type)
{
    return type_replace_func(&env->types, type);
}

/* Core instances. */

static struct core_source core_export(const struct link_core_instance *instance, struct str name)
{
    if (instance->is_step)
        return (struct core_source){.index = instance->step, .name = name};
    const struct core_source *source = map_get(&instance->items, name);
    BUG_IF(!source);
    return *source;
}

static int link_core_step(struct linker *l, struct environment *env, const struct ast_instance *ast,
    struct link_core_instance *result)
{
    struct map arguments;
    const struct wasm_module *module = at(env, SORT_CORE_MODULE, ast->index)->module;
    if (l->program->steps.len >= LIMIT_COMPONENT_STEPS)
        return error_set(l->err, ERROR_LIMIT, "a component with too many core instances");
    struct program_step *step = VEC_PUSH(&l->program->steps, l->arena);
    if (!step)
        return out_of_memory(l);
    result->is_step = true;
    result->step = (uint32_t)(l->program->steps.len - 1);
    step->module = module;
    step->imports = arena_try_array(l->arena, module->import_count + 1, struct core_source);
    if (!step->imports)
        return out_of_memory(l);
    map_init(&arguments, l->arena);
    for (uint32_t i = 0; i < ast->count; i++) {
        const struct link_item *item = at(env, SORT_CORE_INSTANCE, ast->items[i].index);
        if (!map_put(&arguments, ast->items[i].name, (void *)(uintptr_t)item->core_instance))
            return out_of_memory(l);
    }
    for (uint32_t i = 0; i < module->import_count; i++) {
        const struct link_core_instance *given = map_get(&arguments, module->imports[i].module);
        BUG_IF(!given);
        step->imports[i] = core_export(given, module->imports[i].name);
    }
    return 0;
}

static int link_core_instance(
    struct linker *l, struct environment *env, const struct ast_instance *ast)
{
    struct link_core_instance *result = arena_new(l->arena, struct link_core_instance);
    map_init(&result->items, l->arena);
    if (!ast->is_inline) {
        if (link_core_step(l, env, ast, result) < 0)
            return -1;
    } else {
        for (uint32_t i = 0; i < ast->count; i++) {
            struct core_source *copy = arena_new(l->arena, struct core_source);
            *copy = at(env, ast->items[i].sort, ast->items[i].index)->core;
            if (!map_put(&result->items, ast->items[i].name, copy))
                return out_of_memory(l);
        }
    }
    return push(l, env, SORT_CORE_INSTANCE, (struct link_item){.core_instance = result});
}

/* Canonical definitions. */

static struct program_options link_options(
    const struct environment *env, const struct ast_options *ast)
{
    struct program_options o = {.encoding = ast->encoding};
    if ((o.has_memory = ast->memory != OPTION_NONE))
        o.memory = at(env, SORT_CORE_MEMORY, ast->memory)->core;
    if ((o.has_realloc = ast->realloc != OPTION_NONE))
        o.realloc = at(env, SORT_CORE_FUNC, ast->realloc)->core;
    if ((o.has_post_return = ast->post_return != OPTION_NONE))
        o.post_return = at(env, SORT_CORE_FUNC, ast->post_return)->core;
    return o;
}

static int link_lift(struct linker *l, struct environment *env, const struct ast_def *def)
{
    struct program_func *func = arena_new(l->arena, struct program_func);
    struct program_func **slot = VEC_PUSH(&l->program->funcs, l->arena);
    func->type = actual_type(env, def->resolved.func);
    if (!slot || !func->type)
        return out_of_memory(l);
    *slot = func;
    func->index = (uint32_t)(l->program->funcs.len - 1);
    func->part = env->part;
    func->core = at(env, SORT_CORE_FUNC, def->canon.func)->core;
    func->options = link_options(env, &def->canon.options);
    wit_core_type_lift(func->type, &func->core_type);
    return push(l, env, SORT_FUNC, (struct link_item){.func = func});
}

/* The nearest component instance that holds both, where a call from one to the other turns. */
static uint32_t common_part(const struct component_program *program, uint32_t a, uint32_t b)
{
    for (uint32_t x = a; x != NO_INDEX; x = program->parts.data[x].parent)
        for (uint32_t y = b; y != NO_INDEX; y = program->parts.data[y].parent)
            if (x == y)
                return x;
    return NO_INDEX;
}

static bool has_string(const struct wit_type *type)
{
    if (!type)
        return false;
    for (uint32_t i = 0; i < type->count; i++)
        if (has_string(type->fields[i].type))
            return true;
    return type->kind == WIT_STRING || has_string(type->element) || has_string(type->ok) ||
           has_string(type->err);
}

static bool func_has_string(const struct wit_func_type *type)
{
    for (uint32_t i = 0; i < type->param_count; i++)
        if (has_string(type->params[i].type))
            return true;
    return has_string(type->result);
}

static const struct wasm_func_type *core_type_of(struct linker *l, const struct wit_func_type *type)
{
    struct wit_core_type core;
    wit_core_type_lower(type, &core);
    struct wasm_func_type *func = arena_new(l->arena, struct wasm_func_type);
    uint8_t *types = arena_alloc(l->arena, sizeof(core.params) + sizeof(core.results));
    memcpy(types, core.params, sizeof(core.params));
    memcpy(types + sizeof(core.params), core.results, sizeof(core.results));
    *func = (struct wasm_func_type){
        core.param_count, core.result_count, types, types + sizeof(core.params)};
    return func;
}

static int link_lower(struct linker *l, struct environment *env, const struct ast_def *def,
    struct program_trampoline *t)
{
    t->callee = at(env, SORT_FUNC, def->canon.func)->func;
    t->options = link_options(env, &def->canon.options);
    t->core_type = core_type_of(l, t->callee->type);
    if (!t->callee->host)
        t->enter_until = common_part(l->program, t->callee->part, env->part);
    else if (t->options.encoding != CANON_UTF8 && func_has_string(t->callee->type))
        return error_set(l->err, ERROR_UNSUPPORTED,
            "host function '%s' lowered with a string encoding other than UTF-8",
            t->callee->host->name);
    return 0;
}

static int link_canon(struct linker *l, struct environment *env, const struct ast_def *def)
{
    static const uint8_t i32 = WASM_I32;
    static const struct wasm_func_type one_to_one = {1, 1, &i32, &i32};
    static const struct wasm_func_type one_to_none = {1, 0, &i32, &i32};
    if (def->canon.kind == CANON_LIFT)
        return link_lift(l, env, def);
    struct program_trampoline *t = arena_new(l->arena, struct program_trampoline);
    struct program_trampoline **slot = VEC_PUSH(&l->program->trampolines, l->arena);
    if (!slot)
        return out_of_memory(l);
    *slot = t;
    t->kind = def->canon.kind;
    t->part = env->part;
    t->enter_until = NO_INDEX;
    if (t->kind == CANON_LOWER) {
        if (link_lower(l, env, def, t) < 0)
            return -1;
    } else {
        t->resource = at(env, SORT_TYPE, def->canon.type)->resource;
        t->core_type = t->kind == CANON_DROP ? &one_to_none : &one_to_one;
        if (!t->resource->host)
            t->enter_until = common_part(l->program, t->resource->part, env->part);
    }
    struct link_item item = {
        .core = {.is_trampoline = true, .index = (uint32_t)(l->program->trampolines.len - 1)}};
    return push(l, env, SORT_CORE_FUNC, item);
}

/* Components. */

static int link_component(struct linker *l, struct environment *env,
    const struct ast_component *component, struct map *arguments);

static struct environment *new_environment(
    struct linker *l, struct environment *outer, uint32_t parent)
{
    struct environment *env = arena_try_array(l->arena, 1, struct environment);
    struct program_part *part = VEC_PUSH(&l->program->parts, l->arena);
    if (!env || !part)
        return NULL;
    part->parent = parent;
    env->outer = outer;
    env->part = (uint32_t)(l->program->parts.len - 1);
    env->result = arena_new(l->arena, struct link_instance);
    map_init(&env->result->exports, l->arena);
    type_map_init(&env->types, l->arena);
    return env;
}

static int link_instance(struct linker *l, struct environment *env, const struct ast_def *def)
{
    const struct ast_instance *ast = &def->instance;
    struct link_item made = {0};
    struct map *items = arena_new(l->arena, struct map);
    map_init(items, l->arena);
    for (uint32_t i = 0; i < ast->count; i++)
        if (put_item(
                l, items, ast->items[i].name, at(env, ast->items[i].sort, ast->items[i].index)) < 0)
            return -1;
    if (ast->is_inline) {
        struct link_instance *bundle = arena_new(l->arena, struct link_instance);
        bundle->exports = *items;
        made.instance = bundle;
    } else {
        const struct link_item *component = at(env, SORT_COMPONENT, ast->index);
        if (l->program->parts.len >= LIMIT_COMPONENT_STEPS)
            return error_set(l->err, ERROR_LIMIT, "a component with too many instances");
        struct environment *inner = new_environment(l, component->component.outer, env->part);
        if (!inner)
            return out_of_memory(l);
        if (link_component(l, inner, component->component.ast, items) < 0)
            return -1;
        made.instance = inner->result;
    }
    if (bind(l, env, &def->resolved, &made) < 0)
        return -1;
    return push(l, env, SORT_INSTANCE, made);
}

static int link_alias(struct linker *l, struct environment *env, const struct ast_alias *alias)
{
    switch (alias->kind) {
    case ALIAS_EXPORT: {
        const struct link_instance *from = at(env, SORT_INSTANCE, alias->instance)->instance;
        const struct link_item *item = map_get(&from->exports, alias->name);
        BUG_IF(!item);
        return push(l, env, alias->sort, *item);
    }
    case ALIAS_CORE_EXPORT: {
        const struct link_core_instance *from =
            at(env, SORT_CORE_INSTANCE, alias->instance)->core_instance;
        return push(
            l, env, alias->sort, (struct link_item){.core = core_export(from, alias->name)});
    }
    case ALIAS_OUTER: {
        struct environment *from = env;
        for (uint32_t i = 0; i < alias->depth; i++)
            from = from->outer;
        return push(l, env, alias->sort, *at(from, alias->sort, alias->index));
    }
    }
    BUG("alias kind %d", alias->kind);
}

static int link_type(struct linker *l, struct environment *env, const struct ast_def *def)
{
    struct link_item item = {0};
    if (def->type->kind == AST_RESOURCE) {
        struct program_resource *resource = arena_new(l->arena, struct program_resource);
        struct program_resource **slot = VEC_PUSH(&l->program->resources, l->arena);
        if (!slot)
            return out_of_memory(l);
        *slot = resource;
        resource->type.tag = resource;
        resource->part = env->part;
        resource->has_dtor = def->type->has_dtor;
        if (resource->has_dtor) {
            resource->dtor = at(env, SORT_CORE_FUNC, def->type->index)->core;
            resource->dtor_index = l->program->dtor_count++;
        }
        item.resource = resource;
        if (bind(l, env, &def->resolved, &item) < 0)
            return -1;
    }
    return push(l, env, SORT_TYPE, item);
}

/* Every index of the type space has an item; one that is a resource says so. */
static int link_import(
    struct linker *l, struct environment *env, const struct ast_def *def, struct map *arguments)
{
    const struct link_item *item = map_get(arguments, def->import.name.name);
    BUG_IF(!item);
    if (bind(l, env, &def->resolved, item) < 0)
        return -1;
    return push(l, env, sort_of(def->resolved.sort), *item);
}

static int link_export(struct linker *l, struct environment *env, const struct ast_def *def)
{
    const struct link_item item = *at(env, def->export.sort, def->export.index);
    if (put_item(l, &env->result->exports, def->export.name.name, &item) < 0 ||
        bind(l, env, &def->resolved, &item) < 0)
        return -1;
    return push(l, env, def->export.sort, item);
}

static int link_definition(
    struct linker *l, struct environment *env, const struct ast_def *def, struct map *arguments)
{
    switch (def->kind) {
    case DEF_CORE_MODULE:
        return push(
            l, env, SORT_CORE_MODULE, (struct link_item){.module = def->core_module.module});
    case DEF_CORE_INSTANCE:
        return link_core_instance(l, env, &def->core_instance);
    case DEF_CORE_TYPE:
        return push(l, env, SORT_CORE_TYPE, (struct link_item){0});
    case DEF_COMPONENT:
        return push(l, env, SORT_COMPONENT,
            (struct link_item){.component = {.ast = def->component, .outer = env}});
    case DEF_INSTANCE:
        return link_instance(l, env, def);
    case DEF_ALIAS:
        return link_alias(l, env, &def->alias);
    case DEF_TYPE:
        return link_type(l, env, def);
    case DEF_CANON:
        return link_canon(l, env, def);
    case DEF_IMPORT:
        return link_import(l, env, def, arguments);
    case DEF_EXPORT:
        return link_export(l, env, def);
    }
    BUG("definition %d", def->kind);
}

static int link_component(struct linker *l, struct environment *env,
    const struct ast_component *component, struct map *arguments)
{
    for (size_t i = 0; i < component->def_count; i++)
        if (link_definition(l, env, &component->defs[i], arguments) < 0)
            return -1;
    return 0;
}

/* The host's side. */

static struct program_resource *host_resource(
    struct linker *l, const struct component_host_resource *host)
{
    for (size_t i = 0; i < l->program->resources.len; i++)
        if (l->program->resources.data[i]->host == host)
            return l->program->resources.data[i];
    struct program_resource *resource = arena_new(l->arena, struct program_resource);
    struct program_resource **slot = VEC_PUSH(&l->program->resources, l->arena);
    if (!slot)
        return NULL;
    *slot = resource;
    resource->host = host;
    resource->type.name = str_of(host->name);
    resource->type.tag = host;
    resource->part = NO_INDEX;
    resource->host_index = NO_INDEX;
    for (size_t i = 0; i < l->program->host_count; i++) {
        const struct component_host_interface *interface = l->program->hosts[i].interface;
        for (size_t j = 0; j < interface->resource_count; j++)
            if (interface->resources[j] == host)
                resource->host_index = (uint32_t)i;
    }
    return resource;
}

static const struct component_host_func *host_func(
    const struct component_host_interface *interface, struct str name)
{
    for (size_t i = 0; i < interface->func_count; i++)
        if (str_is(name, interface->funcs[i].name))
            return &interface->funcs[i];
    return NULL;
}

/* The item behind one export that the component wants of a host's interface. */
static int host_item(
    struct linker *l, uint32_t host_index, const struct named_extern *wanted, struct link_item *ret)
{
    if (wanted->type.sort == EXTERN_FUNC) {
        struct program_func *func = arena_new(l->arena, struct program_func);
        func->host = host_func(l->program->hosts[host_index].interface, wanted->name);
        BUG_IF(!func->host);
        func->host_index = host_index;
        func->part = NO_INDEX;
        func->type = func->host->type;
        ret->func = func;
        return 0;
    }
    if (wanted->type.sort != EXTERN_TYPE || wanted->type.type.sort != TYPE_RESOURCE)
        return 0;
    const struct wit_resource *resource = type_map_get(&l->host_types, wanted->type.type.resource);
    if (!resource->tag)
        return error_set(
            l->err, ERROR_LINK, "'%" STR_FMT "' is no resource of the host", STR_ARG(wanted->name));
    ret->resource = host_resource(l, resource->tag);
    return ret->resource ? 0 : out_of_memory(l);
}

/*
 * Leaves out what need not be there: a type that is not a new resource has no meaning beyond its
 * structure, which the functions' types repeat.
 */
static int wanted_exports(struct linker *l, const struct instance_type *type,
    struct instance_type *ret, const struct instance_type *offered)
{
    struct named_extern *list = arena_try_array(l->arena, type->count + 1, struct named_extern);
    if (!list)
        return out_of_memory(l);
    *ret = (struct instance_type){.exports = list};
    for (size_t i = 0; i < type->count; i++) {
        const struct named_extern *e = &type->exports[i];
        bool optional = e->type.sort == EXTERN_TYPE && !e->type.sub_resource;
        if (optional && !find_extern(offered->exports, offered->count, e->name))
            continue;
        list[ret->count++] = *e;
    }
    return 0;
}

static int link_host_import(struct linker *l, const struct ast_def *def, struct map *arguments)
{
    struct str name = def->import.name.name;
    uint32_t index;
    if (def->resolved.sort != EXTERN_INSTANCE)
        return error_set(l->err, ERROR_LINK,
            "the component imports %s '%" STR_FMT "', which is not there",
            extern_sort_name(def->resolved.sort), STR_ARG(name));
    const struct component_host *host = find_host(l->program, name, &index);
    static const struct component_host_interface nothing = {.name = ""};
    const struct instance_type *offered;
    struct instance_type wanted;
    if (host_instance_type(l->arena, host ? host->interface : &nothing, &offered, l->err) < 0 ||
        wanted_exports(l, def->resolved.instance, &wanted, offered) < 0)
        return -1;
    if (!host && wanted.count > 0)
        return error_set(l->err, ERROR_LINK,
            "the component imports '%" STR_FMT "', which is not there", STR_ARG(name));
    struct extern_type a = {.sort = EXTERN_INSTANCE, .instance = offered};
    struct extern_type b = {.sort = EXTERN_INSTANCE, .instance = &wanted};
    if (type_check_extern(&l->host_types, &a, &b, l->err) < 0) {
        l->err->kind = ERROR_LINK;
        return error_wrap(l->err,
            "the component's import '%" STR_FMT "' does not fit what is there", STR_ARG(name));
    }
    struct link_instance *instance = arena_new(l->arena, struct link_instance);
    map_init(&instance->exports, l->arena);
    for (size_t i = 0; i < def->resolved.instance->count; i++) {
        struct link_item item = {0};
        const struct named_extern *e = &def->resolved.instance->exports[i];
        if (host_item(l, index, e, &item) < 0 ||
            put_item(l, &instance->exports, e->name, &item) < 0)
            return -1;
    }
    return put_item(l, arguments, name, &(struct link_item){.instance = instance});
}

static int add_export(
    struct linker *l, struct str interface, struct str name, const struct program_func *func)
{
    struct program_export *slot = VEC_PUSH(&l->program->exports, l->arena);
    if (!slot)
        return out_of_memory(l);
    *slot = (struct program_export){interface, name, func};
    return 0;
}

static int link_exports(struct linker *l, const struct link_instance *root)
{
    const struct component_type *type = l->program->component->root->type;
    for (size_t i = 0; i < type->export_count; i++) {
        const struct named_extern *e = &type->exports[i];
        const struct link_item *item = map_get(&root->exports, e->name);
        BUG_IF(!item);
        if (e->type.sort == EXTERN_FUNC && add_export(l, STR_EMPTY, e->name, item->func) < 0)
            return -1;
        if (e->type.sort != EXTERN_INSTANCE)
            continue;
        for (size_t j = 0; j < e->type.instance->count; j++) {
            const struct named_extern *inner = &e->type.instance->exports[j];
            const struct link_item *found = map_get(&item->instance->exports, inner->name);
            BUG_IF(!found);
            if (inner->type.sort == EXTERN_FUNC &&
                add_export(l, e->name, inner->name, found->func) < 0)
                return -1;
        }
    }
    return 0;
}

static int link_root(struct linker *l)
{
    const struct ast_component *root = l->program->component->root;
    struct map arguments;
    struct environment *env = new_environment(l, NULL, NO_INDEX);
    if (!env)
        return out_of_memory(l);
    map_init(&arguments, l->arena);
    type_map_init(&l->host_types, l->arena);
    for (size_t i = 0; i < root->def_count; i++)
        if (root->defs[i].kind == DEF_IMPORT && link_host_import(l, &root->defs[i], &arguments) < 0)
            return -1;
    if (link_component(l, env, root, &arguments) < 0)
        return -1;
    return link_exports(l, env->result);
}

static int choose_code(const struct component_program_options *options,
    const struct wasm_module *module, struct wasm_code_unit **ret, struct error *err)
{
    if (options->interpret)
        return wasm_code_interpret(module, ret, err);
    return component_code_choose(module, &options->native, ret, err);
}

static int choose_codes(struct linker *l)
{
    for (size_t i = 0; i < l->program->steps.len; i++) {
        struct program_step *step = &l->program->steps.data[i];
        for (size_t j = 0; j < i && !step->code; j++) {
            if (l->program->steps.data[j].module != step->module)
                continue;
            step->code = l->program->steps.data[j].code;
            wasm_code_ref(step->code);
        }
        if (!step->code && choose_code(l->options, step->module, &step->code, l->err) < 0)
            return -1;
    }
    return 0;
}

int component_program_new(const struct component *component,
    const struct component_program_options *options, struct component_program **ret_program,
    struct error *err)
{
    struct component_program *program = calloc(1, sizeof(*program));
    if (!program)
        return error_set(err, ERROR_MEMORY, "out of memory for a component");
    program->arena = ARENA_INIT(LIMIT_COMPONENT_LINK_BYTES);
    program->component = component;
    program->limits = options->limits;
    struct component_host *hosts =
        arena_alloc(&program->arena, (options->host_count + 1) * sizeof(*hosts));
    if (options->host_count)
        memcpy(hosts, options->hosts, options->host_count * sizeof(*hosts));
    program->hosts = hosts;
    program->host_count = options->host_count;
    struct linker l = {
        .program = program, .arena = &program->arena, .err = err, .options = options};
    if (link_root(&l) < 0 || find_forwards(program, err) < 0 || choose_codes(&l) < 0) {
        component_program_free(program);
        return -1;
    }
    *ret_program = program;
    return 0;
}

void component_program_free(struct component_program *program)
{
    if (!program)
        return;
    for (size_t i = 0; i < program->steps.len; i++)
        if (program->steps.data[i].code)
            wasm_code_unref(program->steps.data[i].code);
    arena_release(&program->arena);
    free(program);
}
