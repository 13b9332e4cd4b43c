/*
 * Components: decoding and validation together, and what a component imports and exports.
 */
#include "component/component.h"

#include "base/limits.h"
#include "component/validate.h"

/* Room for the syntax trees of the largest components, nested modules included. */
#define COMPONENT_ARENA (1 * GIB)

int component_decode(struct str bytes, const struct component_native_options *native,
    struct component **ret_component, struct error *err)
{
    struct component *component = calloc(1, sizeof(*component));
    if (!component)
        return error_set(err, ERROR_MEMORY, "out of memory for a component");
    component->arena = ARENA_INIT(COMPONENT_ARENA);
    if (decode_component(bytes, &component->arena, &component->root, err) < 0) {
        error_wrap(err, "malformed component");
        component_free(component);
        return -1;
    }
    if (validate_component(component->root, &component->arena, native, err) < 0) {
        error_wrap(err, "invalid component");
        component_free(component);
        return -1;
    }
    *ret_component = component;
    return 0;
}

void component_free(struct component *component)
{
    if (!component)
        return;
    arena_release(&component->arena);
    free(component);
}

static bool has_only_types(const struct extern_type *type)
{
    if (type->sort != EXTERN_INSTANCE)
        return false;
    for (size_t i = 0; i < type->instance->count; i++) {
        const struct extern_type *inner = &type->instance->exports[i].type;
        if (inner->sort != EXTERN_TYPE || inner->sub_resource)
            return false;
    }
    return true;
}

static struct component_extern_name extern_name(const struct named_extern *named)
{
    static const char *const sorts[] = {"module", "func", "value", "type", "component", "instance"};
    return (struct component_extern_name){
        named->name, sorts[named->type.sort], has_only_types(&named->type)};
}

size_t component_import_count(const struct component *component)
{
    return component->root->type->import_count;
}

struct component_extern_name component_import(const struct component *component, size_t index)
{
    return extern_name(&component->root->type->imports[index]);
}

size_t component_export_count(const struct component *component)
{
    return component->root->type->export_count;
}

struct component_extern_name component_export(const struct component *component, size_t index)
{
    return extern_name(&component->root->type->exports[index]);
}
