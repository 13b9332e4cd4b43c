/*
 * Host interfaces as seen by the linker: found by name, compared by type.
 */
#include "component/program.h"

/* Splits off "@1.2.3"; the part of the version that must agree, by semantic versioning. */
static struct str version_track(struct str name, struct str *ret_path)
{
    ptrdiff_t at = str_find_byte(name, '@');
    *ret_path = name;
    if (at < 0)
        return STR_EMPTY;
    *ret_path = str_make(name.ptr, (size_t)at);
    struct str version = str_skip(name, (size_t)at + 1);
    if (str_find_byte(version, '-') >= 0) /* a pre-release is like nothing but itself */
        return STR_EMPTY;
    /* Up to and with the first number that is not 0. */
    size_t end = 0;
    for (int numbers = 0; numbers < 3; numbers++) {
        size_t start = end;
        while (end < version.len && version.ptr[end] != '.')
            end++;
        if (!str_is(str_make(version.ptr + start, end - start), "0") || end == version.len)
            break;
        end++;
    }
    return str_make(version.ptr, end < version.len ? end : version.len);
}

bool interface_compatible(struct str a, struct str b)
{
    struct str path_a, path_b;
    if (str_equal(a, b))
        return true;
    struct str track_a = version_track(a, &path_a), track_b = version_track(b, &path_b);
    return str_equal(path_a, path_b) && track_a.len && str_equal(track_a, track_b);
}

const struct component_host *find_host(
    const struct component_program *program, struct str name, uint32_t *ret_index)
{
    for (int exact = 1; exact >= 0; exact--) {
        for (size_t i = 0; i < program->host_count; i++) {
            struct str offered = str_of(program->hosts[i].interface->name);
            if (exact ? str_equal(offered, name) : interface_compatible(offered, name)) {
                *ret_index = (uint32_t)i;
                return &program->hosts[i];
            }
        }
    }
    return NULL;
}

static bool has_export(const struct instance_type *type, struct str name)
{
    return find_extern(type->exports, type->count, name) != NULL;
}

/* The resource itself as a type, found through a named own type or made for its own interface. */
static struct extern_type resource_extern(
    struct arena *a, const struct wit_type *own, const struct component_host_resource *host)
{
    struct extern_type type = {.sort = EXTERN_TYPE};
    type.type.sort = TYPE_RESOURCE;
    if (own) {
        type.type.resource = own->resource;
        return type;
    }
    struct wit_resource *resource = arena_new(a, struct wit_resource);
    *resource = (struct wit_resource){.name = str_of(host->name), .tag = host};
    type.type.resource = resource;
    return type;
}

int host_instance_type(struct arena *a, const struct component_host_interface *interface,
    const struct instance_type **ret_type, struct error *err)
{
    size_t max = interface->func_count + interface->resource_count + interface->type_count;
    struct named_extern *exports = arena_try_array(a, max + 1, struct named_extern);
    if (!exports)
        return error_set(err, ERROR_MEMORY, "out of memory for host interfaces");
    struct instance_type *type = arena_new(a, struct instance_type);
    type->exports = exports;
    for (size_t i = 0; i < interface->type_count; i++) {
        const struct wit_type *named = interface->types[i];
        struct named_extern *e = &exports[type->count++];
        e->name = named->name;
        if (named->kind == WIT_OWN)
            e->type = resource_extern(a, named, NULL);
        else
            e->type = (struct extern_type){
                .sort = EXTERN_TYPE, .type = {.sort = TYPE_VALUE, .value = named}};
    }
    for (size_t i = 0; i < interface->resource_count; i++) {
        struct str name = str_of(interface->resources[i]->name);
        if (!has_export(type, name))
            exports[type->count++] =
                (struct named_extern){name, resource_extern(a, NULL, interface->resources[i])};
    }
    for (size_t i = 0; i < interface->func_count; i++)
        exports[type->count++] = (struct named_extern){str_of(interface->funcs[i].name),
            {.sort = EXTERN_FUNC, .func = interface->funcs[i].type}};
    *ret_type = type;
    return 0;
}
