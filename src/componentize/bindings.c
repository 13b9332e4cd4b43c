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

/* What drops handles of a resource that is defined here. */
static bool add_drop(
    struct bindings *b, struct binding_interface *interface, const struct wit_definition *type)
{
    if (!type || type->kind != WIT_DEFINES || !type->resource)
        return true;
    const char *name =
        arena_printf(b->arena, "[resource-drop]%" STR_FMT, STR_ARG(type->resource->name));
    return add_name(b, interface, str_of(name));
}

static bool add_functions(struct bindings *b, const struct wit_interface *interface)
{
    struct binding_interface *slot = add_interface(b, interface->id);
    bool added = slot != NULL;
    for (uint32_t i = 0; added && i < interface->func_count; i++)
        added = add_name(b, slot, interface->funcs[i]->name);
    for (uint32_t i = 0; added && i < interface->type_count; i++)
        added = add_drop(b, slot, interface->types[i]);
    return added;
}

/* What the world imports without an interface. */
static bool add_root(struct bindings *b, const struct wit_world *world)
{
    struct binding_interface *slot = add_interface(b, STR("$root"));
    bool added = slot != NULL;
    for (uint32_t i = 0; added && i < world->import_count; i++) {
        const struct wit_item *item = &world->imports[i];
        added =
            (!item->func || add_name(b, slot, item->func->name)) && add_drop(b, slot, item->type);
    }
    return added;
}

int bindings_make(
    struct arena *a, const struct wit_world *world, struct bindings *ret, struct error *err)
{
    *ret = (struct bindings){.arena = a};
    if (!add_root(ret, world))
        return out_of_memory(err);
    for (uint32_t i = 0; i < world->import_count; i++)
        if (world->imports[i].interface && !add_functions(ret, world->imports[i].interface))
            return out_of_memory(err);
    return 0;
}

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

int bindings_choose(const struct bindings *b, enum binding_choice choice,
    const struct encode_binding **ret, struct error *err)
{
    struct encode_binding *list = arena_try_array(b->arena, b->count + 1, struct encode_binding);
    size_t number = 0;
    if (!list)
        return out_of_memory(err);
    for (size_t i = 0; i < b->interfaces.len; i++) {
        const struct binding_interface *interface = &b->interfaces.data[i];
        bool chosen = choice == BINDINGS_EARLY ? interface->early : interface->used;
        for (size_t j = 0; j < interface->names.len; j++, number++)
            if (chosen)
                list[number] = (struct encode_binding){interface->module, interface->names.data[j]};
    }
    *ret = list;
    return 0;
}
