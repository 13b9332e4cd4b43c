/* From the resolver's packages to witc's model. */
#include "model.h"
#include "wit/resolve.h"

static int compare_interfaces(const void *left, const void *right)
{
    const struct witc_interface *a = left, *b = right;
    return str_compare(a->name, b->name);
}

static int compare_owners(const void *left, const void *right)
{
    const struct witc_owner *a = left, *b = right;
    return a->key < b->key ? -1 : a->key > b->key;
}

/* "_v2" for a version 2.0.0, "_v3_1" for 3.1.0, nothing for versions below 1 or none. */
static const char *version_suffix(struct arena *a, struct str version)
{
    if (version.len == 0 || version.ptr[0] == '0')
        return "";
    ptrdiff_t major = str_find_byte(version, '.');
    if (major < 0)
        return "";
    struct str rest = str_skip(version, (size_t)major + 1);
    ptrdiff_t minor = str_find_byte(rest, '.');
    if (minor <= 0 || (minor == 1 && rest.ptr[0] == '0'))
        return arena_printf(a, "_v%.*s", (int)major, version.ptr);
    return arena_printf(a, "_v%.*s_%.*s", (int)major, version.ptr, (int)minor, rest.ptr);
}

/* "wasi_http_types", "fermyon_spin_v2_key_value". */
static const char *make_prefix(struct arena *a, const struct wit_interface *interface)
{
    const struct wit_package *package = interface->package;
    char *name =
        arena_printf(a, "%" STR_FMT "_%" STR_FMT "%s_%" STR_FMT, STR_ARG(package->namespace),
            STR_ARG(package->name), version_suffix(a, package->version), STR_ARG(interface->name));
    for (char *c = name; *c; c++)
        if (*c == '-')
            *c = '_';
    return name;
}

static void load_interface(
    struct arena *a, const struct wit_interface *from, struct witc_interface *to)
{
    *to = (struct witc_interface){.name = from->id,
        .prefix = make_prefix(a, from),
        .type_count = from->type_count,
        .types = arena_alloc(a, (from->type_count + 1) * sizeof(*to->types)),
        .func_count = from->func_count,
        .funcs = arena_alloc(a, (from->func_count + 1) * sizeof(*to->funcs))};
    for (uint32_t i = 0; i < from->type_count; i++) {
        const struct wit_definition *definition = from->types[i];
        to->types[i].name = definition->name;
        to->types[i].resource = definition->resource;
        to->types[i].type = definition->resource ? NULL : definition->type;
        to->types[i].defines_resource = definition->resource && definition->kind == WIT_DEFINES;
    }
    for (uint32_t i = 0; i < from->func_count; i++)
        to->funcs[i] = (struct witc_func){from->funcs[i]->name, &from->funcs[i]->type};
}

static size_t count_definitions(const struct wit_resolve *r)
{
    size_t count = 0;
    for (uint32_t i = 0; i < r->interface_count; i++)
        count += r->interfaces[i]->type_count;
    return count;
}

/* Owners are found by the definitions that are no aliases and no uses. */
static void load_owners(const struct wit_resolve *r, struct witc_model *model)
{
    model->owners = arena_alloc(model->arena, (count_definitions(r) + 1) * sizeof(*model->owners));
    for (uint32_t i = 0; i < r->interface_count; i++) {
        const struct wit_interface *interface = r->interfaces[i];
        const struct witc_interface *owner = witc_find(model, interface->id);
        for (uint32_t t = 0; owner && t < interface->type_count; t++) {
            const struct wit_definition *definition = interface->types[t];
            if (definition->kind != WIT_DEFINES)
                continue;
            const void *key =
                definition->resource ? (const void *)definition->resource : definition->type;
            model->owners[model->owner_count++] = (struct witc_owner){key, owner};
        }
    }
    qsort(model->owners, model->owner_count, sizeof(*model->owners), compare_owners);
    for (size_t i = 0; i < model->interface_count; i++) {
        struct witc_interface *interface = &model->interfaces[i];
        for (size_t t = 0; t < interface->type_count; t++) {
            struct witc_type *type = &interface->types[t];
            type->owner = witc_owner(
                model, type->resource ? (const void *)type->resource : (const void *)type->type);
        }
    }
}

int witc_load(const char *folder, struct arena *a, struct witc_model *ret_model, struct error *err)
{
    struct wit_resolve *r = arena_new(a, struct wit_resolve);
    const struct wit_package *package;
    wit_resolve_init(r, a, (struct wit_features){.all = true});
    if (wit_resolve_add(r, folder, &package, err) < 0)
        return -1;
    *ret_model = (struct witc_model){.arena = a,
        .interfaces = arena_alloc(a, (r->interface_count + 1) * sizeof(*ret_model->interfaces))};
    for (uint32_t i = 0; i < r->interface_count; i++)
        if (r->interfaces[i]->name.len)
            load_interface(
                a, r->interfaces[i], &ret_model->interfaces[ret_model->interface_count++]);
    qsort(ret_model->interfaces, ret_model->interface_count, sizeof(*ret_model->interfaces),
        compare_interfaces);
    load_owners(r, ret_model);
    return 0;
}

const struct witc_interface *witc_find(const struct witc_model *model, struct str name)
{
    for (size_t i = 0; i < model->interface_count; i++)
        if (str_equal(model->interfaces[i].name, name))
            return &model->interfaces[i];
    return NULL;
}

const struct witc_interface *witc_owner(const struct witc_model *model, const void *key)
{
    struct witc_owner wanted = {.key = key};
    const struct witc_owner *found =
        model->owner_count
            ? bsearch(&wanted, model->owners, model->owner_count, sizeof(wanted), compare_owners)
            : NULL;
    return found ? found->interface : NULL;
}
