/*
 * One package: from the syntax trees of its files to nodes.
 */
#include <string.h>

#include "wit/node.h"

int build_out_of_memory(struct package_build *b)
{
    return error_set(b->err, ERROR_MEMORY, "package `%" STR_FMT ":%" STR_FMT "` is too large",
        STR_ARG(b->name.namespace), STR_ARG(b->name.name));
}

/* ------------------------------------------------------------------------------- paths */

static int visit_item_uses(const struct ast_item *items, size_t count, const struct ast_item *user,
    visit_path_fn *visit, void *context)
{
    for (size_t i = 0; i < count; i++) {
        struct path_visit v = {user, &items[i].path, &items[i].gates.stability};
        if (items[i].kind == AST_ITEM_USE && visit(context, &v) < 0)
            return -1;
    }
    return 0;
}

/* Imports, then exports. */
static int visit_externs(
    const struct ast_item *world, bool exported, visit_path_fn *visit, void *context)
{
    for (size_t i = 0; i < world->items.len; i++) {
        const struct ast_item *item = &world->items.data[i];
        if (item->exported != exported)
            continue;
        struct path_visit v = {NULL, &item->path, &item->gates.stability};
        if (item->kind == AST_ITEM_PATH && visit(context, &v) < 0)
            return -1;
        if (item->kind == AST_ITEM_INTERFACE &&
            visit_item_uses(item->items.data, item->items.len, NULL, visit, context) < 0)
            return -1;
    }
    return 0;
}

static int visit_world(const struct ast_item *world, visit_path_fn *visit, void *context)
{
    for (size_t i = 0; i < world->items.len; i++) {
        const struct ast_item *item = &world->items.data[i];
        bool include = item->kind == AST_ITEM_INCLUDE;
        struct path_visit v = {include ? world : NULL, &item->path, &item->gates.stability};
        if ((include || item->kind == AST_ITEM_USE) && visit(context, &v) < 0)
            return -1;
    }
    return visit_externs(world, false, visit, context) < 0 ||
                   visit_externs(world, true, visit, context) < 0
               ? -1
               : 0;
}

