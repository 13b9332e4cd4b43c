#include "componentize/bindings.h"

#include "base/limits.h"
#include "componentize/hosts.h"

static int out_of_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "the world is too large");
}

static struct binding_interface *add_interface(struct bindings *b, struct str module)
{
    struct binding_interface *slot = VEC_PUSH(&b->interfaces, b->arena);
    if (slot)
        *slot = (struct binding_interface){.module = module, .early = build_hosts_offer(module)};
    return slot;
}

static bool add_name(struct bindings *b, struct binding_interface *interface, struct str name)
{
    struct str *slot = VEC_PUSH(&interface->names, b->arena);
    if (!slot)
        return false;
    *slot = name;
    b->count++;
    return true;
}

/* A name for a resource that is defined here; nothing for other types. */
static bool add_resource(struct bindings *b, struct binding_interface *interface,
    const struct wit_definition *type, const char *prefix)
{
    if (!type || type->kind != WIT_DEFINES || !type->resource)
        return true;
    const char *name = arena_printf(b->arena, "%s%" STR_FMT, prefix, STR_ARG(type->resource->name));
    return add_name(b, interface, str_of(name));
}

/* A name for each resource of the interface. */
static bool add_resources(struct bindings *b, struct binding_interface *slot,
    const struct wit_interface *interface, const char *prefix)
{
    for (uint32_t i = 0; i < interface->type_count; i++)
        if (!add_resource(b, slot, interface->types[i], prefix))
            return false;
    return true;
}

static bool add_functions(struct bindings *b, const struct wit_interface *interface)
{
    struct binding_interface *slot = add_interface(b, interface->id);
    bool added = slot != NULL;
    for (uint32_t i = 0; added && i < interface->func_count; i++)
        added = add_name(b, slot, interface->funcs[i]->name);
    return added && add_resources(b, slot, interface, "[resource-drop]");
}

/* What the world imports without an interface. */
static bool add_root(struct bindings *b, const struct wit_world *world)
{
    struct binding_interface *slot = add_interface(b, STR("$root"));
    bool added = slot != NULL;
    for (uint32_t i = 0; added && i < world->import_count; i++) {
        const struct wit_item *item = &world->imports[i];
        added = (!item->func || add_name(b, slot, item->func->name)) &&
                add_resource(b, slot, item->type, "[resource-drop]");
    }
    return added;
}

/* What handles the application's resources. */
static bool add_exported(struct bindings *b, const struct wit_interface *interface)
{
    const char *module = arena_printf(b->arena, "[export]%" STR_FMT, STR_ARG(interface->id));
    struct binding_interface *slot = add_interface(b, str_of(module));
    return slot && add_resources(b, slot, interface, "[resource-new]") &&
           add_resources(b, slot, interface, "[resource-rep]") &&
           add_resources(b, slot, interface, "[resource-drop]");
}

int bindings_make(
    struct arena *a, const struct wit_world *world, struct bindings *ret, struct error *err)
{
    *ret = (struct bindings){.arena = a};
    bool added = add_root(ret, world);
    for (uint32_t i = 0; added && i < world->import_count; i++)
        if (world->imports[i].interface)
            added = add_functions(ret, world->imports[i].interface);
    for (uint32_t i = 0; added && i < world->export_count; i++)
        if (world->exports[i].interface)
            added = add_exported(ret, world->exports[i].interface);
    return added ? 0 : out_of_memory(err);
}

/* ------------------------------------------------------------------------------- dispatches */

static bool add_exports(struct bindings *b, const struct wit_interface *interface)
{
    struct binding_interface *slot = add_interface(b, interface->id);
    bool added = slot != NULL;
    for (uint32_t i = 0; added && i < interface->func_count; i++)
        added = add_name(b, slot, interface->funcs[i]->name);
    return added && add_resources(b, slot, interface, "[dtor]");
}

static bool add_root_exports(struct bindings *b, const struct wit_world *world)
{
    struct binding_interface *slot = add_interface(b, STR_EMPTY);
    bool added = slot != NULL;
    for (uint32_t i = 0; added && i < world->export_count; i++)
        if (world->exports[i].func)
            added = add_name(b, slot, world->exports[i].func->name);
    return added;
}

int dispatches_make(
    struct arena *a, const struct wit_world *world, struct dispatches *ret, struct error *err)
{
    struct bindings *table = &ret->table;
    *ret = (struct dispatches){.table = {.arena = a}};
    bool added = add_root_exports(table, world);
    for (uint32_t i = 0; added && i < world->export_count; i++)
        if (world->exports[i].interface)
            added = add_exports(table, world->exports[i].interface);
    struct encode_dispatch *list = arena_try_array(a, table->count + 1, struct encode_dispatch),
                           *next = list;
    if (!added || !list)
        return out_of_memory(err);
    for (size_t i = 0; i < table->interfaces.len; i++) {
        const struct binding_interface *interface = &table->interfaces.data[i];
        for (size_t j = 0; j < interface->names.len; j++)
            *next++ = (struct encode_dispatch){interface->module, interface->names.data[j]};
    }
    ret->list = list;
    return 0;
}

/* ------------------------------------------------------------------------------- as they go on */

char *bindings_lines(const struct bindings *b, const struct binding_interface *interface)
{
    size_t len = 0;
    for (size_t i = 0; i < interface->names.len; i++)
        len += interface->names.data[i].len + 1;
    char *text = arena_try_alloc_raw(b->arena, len + 1), *end = text;
    for (size_t i = 0; text && i < interface->names.len; i++) {
        struct str name = interface->names.data[i];
        memcpy(end, name.ptr, name.len);
        end += name.len;
        *end++ = '\n';
    }
    if (text)
        *end = '\0';
    return text;
}

bool bindings_dispensable(const struct bindings *b, struct str interface, bool bare)
{
    for (size_t i = 0; i < b->interfaces.len; i++)
        if (b->interfaces.data[i].named && str_equal(b->interfaces.data[i].module, interface))
            return false;
    return str_starts_with(interface, bare ? STR("wasi:") : STR("wasi:http/"));
}

int bindings_choose(const struct bindings *b, enum binding_choice choice,
    const struct encode_binding **ret, struct error *err)
{
    struct encode_binding *list = arena_try_array(b->arena, b->count + 1, struct encode_binding);
    size_t number = 0;
    if (!list)
        return out_of_memory(err);
    for (size_t i = 0; i < b->interfaces.len; i++) {
        const struct binding_interface *interface = &b->interfaces.data[i];
        bool chosen = choice == BINDINGS_EARLY ? interface->early : interface->numbered;
        for (size_t j = 0; j < interface->names.len; j++, number++)
            if (chosen)
                list[number] = (struct encode_binding){interface->module, interface->names.data[j]};
    }
    *ret = list;
    return 0;
}
