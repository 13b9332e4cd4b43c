#include "componentize/interfaces.h"

/* Which interfaces of the resolve take part, by their index, and where each stands in the input. */
struct selection {
    const struct wit_resolve *r;
    const struct wit_world *world;
    bool *imported, *exported;
    struct encode_interface *imports, *exports; /* with room for all */
    const struct encode_interface **import_of, **export_of;
    size_t import_count, export_count;
    const struct absent_list *absent;
};

static int out_of_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "the world is too large");
}

static int allocate(struct selection *s, struct error *err)
{
    struct arena *a = s->r->arena;
    size_t n = (size_t)s->r->interface_count + 1;
    s->imported = arena_try_array(a, n, bool);
    s->exported = arena_try_array(a, n, bool);
    s->imports = arena_try_array(a, n, struct encode_interface);
    s->exports = arena_try_array(a, n, struct encode_interface);
    s->import_of = arena_try_array(a, n, const struct encode_interface *);
    s->export_of = arena_try_array(a, n, const struct encode_interface *);
    bool all =
        s->imported && s->exported && s->imports && s->exports && s->import_of && s->export_of;
    return all ? 0 : out_of_memory(err);
}

/* The definition at the end of `use`s and aliases; NULL if there is none, only a plain type. */
static const struct wit_definition *defined(const struct wit_definition *def)
{
    while (def && def->kind != WIT_DEFINES)
        def = def->target;
    return def;
}

static bool is_resource(const struct wit_definition *def)
{
    return def->resource != NULL;
}

/* Marks an interface and, as it may be, what it uses. */
static void import_with_uses(struct selection *s, const struct wit_interface *interface)
{
    if (s->imported[interface->index])
        return;
    s->imported[interface->index] = true;
    for (uint32_t i = 0; i < interface->type_count; i++) {
        const struct wit_definition *def = defined(interface->types[i]);
        if (def && def->interface && def->interface != interface)
            import_with_uses(s, def->interface);
    }
}

/* By its full name, or as an inline one of the world by its label. */
static const struct wit_interface *find_interface(const struct selection *s, struct str name)
{
    for (uint32_t i = 0; i < s->world->import_count; i++)
        if (s->world->imports[i].interface && str_equal(s->world->imports[i].name, name))
            return s->world->imports[i].interface;
    return wit_resolve_interface(s->r, name);
}

/* An interface by the module name that core imports have. */
static int select_import(struct selection *s, struct str module, struct error *err)
{
    if (str_starts_with(module, STR("[export]")) || str_is(module, "$root"))
        return 0;
    const struct wit_interface *interface = find_interface(s, module);
    if (!interface)
        return error_set(err, ERROR_LINK,
            "the interpreter needs interface '%" STR_FMT "', which is not among the WIT packages",
            STR_ARG(module));
    import_with_uses(s, interface);
    return 0;
}

static bool is_absent(const struct selection *s, struct str module)
{
    for (size_t i = 0; i < s->absent->len; i++)
        if (str_equal(s->absent->data[i], module))
            return true;
    return false;
}

/* What the core module imports by name. */
static int select_core_import(struct selection *s, struct str module, struct error *err)
{
    if (str_is(module, "spindle") || is_absent(s, module))
        return 0;
    return select_import(s, module, err);
}

static int select_imports(struct selection *s, const struct wasm_module *core,
    struct binding_list bindings, struct error *err)
{
    for (uint32_t i = 0; i < core->import_count; i++)
        if (select_core_import(s, core->imports[i].module, err) < 0)
            return -1;
    for (size_t i = 0; i < bindings.count; i++)
        if (bindings.data[i].name.len > 0 && select_import(s, bindings.data[i].module, err) < 0)
            return -1;
    return 0;
}

/* Types of the world itself may come from an interface. */
static void select_root_types(struct selection *s)
{
    for (uint32_t i = 0; i < s->world->import_count; i++) {
        const struct wit_definition *def = defined(s->world->imports[i].type);
        if (def && def->interface)
            import_with_uses(s, def->interface);
    }
}

/* What an export uses is imported, unless it is exported itself. */
static void select_exports(struct selection *s)
{
    const struct wit_world *w = s->world;
    for (uint32_t i = 0; i < w->export_count; i++)
        if (w->exports[i].interface)
            s->exported[w->exports[i].interface->index] = true;
    for (uint32_t i = 0; i < w->export_count; i++) {
        const struct wit_interface *interface = w->exports[i].interface;
        for (uint32_t t = 0; interface && t < interface->type_count; t++) {
            const struct wit_definition *def = defined(interface->types[t]);
            if (def && def->interface && !s->exported[def->interface->index])
                import_with_uses(s, def->interface);
        }
    }
}

/* ------------------------------------------------------------------------------- one interface */

static const struct encode_interface *owner(
    const struct selection *s, const struct wit_definition *def, bool exported)
{
    uint32_t index = def->interface->index;
    return exported && s->exported[index] ? s->export_of[index] : s->import_of[index];
}

/*
 * Types that are defined here or in another interface. Aliases add nothing: types are structural,
 * and an alias of a resource is the resource.
 */
