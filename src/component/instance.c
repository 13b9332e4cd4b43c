/*
 * Instances of a linked component: made step by step, imaged, rewound.
 */
#include "component/instance_int.h"

void *instance_host(const struct component_instance *instance, uint32_t host_index)
{
    void *host = instance->program->hosts[host_index].host;
    return host ? host : instance->host;
}

void drop_host_object(struct component_instance *instance, const void *tag, void *rep)
{
    const struct component_program *program = instance->program;
    for (size_t i = 0; i < program->resources.len; i++) {
        const struct program_resource *resource = program->resources.data[i];
        if (resource->host != tag)
            continue;
        if (resource->host->drop)
            resource->host->drop(resource->host_index == NO_INDEX
                                     ? instance->host
                                     : instance_host(instance, resource->host_index),
                rep);
        return;
    }
}

static int out_of_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "out of memory for a component instance");
}

static struct wasm_func *core_func(
    struct component_instance *instance, const struct core_source *source);

/* Validated: the export is there and of the right kind. */
static struct wasm_extern core_extern(
    struct component_instance *instance, const struct core_source *source)
{
    struct wasm_extern found;
    if (source->is_trampoline)
        return (struct wasm_extern){.kind = WASM_EXTERN_FUNC, .func = core_func(instance, source)};
    struct wasm_instance *core = instance->cores[source->index];
    if (!core || !wasm_instance_export(core, source->name, &found))
        BUG("no core export '%" STR_FMT "'", STR_ARG(source->name));
    return found;
}

static struct call_options resolve_options(
    struct component_instance *instance, const struct program_options *options)
{
    struct call_options o = {.encoding = options->encoding};
    if (options->has_memory)
        o.memory = core_extern(instance, &options->memory).memory;
    if (options->has_realloc)
        o.realloc = core_func(instance, &options->realloc);
    if (options->has_post_return)
        o.post_return = core_func(instance, &options->post_return);
    return o;
}

static struct component_func *resolve_func(
    struct component_instance *instance, const struct program_func *program)
{
    struct component_func *func = &instance->funcs[program->index];
    if (!func->core) {
        func->program = program;
        func->part = &instance->parts[program->part];
        func->options = resolve_options(instance, &program->options);
        func->core = core_func(instance, &program->core);
    }
    return func;
}

/* Made when a step imports it: what its options name exists by then. */
static struct trampoline *resolve_trampoline(struct component_instance *instance, uint32_t index)
{
    if (instance->trampolines[index])
        return instance->trampolines[index];
    const struct program_trampoline *program = instance->program->trampolines.data[index];
    struct trampoline *t = arena_new(wasm_store_arena(instance->store), struct trampoline);
    instance->trampolines[index] = t;
    t->program = program;
    t->part = &instance->parts[program->part];
    t->options = resolve_options(instance, &program->options);
    if (program->kind == CANON_LOWER && !program->callee->host)
        t->callee = resolve_func(instance, program->callee);
    t->func = wasm_host_func_new(instance->store, program->core_type, trampoline_body, t);
    return t;
}

static struct wasm_func *core_func(
    struct component_instance *instance, const struct core_source *source)
{
    return source->is_trampoline ? resolve_trampoline(instance, source->index)->func
                                 : core_extern(instance, source).func;
}

static int run_step(struct component_instance *instance, size_t index, struct wasm_trap *ret_trap,
    struct error *err)
{
    const struct program_step *step = &instance->program->steps.data[index];
    struct wasm_extern *imports =
        arena_try_array(&instance->arena, step->module->import_count + 1, struct wasm_extern);
    if (!imports)
        return out_of_memory(err);
    for (uint32_t i = 0; i < step->module->import_count; i++)
        imports[i] = core_extern(instance, &step->imports[i]);
    return wasm_instantiate(
        instance->store, step->module, step->code, imports, &instance->cores[index], ret_trap, err);
}