int visit_paths(const struct ast_file *file, visit_path_fn *visit, void *context)
{
    for (size_t i = 0; i < file->items.len; i++) {
        const struct ast_item *item = &file->items.data[i];
        int status = 0;
        if (item->kind == AST_ITEM_WORLD)
            status = visit_world(item, visit, context);
        else if (item->kind == AST_ITEM_INTERFACE)
            status = visit_item_uses(item->items.data, item->items.len, item, visit, context);
        else if (item->kind == AST_ITEM_USE)
            status = visit_item_uses(item, 1, NULL, visit, context);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------- names */

static struct wit_package *find_package(
    const struct package_build *b, const struct ast_package_name *name)
{
    for (size_t i = 0; i < b->r->lists->packages.len; i++) {
        struct wit_package *p = b->r->lists->packages.data[i];
        if (str_equal(p->namespace, name->namespace) && str_equal(p->name, name->name) &&
            str_equal(p->version, name->version))
            return p;
    }
    return NULL;
}

static struct iface_node *find_interface(const struct wit_package *package, struct str name)
{
    for (uint32_t i = 0; i < package->interface_count; i++)
        if (str_equal(package->interfaces[i]->name, name))
            return (struct iface_node *)package->interfaces[i];
    return NULL;
}

static struct world_node *find_world(const struct wit_package *package, struct str name)
{
    for (uint32_t i = 0; i < package->world_count; i++)
        if (str_equal(package->worlds[i]->name, name))
            return (struct world_node *)package->worlds[i];
    return NULL;
}

static int resolve_foreign(
    struct package_build *b, const struct ast_path *path, struct package_item *ret)
{
    const struct wit_package *package = find_package(b, &path->package);
    if (!package)
        return wit_error_at(b->err, path->package.at, "package `%" STR_FMT "` is not there",
            STR_ARG(package_name_text(b->arena, &path->package)));
    *ret = (struct package_item){.interface = find_interface(package, path->name.name),
        .world = find_world(package, path->name.name)};
    if (!ret->interface && !ret->world)
        return wit_error_at(b->err, path->name.at,
            "package `%" STR_FMT "` has no interface or world `%" STR_FMT "`",
            STR_ARG(package->full_name), STR_ARG(path->name.name));
    return 0;
}

int path_resolve(struct package_build *b, const struct ast_path *path,
    struct iface_node **ret_interface, struct world_node **ret_world)
{
    struct package_item foreign, *item = &foreign;
    if (path->foreign) {
        if (resolve_foreign(b, path, &foreign) < 0)
            return -1;
    } else {
        item = map_get(&b->file_uses[b->file], path->name.name);
        if (!item)
            item = map_get(&b->items, path->name.name);
        if (!item)
            return wit_error_at(b->err, path->name.at,
                "interface or world `%" STR_FMT "` does not exist", STR_ARG(path->name.name));
    }
    *ret_interface = item->interface;
    *ret_world = item->world;
    return 0;
}

int path_resolve_interface(
    struct package_build *b, const struct ast_path *path, struct iface_node **ret)
{
    struct world_node *world;
    if (path_resolve(b, path, ret, &world) < 0)
        return -1;
    if (!*ret)
        return wit_error_at(b->err, path->name.at, "`%" STR_FMT "` is a world, not an interface",
            STR_ARG(path->name.name));
    return 0;
}

/* ------------------------------------------------------------------------------- interfaces */

struct iface_node *interface_new(struct package_build *b, struct wit_at at)
{
    struct iface_node *interface = arena_try_array(b->arena, 1, struct iface_node);
    struct iface_node **slot = interface ? VEC_PUSH(&b->interfaces, b->arena) : NULL;
    if (!slot)
        return NULL;
    *slot = interface;
    interface->at = at;
    map_init(&interface->types, b->arena);
    return interface;
}

static int interface_func(struct package_build *b, const struct ast_func *ast,
    const struct ast_id *resource, struct iface_node *interface)
{
    struct func_node *func;
    if (func_resolve(b, ast, resource, &func) < 0)
        return -1;
    *BUILD_PUSH(b, &interface->funcs) = func;
    return 0;
}

static int interface_funcs(
    struct package_build *b, const struct ast_item *ast, struct iface_node *interface)
{
    for (size_t i = 0; i < ast->items.len; i++) {
        const struct ast_item *item = &ast->items.data[i];
        if (item->kind == AST_ITEM_FUNC) {
            if (name_claim(b, b->taken, &item->id, "defined more than once") < 0)
                return -1;
            if (interface_func(b, &item->func, NULL, interface) < 0)
                return -1;
        } else if (item->kind == AST_ITEM_TYPE) {
            for (size_t f = 0; f < item->type->functions.len; f++)
                if (interface_func(b, &item->type->functions.data[f], &item->id, interface) < 0)
                    return -1;
        }
    }
    return 0;
}

int interface_resolve(
    struct package_build *b, const struct ast_item *ast, struct iface_node *interface)
{
    struct map *outer = b->scope, *outer_taken = b->taken, taken;
    map_init(&taken, b->arena);
    b->scope = &interface->types;
    b->taken = &taken;
    interface->iface.docs = ast->docs;
    interface->iface.stability = ast->gates.stability;
    int status = types_resolve(b, ast->items.data, ast->items.len, interface, NULL);
    if (status == 0)
        status = interface_funcs(b, ast, interface);
    b->scope = outer;
    b->taken = outer_taken;
    return status;
}

/* Public face; after its types have been added. */
static int interface_finish(struct package_build *b, struct iface_node *interface)
{
    struct wit_interface *iface = &interface->iface;
    iface->types =
        arena_try_array(b->arena, interface->types.len + 1, const struct wit_definition *);
    iface->funcs = arena_try_array(b->arena, interface->funcs.len + 1, const struct wit_func *);
    if (!iface->types || !iface->funcs)
        return build_out_of_memory(b);
    for (size_t i = 0; i < interface->types.len; i++) {
        struct wit_node *node = interface->types.entries[i].value;
        if (!node->excluded)
            iface->types[iface->type_count++] = &node->def;
    }
    for (size_t i = 0; i < interface->funcs.len; i++) {
        struct func_node *func = interface->funcs.data[i];
        int included = gate_included(b, &func->func.stability, func->at);
        if (included < 0 || (included && func_add(b, func) < 0))
            return -1;
        if (included)
            iface->funcs[iface->func_count++] = &func->func;
    }
    return 0;
}

static int interfaces_add(struct package_build *b)
{
    for (size_t i = 0; i < b->interfaces.len; i++) {
        struct iface_node *interface = b->interfaces.data[i];
        int included = gate_included(b, &interface->iface.stability, interface->at);
        if (included < 0)
            return -1;
        interface->excluded = !included;
        if (!included)
            continue;
        interface->iface.package = b->package;
        if (interface->iface.name.len > 0)
            interface->iface.id = str_of(arena_printf(b->arena,
                "%" STR_FMT ":%" STR_FMT "/%" STR_FMT "%s%" STR_FMT, STR_ARG(b->name.namespace),
                STR_ARG(b->name.name), STR_ARG(interface->iface.name),
                b->name.version.len > 0 ? "@" : "", STR_ARG(b->name.version)));
        if (interface_finish(b, interface) < 0)
            return -1;
        interface->iface.index = (uint32_t)b->r->lists->interfaces.len;
        *BUILD_PUSH(b, &b->r->lists->interfaces) = interface;
    }
    return 0;
}

/* A type that is left in needs an owner that is left in. */
static int check_owners(struct package_build *b)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct wit_node *node = b->nodes.data[i];
        if (node->excluded)
            continue;
        if ((node->interface && node->interface->excluded) ||
            (node->world && node->world->excluded))
            return wit_error_at(
                b->err, node->at, "this type has no feature gate, but what it stands in has one");
    }
    return 0;
}