static int fill_types(const struct selection *s, const struct wit_interface *interface,
    bool exported, struct encode_interface *ret, struct error *err)
{
    struct encode_type *types =
        arena_try_array(s->r->arena, (size_t)interface->type_count + 1, struct encode_type);
    if (!types)
        return out_of_memory(err);
    ret->types = types;
    for (uint32_t i = 0; i < interface->type_count; i++) {
        const struct wit_definition *here = interface->types[i], *def = defined(here);
        if (!def || here->kind == WIT_ALIAS)
            continue;
        struct encode_type *type = &types[ret->type_count++];
        *type = (struct encode_type){.name = here->name,
            .type = is_resource(def) ? NULL : def->type,
            .resource = def->resource};
        if (def != here) {
            type->from = owner(s, def, exported);
            type->from_name = def->name;
        }
    }
    return 0;
}

static int fill_interface(const struct selection *s, const struct wit_interface *interface,
    bool exported, struct encode_interface *ret, struct error *err)
{
    struct encode_func *funcs =
        arena_try_array(s->r->arena, (size_t)interface->func_count + 1, struct encode_func);
    if (!funcs)
        return out_of_memory(err);
    for (uint32_t i = 0; i < interface->func_count; i++)
        funcs[i] = (struct encode_func){interface->funcs[i]->name, &interface->funcs[i]->type};
    *ret = (struct encode_interface){
        .name = interface->id, .func_count = interface->func_count, .funcs = funcs};
    return fill_types(s, interface, exported, ret, err);
}

/* ------------------------------------------------------------------------------- the world */

/* Named types of the world itself; they stand among its imports, whoever needs them. */
static int root_types(const struct selection *s, struct encode_interface *root, struct error *err)
{
    const struct wit_world *w = s->world;
    struct encode_type *types =
        arena_try_array(s->r->arena, (size_t)w->import_count + 1, struct encode_type);
    if (!types)
        return out_of_memory(err);
    root->types = types;
    for (uint32_t i = 0; i < w->import_count; i++) {
        const struct wit_definition *here = w->imports[i].type, *def = defined(here);
        if (!def || here->kind == WIT_ALIAS)
            continue;
        struct encode_type *type = &types[root->type_count++];
        *type = (struct encode_type){.name = here->name,
            .type = is_resource(def) ? NULL : def->type,
            .resource = def->resource};
        if (def->interface) {
            type->from = owner(s, def, false);
            type->from_name = def->name;
        }
    }
    return 0;
}

/* The world's own types, and its functions in one direction. */
static int root_interface(const struct selection *s, const struct wit_item *items, uint32_t count,
    struct encode_interface **ret, struct error *err)
{
    struct arena *a = s->r->arena;
    struct encode_interface *root = arena_try_array(a, 1, struct encode_interface);
    struct encode_func *funcs = arena_try_array(a, (size_t)count + 1, struct encode_func);
    if (!root || !funcs)
        return out_of_memory(err);
    root->funcs = funcs;
    for (uint32_t i = 0; i < count; i++)
        if (items[i].func)
            funcs[root->func_count++] =
                (struct encode_func){items[i].func->name, &items[i].func->type};
    *ret = root;
    return root_types(s, root, err);
}

static int fill_roots(const struct selection *s, struct encode_input *ret, struct error *err)
{
    const struct wit_world *w = s->world;
    struct encode_interface *imports, *exports;
    if (root_interface(s, w->imports, w->import_count, &imports, err) < 0 ||
        root_interface(s, w->exports, w->export_count, &exports, err) < 0)
        return -1;
    ret->root_imports = imports->func_count + imports->type_count > 0 ? imports : NULL;
    ret->root_exports = exports->func_count > 0 ? exports : NULL;
    return 0;
}

/* Interfaces of the resolve are in such an order that each uses earlier ones only. */
static int fill_all(struct selection *s, struct error *err)
{
    for (uint32_t i = 0; i < s->r->interface_count; i++) {
        const struct wit_interface *interface = s->r->interfaces[i];
        if (s->imported[i]) {
            struct encode_interface *slot = &s->imports[s->import_count++];
            s->import_of[i] = slot;
            if (fill_interface(s, interface, false, slot, err) < 0)
                return -1;
        }
        if (s->exported[i]) {
            struct encode_interface *slot = &s->exports[s->export_count++];
            s->export_of[i] = slot;
            if (fill_interface(s, interface, true, slot, err) < 0)
                return -1;
        }
    }
    return 0;
}

int componentize_interfaces(const struct wit_resolve *r, const struct wit_world *world,
    const struct wasm_module *core, struct binding_list bindings, const struct absent_list *absent,
    struct encode_input *ret, struct error *err)
{
    struct selection s = {.r = r, .world = world, .absent = absent};
    if (allocate(&s, err) < 0 || select_imports(&s, core, bindings, err) < 0)
        return -1;
    select_root_types(&s);
    select_exports(&s);
    if (fill_all(&s, err) < 0)
        return -1;
    *ret = (struct encode_input){.import_count = s.import_count,
        .imports = s.imports,
        .export_count = s.export_count,
        .exports = s.exports,
        .binding_count = bindings.count,
        .bindings = bindings.data,
        .absent_count = absent->len,
        .absent = absent->data};
    return fill_roots(&s, ret, err);
}