/* Imports the target in place of a shim's function that leads to it (shim.c). */
static void see_through(struct component_instance *instance, size_t index)
{
    const struct program_step *step = &instance->program->steps.data[index];
    struct wasm_instance *core = instance->cores[index];
    uint32_t func = 0;
    if (!step->forwards)
        return;
    for (uint32_t i = 0; i < step->module->import_count; i++) {
        if (step->module->imports[i].type.kind != WASM_EXTERN_FUNC)
            continue;
        const struct program_forward *forward = &step->forwards[i];
        struct wasm_extern table;
        uint32_t slot = func++;
        if (!forward->is_forward ||
            !wasm_instance_export(instance->cores[step->imports[i].index], forward->table, &table))
            continue;
        if (forward->element >= table.table->size)
            continue;
        struct wasm_func *target = table.table->elements[forward->element].ref;
        if (target && wasm_func_type_equal(target->type, core->imports[slot]->type))
            wasm_instance_redirect(core, slot, target);
    }
}

static void resolve_all(struct component_instance *instance)
{
    const struct component_program *program = instance->program;
    for (size_t i = 0; i < program->funcs.len; i++)
        resolve_func(instance, program->funcs.data[i]);
    for (size_t i = 0; i < program->resources.len; i++) {
        const struct program_resource *resource = program->resources.data[i];
        if (resource->has_dtor)
            instance->dtors[resource->dtor_index] = core_func(instance, &resource->dtor);
    }
}

/* Destructors may be needed while later steps still run their start functions. */
static void resolve_dtors(struct component_instance *instance, size_t done)
{
    const struct component_program *program = instance->program;
    for (size_t i = 0; i < program->resources.len; i++) {
        const struct program_resource *resource = program->resources.data[i];
        if (!resource->has_dtor || instance->dtors[resource->dtor_index] ||
            resource->dtor.is_trampoline || resource->dtor.index >= done)
            continue;
        instance->dtors[resource->dtor_index] = core_func(instance, &resource->dtor);
    }
}

static int make_parts(struct component_instance *instance, struct error *err)
{
    const struct component_program *program = instance->program;
    instance->parts = calloc(program->parts.len, sizeof(*instance->parts));
    instance->cores = calloc(program->steps.len + 1, sizeof(struct wasm_instance *));
    instance->trampolines = calloc(program->trampolines.len + 1, sizeof(struct trampoline *));
    instance->funcs = calloc(program->funcs.len + 1, sizeof(*instance->funcs));
    instance->dtors = calloc(program->dtor_count + 1, sizeof(struct wasm_func *));
    if (!instance->parts || !instance->cores || !instance->trampolines || !instance->funcs ||
        !instance->dtors)
        return out_of_memory(err);
    for (size_t i = 0; i < program->parts.len; i++)
        instance->parts[i] = (struct component_part){.instance = instance,
            .parent = program->parts.data[i].parent,
            .index = (uint32_t)i,
            .may_leave = true};
    instance->give_to = &instance->parts[0];
    return 0;
}

static int run_steps(struct component_instance *instance, struct wasm_image *image,
    struct wasm_trap *ret_trap, struct error *err)
{
    for (size_t i = 0; i < instance->program->steps.len; i++) {
        if (run_step(instance, i, ret_trap, err) < 0)
            return -1;
        resolve_dtors(instance, i + 1);
    }
    resolve_all(instance);
    if (image && wasm_store_restore(instance->store, err) < 0)
        return -1;
    for (size_t i = 0; i < instance->program->steps.len; i++)
        see_through(instance, i);
    arena_reset(&instance->arena);
    return 0;
}

int component_instantiate_with(const struct component_program *program, struct wasm_image *image,
    void *host, struct component_instance **ret_instance, struct wasm_trap *ret_trap,
    struct error *err)
{
    struct component_instance *instance = calloc(1, sizeof(*instance));
    if (!instance)
        return out_of_memory(err);
    instance->program = program;
    instance->host = host;
    instance->arena = ARENA_INIT(LIMIT_REQUEST_ARENA);
    if (make_parts(instance, err) < 0 ||
        wasm_store_new(&program->limits, image, &instance->store, err) < 0 ||
        run_steps(instance, image, ret_trap, err) < 0) {
        component_instance_free(instance);
        return -1;
    }
    wasm_store_set_data(instance->store, instance);
    *ret_instance = instance;
    return 0;
}