/* ------------------------------------------------------------------------------- packages */

/* Declares the interfaces and worlds of all files; the order is that of the text. */
static int declare_items(struct package_build *b)
{
    for (size_t f = 0; f < b->file_count; f++) {
        for (size_t i = 0; i < b->files[f].items.len; i++) {
            const struct ast_item *ast = &b->files[f].items.data[i];
            if (ast->kind != AST_ITEM_INTERFACE && ast->kind != AST_ITEM_WORLD)
                continue;
            if (map_get(&b->items, ast->id.name))
                return wit_error_at(b->err, ast->id.at, "`%" STR_FMT "` is defined more than once",
                    STR_ARG(ast->id.name));
            struct package_item *item = arena_try_array(b->arena, 1, struct package_item);
            if (!item || !map_put(&b->items, ast->id.name, item))
                return build_out_of_memory(b);
            *item = (struct package_item){.ast = ast, .file = f};
        }
    }
    return 0;
}

/* What a name means in the current file: a local item's own name, or a foreign path. */
static int local_name(struct package_build *b, const struct ast_id *id, struct str *ret)
{
    const struct ast_file *file = &b->files[b->file];
    for (size_t i = 0; i < file->items.len; i++) {
        const struct ast_item *item = &file->items.data[i];
        if (item->kind == AST_ITEM_USE && str_equal(item->id.name, id->name)) {
            *ret = item->path.foreign ? STR_EMPTY : item->path.name.name;
            return 0;
        }
    }
    *ret = id->name;
    if (!map_get(&b->items, id->name))
        return wit_error_at(
            b->err, id->at, "interface or world `%" STR_FMT "` does not exist", STR_ARG(id->name));
    return 0;
}

struct item_order {
    struct package_build *b;
    struct order_entry *entries; /* parallel to b->items */
};

static int note_need(void *context, const struct path_visit *visit)
{
    struct item_order *o = context;
    struct package_build *b = o->b;
    if (!visit->user || visit->path->foreign)
        return 0;
    struct ast_id need = visit->path->name;
    if (local_name(b, &visit->path->name, &need.name) < 0)
        return -1;
    if (need.name.len == 0)
        return 0;
    for (size_t i = 0; i < b->items.len; i++)
        if (str_equal(b->items.entries[i].key, visit->user->id.name))
            *BUILD_PUSH(b, &o->entries[i].needs) = need;
    return 0;
}

static int check_file_names(struct package_build *b, const struct ast_file *file)
{
    struct map names;
    map_init(&names, b->arena);
    for (size_t i = 0; i < file->items.len; i++) {
        const struct ast_item *item = &file->items.data[i];
        if (item->kind == AST_ITEM_PACKAGE)
            continue;
        if (map_get(&names, item->id.name))
            return wit_error_at(b->err, item->id.at, "`%" STR_FMT "` is named twice in this file",
                STR_ARG(item->id.name));
        if (!map_put(&names, item->id.name, (void *)item))
            return build_out_of_memory(b);
    }
    return 0;
}

static int order_items(struct package_build *b, uint32_t *order)
{
    struct item_order o = {b, arena_try_array(b->arena, b->items.len + 1, struct order_entry)};
    if (!o.entries)
        return build_out_of_memory(b);
    for (size_t i = 0; i < b->items.len; i++)
        o.entries[i] = (struct order_entry){.name = b->items.entries[i].key,
            .at = ((const struct package_item *)b->items.entries[i].value)->ast->id.at};
    for (b->file = 0; b->file < b->file_count; b->file++)
        if (check_file_names(b, &b->files[b->file]) < 0 ||
            visit_paths(&b->files[b->file], note_need, &o) < 0)
            return -1;
    return wit_order(b->arena, "interface or world", o.entries, b->items.len, order, b->err);
}

static int allocate_items(struct package_build *b, const uint32_t *order)
{
    for (size_t i = 0; i < b->items.len; i++) {
        struct package_item *item = b->items.entries[order[i]].value;
        if (item->ast->kind == AST_ITEM_INTERFACE) {
            item->interface = interface_new(b, item->ast->id.at);
            if (!item->interface)
                return build_out_of_memory(b);
            item->interface->iface.name = item->ast->id.name;
        } else {
            item->world = arena_try_array(b->arena, 1, struct world_node);
            if (!item->world)
                return build_out_of_memory(b);
            *BUILD_PUSH(b, &b->worlds) = item->world;
            item->world->at = item->ast->id.at;
            item->world->world.name = item->ast->id.name;
        }
    }
    return 0;
}