int component_instantiate(const struct component_program *program, struct wasm_image *image,
    struct component_instance **ret_instance, struct wasm_trap *ret_trap, struct error *err)
{
    return component_instantiate_with(program, image, NULL, ret_instance, ret_trap, err);
}

static void drop_left_over(struct component_instance *instance)
{
    for (size_t i = 0; i < instance->program->parts.len; i++) {
        struct handle_table *t = &instance->parts[i].handles;
        if (t->live)
            for (uint32_t h = 1; h < t->len; h++)
                if (t->data[h].tag && !t->data[h].scope)
                    drop_host_object(instance, t->data[h].tag, t->data[h].rep);
        handles_clear(t);
    }
}

void component_instance_free(struct component_instance *instance)
{
    if (!instance)
        return;
    if (instance->parts) {
        drop_left_over(instance);
        for (size_t i = 0; i < instance->program->parts.len; i++)
            handles_release(&instance->parts[i].handles);
    }
    wasm_store_free(instance->store);
    while (instance->scratch_free) {
        struct scratch *next = instance->scratch_free->next;
        arena_release(&instance->scratch_free->arena);
        free(instance->scratch_free);
        instance->scratch_free = next;
    }
    arena_release(&instance->arena);
    free(instance->lends);
    free(instance->parts);
    free(instance->cores);
    free(instance->trampolines);
    free(instance->funcs);
    free(instance->dtors);
    free(instance);
}

int component_image(
    struct component_instance *instance, struct wasm_image **ret_image, struct error *err)
{
    for (size_t i = 0; i < instance->program->parts.len; i++)
        if (instance->parts[i].handles.live)
            return error_set(err, ERROR_INVALID, "an image cannot be taken: %u handles are open",
                instance->parts[i].handles.live);
    return wasm_image_take(instance->store, ret_image, err);
}

void component_instance_rewind(struct component_instance *instance)
{
    drop_left_over(instance);
    for (size_t i = 0; i < instance->program->parts.len; i++) {
        instance->parts[i].entered = false;
        instance->parts[i].may_leave = true;
    }
    instance->lend_count = 0;
    arena_reset(&instance->arena);
    wasm_store_rewind(instance->store);
}

int component_instance_compare(struct component_instance *instance, struct error *err)
{
    for (size_t i = 0; i < instance->program->parts.len; i++) {
        const struct component_part *part = &instance->parts[i];
        if (part->handles.live || part->handles.len)
            return error_set(err, ERROR_INVALID, "%u handles are left", part->handles.live);
        if (part->entered || !part->may_leave)
            return error_set(err, ERROR_INVALID, "a component instance is still entered");
    }
    return wasm_store_compare(instance->store, err);
}

struct wasm_store *component_instance_store(struct component_instance *instance)
{
    return instance->store;
}

void component_instance_set_host(struct component_instance *instance, void *host)
{
    instance->host = host;
}

struct arena *component_instance_arena(struct component_instance *instance)
{
    return &instance->arena;
}

static const struct program_func *find_func(
    const struct component_program *program, struct str interface, struct str name)
{
    for (int exact = 1; exact >= 0; exact--) {
        for (size_t i = 0; i < program->exports.len; i++) {
            const struct program_export *e = &program->exports.data[i];
            if (str_equal(e->name, name) && (exact ? str_equal(e->interface, interface)
                                                   : interface_compatible(e->interface, interface)))
                return e->func;
        }
    }
    return NULL;
}

struct component_func *component_instance_func(
    struct component_instance *instance, struct str interface, struct str name)
{
    const struct program_func *func = find_func(instance->program, interface, name);
    if (!func || func->host)
        return NULL;
    instance->give_to = &instance->parts[func->part];
    return &instance->funcs[func->index];
}

const struct wit_func_type *component_func_type(const struct component_func *func)
{
    return func->program->type;
}

int component_instance_give(struct component_instance *instance,
    const struct component_host_resource *type, void *rep, uint32_t *ret_handle)
{
    return handles_add(&instance->give_to->handles, type, rep, NULL, ret_handle) ? 0 : -1;
}

struct wasm_instance *component_core_instance(struct component_instance *instance, size_t index)
{
    return index < instance->program->steps.len ? instance->cores[index] : NULL;
}