/* The names that `use` gives at the top of each file. */
static int file_uses(struct package_build *b)
{
    b->file_uses = arena_try_array(b->arena, b->file_count + 1, struct map);
    if (!b->file_uses)
        return build_out_of_memory(b);
    for (size_t f = 0; f < b->file_count; f++)
        map_init(&b->file_uses[f], b->arena);
    for (b->file = 0; b->file < b->file_count; b->file++) {
        for (size_t i = 0; i < b->files[b->file].items.len; i++) {
            const struct ast_item *ast = &b->files[b->file].items.data[i];
            if (ast->kind != AST_ITEM_USE)
                continue;
            struct package_item *item = arena_try_array(b->arena, 1, struct package_item);
            if (!item)
                return build_out_of_memory(b);
            if (path_resolve(b, &ast->path, &item->interface, &item->world) < 0)
                return -1;
            if (!map_put(&b->file_uses[b->file], ast->id.name, item))
                return build_out_of_memory(b);
        }
    }
    return 0;
}

/* Interfaces before worlds, each in the order of what needs what. */
static int resolve_items(struct package_build *b, const uint32_t *order)
{
    for (int worlds = 0; worlds < 2; worlds++) {
        for (size_t i = 0; i < b->items.len; i++) {
            struct package_item *item = b->items.entries[order[i]].value;
            b->file = item->file;
            if (!worlds && item->interface && interface_resolve(b, item->ast, item->interface) < 0)
                return -1;
            if (worlds && item->world && world_resolve(b, item->ast, item->world) < 0)
                return -1;
        }
    }
    return 0;
}

static int worlds_add(struct package_build *b)
{
    for (size_t i = 0; i < b->worlds.len; i++) {
        struct world_node *world = b->worlds.data[i];
        int included = gate_included(b, &world->world.stability, world->at);
        if (included < 0)
            return -1;
        world->excluded = !included;
        if (!included)
            continue;
        world->world.package = b->package;
        if (world_settle(b, world) < 0)
            return -1;
        world->world.index = (uint32_t)b->r->lists->worlds.len;
        *BUILD_PUSH(b, &b->r->lists->worlds) = world;
    }
    if (check_owners(b) < 0)
        return -1;
    for (size_t i = 0; i < b->worlds.len; i++)
        if (!b->worlds.data[i]->excluded && world_elaborate(b, b->worlds.data[i]) < 0)
            return -1;
    for (size_t i = 0; i < b->worlds.len; i++)
        if (!b->worlds.data[i]->excluded && world_finish(b, b->worlds.data[i]) < 0)
            return -1;
    return 0;
}

static int list_items(struct package_build *b)
{
    struct wit_package *p = b->package;
    p->interfaces = arena_try_array(b->arena, b->interfaces.len + 1, const struct wit_interface *);
    p->worlds = arena_try_array(b->arena, b->worlds.len + 1, const struct wit_world *);
    if (!p->interfaces || !p->worlds)
        return build_out_of_memory(b);
    for (size_t i = 0; i < b->interfaces.len; i++)
        if (!b->interfaces.data[i]->excluded && b->interfaces.data[i]->iface.name.len > 0)
            p->interfaces[p->interface_count++] = &b->interfaces.data[i]->iface;
    for (size_t i = 0; i < b->worlds.len; i++)
        if (!b->worlds.data[i]->excluded)
            p->worlds[p->world_count++] = &b->worlds.data[i]->world;
    return 0;
}

static int new_package(struct package_build *b)
{
    struct wit_package *p = b->package = arena_try_array(b->arena, 1, struct wit_package);
    if (!p)
        return build_out_of_memory(b);
    p->namespace = b->name.namespace;
    p->name = b->name.name;
    p->version = b->name.version;
    p->full_name = package_name_text(b->arena, &b->name);
    p->docs = b->docs;
    p->index = (uint32_t)b->r->lists->packages.len;
    map_init(&b->items, b->arena);
    map_init(&b->anonymous, b->arena);
    map_init(&b->owns, b->arena);
    return 0;
}

int package_add(struct package_build *b)
{
    if (new_package(b) < 0 || declare_items(b) < 0)
        return -1;
    uint32_t *order = arena_try_array(b->arena, b->items.len + 1, uint32_t);
    if (!order)
        return build_out_of_memory(b);
    if (order_items(b, order) < 0 || allocate_items(b, order) < 0 || file_uses(b) < 0 ||
        resolve_items(b, order) < 0)
        return -1;
    if (nodes_add(b) < 0 || interfaces_add(b) < 0 || worlds_add(b) < 0 || list_items(b) < 0)
        return -1;
    *BUILD_PUSH(b, &b->r->lists->packages) = b->package;
    return 0;
}
