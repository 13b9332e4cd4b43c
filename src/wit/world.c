/*
 * Worlds: what they name, what they include, and what their imports and exports need besides.
 */
#include "wit/node.h"

/* Items of one direction. A named interface is its own key; anything else goes by name. */
struct item_list {
    struct item_node *data;
    size_t len, cap;
};

static bool same_key(const struct item_node *a, const struct item_node *b)
{
    bool a_interface = a->interface && a->interface->iface.name.len > 0;
    bool b_interface = b->interface && b->interface->iface.name.len > 0;
    if (a_interface || b_interface)
        return a_interface && b_interface && a->interface == b->interface;
    return str_equal(a->item.name, b->item.name);
}

static struct item_node *find_item(const struct item_list *list, const struct item_node *key)
{
    for (size_t i = 0; i < list->len; i++)
        if (same_key(&list->data[i], key))
            return &list->data[i];
    return NULL;
}

/* The list of imports or exports as an item_list, and back. */
static struct item_list list_of(const struct world_node *world, bool exported)
{
    return exported
               ? (struct item_list){world->exports.data, world->exports.len, world->exports.cap}
               : (struct item_list){world->imports.data, world->imports.len, world->imports.cap};
}

static void set_list(struct world_node *world, bool exported, const struct item_list *list)
{
    if (exported) {
        world->exports.data = list->data;
        world->exports.len = list->len;
        world->exports.cap = list->cap;
    } else {
        world->imports.data = list->data;
        world->imports.len = list->len;
        world->imports.cap = list->cap;
    }
}

static int push_item(struct package_build *b, struct item_list *list, const struct item_node *item)
{
    *BUILD_PUSH(b, list) = *item;
    return 0;
}

/* ------------------------------------------------------------------------------- reading */

static const char *item_kind_name(const struct item_node *item)
{
    static const char *const names[] = {
        [WIT_ITEM_INTERFACE] = "interface", [WIT_ITEM_FUNC] = "function", [WIT_ITEM_TYPE] = "type"};
    return names[item->item.kind];
}

/* Names must differ in more than case. */
static int check_case(
    struct package_build *b, const struct item_list *list, const struct item_node *item)
{
    for (size_t i = 0; i < list->len && item->item.name.len > 0; i++)
        if (str_equal_ignore_case(list->data[i].item.name, item->item.name))
            return wit_error_at(b->err, item->at,
                "`%" STR_FMT "` differs from `%" STR_FMT "` in the case of letters only",
                STR_ARG(item->item.name), STR_ARG(list->data[i].item.name));
    return 0;
}

static int declare_item(struct package_build *b, struct item_list *list, const char *direction,
    const struct item_node *item)
{
    const struct item_node *prior = find_item(list, item);
    if (!prior)
        return check_case(b, list, item) < 0 ? -1 : push_item(b, list, item);
    if (item->interface && item->interface->iface.name.len > 0)
        return wit_error_at(b->err, item->at, "interface `%" STR_FMT "` is %sed twice",
            STR_ARG(item->interface->iface.name), direction);
    return wit_error_at(b->err, item->at, "`%" STR_FMT "` is %sed already, as a %s",
        STR_ARG(item->item.name), direction, item_kind_name(prior));
}

static int read_func(struct package_build *b, const struct ast_func *ast,
    const struct ast_id *resource, struct item_node *ret)
{
    if (func_resolve(b, ast, resource, &ret->func) < 0)
        return -1;
    ret->item.kind = WIT_ITEM_FUNC;
    ret->item.name = ret->func->func.name;
    ret->item.stability = ret->func->func.stability;
    ret->at = ret->func->at;
    return 0;
}

/* An import or export statement. */
static int read_extern(struct package_build *b, const struct ast_item *ast, struct item_node *ret)
{
    ret->at = ast->id.at;
    if (ast->kind == AST_ITEM_FUNC)
        return read_func(b, &ast->func, NULL, ret);
    ret->item.kind = WIT_ITEM_INTERFACE;
    ret->item.stability = ast->gates.stability;
    if (ast->kind == AST_ITEM_PATH) {
        ret->item.docs = ast->docs;
        int included = gate_included(b, &ret->item.stability, ret->at);
        if (included <= 0)
            return included;
        return path_resolve_interface(b, &ast->path, &ret->interface);
    }
    ret->item.name = ast->id.name;
    ret->interface = interface_new(b, ast->id.at);
    if (!ret->interface)
        return build_out_of_memory(b);
    return interface_resolve(b, ast, ret->interface);
}

static int read_include(
    struct package_build *b, const struct ast_item *ast, struct world_node *world)
{
    int included = gate_included(b, &ast->gates.stability, ast->id.at);
    if (included <= 0)
        return included;
    struct include_node *include = BUILD_PUSH(b, &world->includes);
    *include = (struct include_node){.at = ast->id.at,
        .stability = ast->gates.stability,
        .names = ast->names.data,
        .name_count = ast->names.len};
    struct iface_node *interface;
    if (path_resolve(b, &ast->path, &interface, &include->from) < 0)
        return -1;
    if (!include->from)
        return wit_error_at(b->err, ast->id.at, "`%" STR_FMT "` is an interface, not a world",
            STR_ARG(ast->id.name));
    return 0;
}

static int read_types(struct package_build *b, struct item_list *imports)
{
    for (size_t i = 0; i < b->scope->len; i++) {
        struct wit_node *node = b->scope->entries[i].value;
        struct item_node item = {.at = node->at, .type = node};
        item.item.kind = WIT_ITEM_TYPE;
        item.item.name = node->def.name;
        item.item.stability = node->def.stability;
        if (declare_item(b, imports, "import", &item) < 0)
            return -1;
    }
    return 0;
}

static int read_item(struct package_build *b, const struct ast_item *ast, struct item_list *imports,
    struct item_list *exports)
{
    if (ast->kind == AST_ITEM_TYPE) {
        for (size_t f = 0; f < ast->type->functions.len; f++) {
            struct item_node item = {0};
            if (read_func(b, &ast->type->functions.data[f], &ast->id, &item) < 0 ||
                declare_item(b, imports, "import", &item) < 0)
                return -1;
        }
        return 0;
    }
    if (ast->kind == AST_ITEM_USE || ast->kind == AST_ITEM_INCLUDE)
        return 0;
    struct item_node item = {0};
    if (read_extern(b, ast, &item) < 0)
        return -1;
    if (item.item.kind == WIT_ITEM_INTERFACE && !item.interface)
        return 0; /* left out by its gate */
    return declare_item(
        b, ast->exported ? exports : imports, ast->exported ? "export" : "import", &item);
}

int world_resolve(struct package_build *b, const struct ast_item *ast, struct world_node *world)
{
    struct map scope, taken;
    map_init(&scope, b->arena);
    map_init(&taken, b->arena);
    b->scope = &scope;
    b->taken = &taken;
    world->world.docs = ast->docs;
    world->world.stability = ast->gates.stability;
    struct item_list imports = {0}, exports = {0};
    int status = types_resolve(b, ast->items.data, ast->items.len, NULL, world);
    for (size_t i = 0; i < ast->items.len && status == 0; i++)
        if (ast->items.data[i].kind == AST_ITEM_INCLUDE)
            status = read_include(b, &ast->items.data[i], world);
    if (status == 0)
        status = read_types(b, &imports);
    for (size_t i = 0; i < ast->items.len && status == 0; i++)
        status = read_item(b, &ast->items.data[i], &imports, &exports);
    set_list(world, false, &imports);
    set_list(world, true, &exports);
    b->scope = b->taken = NULL;
    return status;
}

/* ------------------------------------------------------------------------------- settling */

static int settle_item(struct package_build *b, const struct item_node *item, bool *ret_keep)
{
    int included =
        item->type ? !item->type->excluded : gate_included(b, &item->item.stability, item->at);
    *ret_keep = included > 0;
    if (included <= 0)
        return included;
    if (item->func)
        return func_add(b, item->func);
    if (item->interface && item->interface->excluded)
        return wit_error_at(
            b->err, item->at, "an interface is used here that its feature gate leaves out");
    return 0;
}

int world_settle(struct package_build *b, struct world_node *world)
{
    for (int exported = 0; exported < 2; exported++) {
        struct item_list list = list_of(world, exported), kept = {0};
        for (size_t i = 0; i < list.len; i++) {
            bool keep;
            if (settle_item(b, &list.data[i], &keep) < 0 ||
                (keep && push_item(b, &kept, &list.data[i]) < 0))
                return -1;
        }
        set_list(world, exported, &kept);
    }
    return 0;
}

/* ------------------------------------------------------------------------------- copying */

/*
 * Copies what one world defines into another that includes it. Types that the first world does not
 * own stay what they are.
 */
struct copier {
    struct package_build *b;
    const struct world_node *old_world;
    const struct iface_node *old_interface;
    struct world_node *new_world;
    struct iface_node *new_interface;
    struct map copies; /* address of a node -> its copy */
};

static int copy_node(struct copier *c, struct wit_node **node);

static bool owned(const struct copier *c, const struct wit_node *node)
{
    return c->old_interface ? node->interface == c->old_interface : node->world == c->old_world;
}

static int copy_ref(struct copier *c, struct node_ref *ref)
{
    return ref->kind == REF_NODE ? copy_node(c, &ref->node) : 0;
}

static int copy_parts(struct copier *c, struct wit_node *node)
{
    if (node->kind == NODE_ALIAS) {
        struct wit_node *target = node->first.node;
        if (node->first.kind != REF_NODE)
            return 0;
        struct wit_node *copied = map_get(&c->copies, str_make(&target, sizeof(target)));
        if (copied)
            node->first.node = copied;
        return copied || !owned(c, target) ? 0 : copy_node(c, &node->first.node);
    }
    if (copy_ref(c, &node->first) < 0 || copy_ref(c, &node->second) < 0)
        return -1;
    struct node_field *fields =
        arena_try_array(c->b->arena, (size_t)node->count + 1, struct node_field);
    if (!fields)
        return build_out_of_memory(c->b);
    for (uint32_t i = 0; i < node->count; i++) {
        fields[i] = node->fields[i];
        if (copy_ref(c, &fields[i].ref) < 0)
            return -1;
    }
    node->fields = fields;
    return 0;
}

static int copy_node(struct copier *c, struct wit_node **node)
{
    struct wit_node *copy = map_get(&c->copies, str_make(node, sizeof(*node)));
    bool foreign = (*node)->def.name.len > 0 && !owned(c, *node);
    if (!copy && !foreign) {
        copy = arena_try_array(c->b->arena, 1, struct wit_node);
        if (!copy)
            return build_out_of_memory(c->b);
        *copy = **node;
        if (copy->interface || copy->world) {
            copy->interface = c->new_interface;
            copy->world = c->new_interface ? NULL : c->new_world;
        }
        if (copy_parts(c, copy) < 0 || node_add(c->b->r, copy, c->b->err) < 0)
            return -1;
        if (!map_put(&c->copies, address_key(c->b->arena, *node), copy))
            return build_out_of_memory(c->b);
    }
    if (copy)
        *node = copy;
    return 0;
}

static int copy_func(struct copier *c, struct func_node **func)
{
    struct func_node *copy = arena_try_array(c->b->arena, 1, struct func_node);
    struct node_field *params =
        arena_try_array(c->b->arena, (size_t)(*func)->param_count + 1, struct node_field);
    if (!copy || !params)
        return build_out_of_memory(c->b);
    *copy = **func;
    copy->params = params;
    if (copy->resource && copy_node(c, &copy->resource) < 0)
        return -1;
    for (uint32_t i = 0; i < copy->param_count; i++) {
        params[i] = (*func)->params[i];
        if (copy_ref(c, &params[i].ref) < 0)
            return -1;
    }
    if (copy_ref(c, &copy->result) < 0)
        return -1;
    *func = copy;
    return func_add(c->b, copy);
}

/* Public lists of a copied interface, from the copied nodes and functions. */
static int list_copied(struct copier *c, struct iface_node *copy)
{
    struct arena *a = c->b->arena;
    copy->iface.types = arena_try_array(a, copy->types.len + 1, const struct wit_definition *);
    copy->iface.funcs = arena_try_array(a, copy->funcs.len + 1, const struct wit_func *);
    if (!copy->iface.types || !copy->iface.funcs)
        return build_out_of_memory(c->b);
    for (size_t i = 0; i < copy->types.len; i++)
        copy->iface.types[i] = &((struct wit_node *)copy->types.entries[i].value)->def;
    for (size_t i = 0; i < copy->funcs.len; i++)
        copy->iface.funcs[i] = &copy->funcs.data[i]->func;
    copy->iface.type_count = (uint32_t)copy->types.len;
    copy->iface.func_count = (uint32_t)copy->funcs.len;
    copy->iface.index = (uint32_t)c->b->r->lists->interfaces.len;
    *BUILD_PUSH(c->b, &c->b->r->lists->interfaces) = copy;
    return 0;
}

static int copy_interface(struct copier *outer, struct iface_node **interface)
{
    struct iface_node *old = *interface;
    struct iface_node *copy = arena_try_array(outer->b->arena, 1, struct iface_node);
    if (!copy)
        return build_out_of_memory(outer->b);
    struct copier c = {
        .b = outer->b, .old_interface = old, .new_interface = copy, .copies = outer->copies};
    *copy = (struct iface_node){.iface = old->iface, .at = old->at, .copy_of = old};
    copy->iface.package = c.b->package;
    map_init(&copy->types, c.b->arena);
    for (uint32_t i = 0; i < old->iface.type_count; i++) {
        struct wit_node *node = (struct wit_node *)old->iface.types[i];
        if (copy_node(&c, &node) < 0)
            return -1;
        if (!map_put(&copy->types, node->def.name, node))
            return build_out_of_memory(c.b);
    }
    for (uint32_t i = 0; i < old->iface.func_count; i++) {
        struct func_node *func = (struct func_node *)old->iface.funcs[i];
        if (copy_func(&c, &func) < 0)
            return -1;
        *BUILD_PUSH(c.b, &copy->funcs) = func;
    }
    outer->copies = c.copies;
    *interface = copy;
    return list_copied(&c, copy);
}

/* ------------------------------------------------------------------------------- includes */

/* The name under which `with {name as as}` puts an item; false if the rename is not for it. */
static bool renamed(
    struct arena *a, struct str name, const struct ast_rename *rename, struct str *ret)
{
    struct str old = rename->name.name;
    if (str_equal(name, old)) {
        *ret = rename->as.name;
        return true;
    }
    /* "[method]old.x" goes with its resource. */
    ptrdiff_t close = str_find_byte(name, ']');
    if (close < 0)
        return false;
    struct str rest = str_skip(name, (size_t)close + 1);
    if (!str_starts_with(rest, old) || (rest.len > old.len && rest.ptr[old.len] != '.'))
        return false;
    *ret = str_of(arena_printf(a, "%" STR_FMT "%" STR_FMT "%" STR_FMT,
        STR_ARG(str_make(name.ptr, (size_t)close + 1)), STR_ARG(rename->as.name),
        STR_ARG(str_skip(rest, old.len))));
    return true;
}

static int check_renames(struct package_build *b, const struct include_node *include)
{
    for (size_t n = 0; n < include->name_count; n++) {
        bool found = false;
        for (int exported = 0; exported < 2; exported++) {
            struct item_list list = list_of(include->from, exported);
            for (size_t i = 0; i < list.len && !found; i++) {
                struct str ignored;
                found = list.data[i].item.name.len > 0 &&
                        renamed(b->arena, list.data[i].item.name, &include->names[n], &ignored);
            }
        }
        if (!found)
            return wit_error_at(b->err, include->at,
                "the included world has no `%" STR_FMT
                "` that could be renamed (interfaces keep their names)",
                STR_ARG(include->names[n].name.name));
    }
    return 0;
}

static int include_named(struct copier *c, const struct include_node *include,
    const struct item_node *from, const char *direction, struct item_list *into)
{
    struct item_node item = *from;
    for (size_t n = 0; n < include->name_count; n++)
        if (renamed(c->b->arena, from->item.name, &include->names[n], &item.item.name))
            break;
    if (find_item(into, &item))
        return wit_error_at(c->b->err, include->at,
            "%s `%" STR_FMT "` of the included world is there already", direction,
            STR_ARG(item.item.name));
    if (item.type) {
        if (copy_node(c, &item.type) < 0)
            return -1;
        item.type->def.name = item.item.name;
    } else if (item.func) {
        if (copy_func(c, &item.func) < 0)
            return -1;
        item.func->func.name = item.item.name;
        if (item.func->func.kind == WIT_FREESTANDING)
            item.func->func.label = item.item.name;
    } else if (copy_interface(c, &item.interface) < 0) {
        return -1;
    }
    return push_item(c->b, into, &item);
}

/* An interface that is there already must agree in its gates. */
static int include_interface(
    struct package_build *b, const struct item_node *from, bool external, struct item_list *into)
{
    struct item_node *there = find_item(into, from);
    if (!there) {
        if (push_item(b, into, from) < 0)
            return -1;
        there = &into->data[into->len - 1];
    }
    struct wit_stability *a = &there->item.stability;
    const struct wit_stability *other = &from->item.stability;
    if (external && other->since.len > 0) {
        *a = (struct wit_stability){0};
        return 0;
    }
    bool equal = str_equal(a->since, other->since) && str_equal(a->feature, other->feature) &&
                 str_equal(a->deprecated, other->deprecated);
    if (equal || !stability_known(other))
        return 0;
    if (stability_known(a))
        return wit_error_at(b->err, from->at,
            "the gates of this interface differ from those of "
            "the same interface in another world");
    *a = *other;
    return 0;
}

static int include_world(
    struct package_build *b, const struct include_node *include, struct world_node *world)
{
    if (include->from->excluded)
        return wit_error_at(
            b->err, include->at, "a world is included here that its feature gate leaves out");
    if (check_renames(b, include) < 0)
        return -1;
    bool external = include->from->world.package != b->package;
    struct copier c = {.b = b, .old_world = include->from, .new_world = world};
    map_init(&c.copies, b->arena);
    for (int exported = 0; exported < 2; exported++) {
        struct item_list from = list_of(include->from, exported), into = list_of(world, exported);
        const char *direction = exported ? "export" : "import";
        for (size_t i = 0; i < from.len; i++) {
            const struct item_node *item = &from.data[i];
            bool named = item->interface && item->interface->iface.name.len > 0;
            if ((named ? include_interface(b, item, external, &into)
                       : include_named(&c, include, item, direction, &into)) < 0)
                return -1;
        }
        set_list(world, exported, &into);
    }
    return 0;
}

/* ------------------------------------------------------------------------------- elaboration */

/* The interface of another owner from which a type is used, or NULL. */
static struct iface_node *used_from(const struct wit_node *node)
{
    if (node->kind != NODE_ALIAS || node->first.kind != REF_NODE)
        return NULL;
    const struct wit_node *target = node->first.node;
    bool same = node->interface == target->interface && node->world == target->world;
    return same ? NULL : target->interface;
}

static struct item_node interface_item(
    struct iface_node *interface, const struct wit_stability *stability)
{
    struct item_node item = {.interface = interface, .at = interface->at};
    item.item.kind = WIT_ITEM_INTERFACE;
    item.item.stability = *stability;
    return item;
}

/* Adds an interface after what it uses. */
static int import_interface(
    struct package_build *b, struct item_list *imports, const struct item_node *item)
{
    if (find_item(imports, item))
        return 0;
    const struct wit_interface *iface = &item->interface->iface;
    for (uint32_t i = 0; i < iface->type_count; i++) {
        struct iface_node *from = used_from((const struct wit_node *)iface->types[i]);
        if (!from)
            continue;
        struct item_node needed = interface_item(from, &item->item.stability);
        if (import_interface(b, imports, &needed) < 0)
            return -1;
    }
    return push_item(b, imports, item);
}

/* Order of classes of imports: interfaces, used types, types, functions, functions of resources. */
static int import_class(const struct item_node *item)
{
    if (item->interface)
        return 0;
    if (item->type)
        return used_from(item->type) ? 1 : 2;
    return item->func->resource ? 4 : 3;
}

static int sort_imports(struct package_build *b, struct item_list *list)
{
    struct item_list sorted = {0};
    for (int class = 0; class <= 4; class++)
        for (size_t i = 0; i < list->len; i++)
            if (import_class(&list->data[i]) == class && push_item(b, &sorted, &list->data[i]) < 0)
                return -1;
    *list = sorted;
    return 0;
}

static int elaborate_imports(struct package_build *b, struct item_list *from, struct item_list *ret)
{
    if (sort_imports(b, from) < 0)
        return -1;
    for (size_t i = 0; i < from->len; i++) {
        const struct item_node *item = &from->data[i];
        if (item->interface) {
            if (import_interface(b, ret, item) < 0)
                return -1;
            continue;
        }
        struct iface_node *needed = item->type ? used_from(item->type) : NULL;
        if (needed) {
            struct item_node dep = interface_item(needed, &item->type->def.stability);
            if (import_interface(b, ret, &dep) < 0)
                return -1;
        }
        if (push_item(b, ret, item) < 0)
            return -1;
    }
    return 0;
}

/* What adding exports has to keep in mind. */
struct export_lists {
    struct item_list wanted, imports, exports;
    struct item_list required; /* interfaces that an export needs as imports */
};

/*
 * Adds an interface to the exports, or, where it is only needed by one, to the imports. An
 * interface that some export needs as an import cannot be needed as an export too, for the world
 * would then have two copies of its types: *ret_ok is false.
 */
static int export_interface(struct package_build *b, struct export_lists *l,
    const struct item_node *item, bool exported, bool *ret_ok)
{
    if (find_item(&l->exports, item)) {
        *ret_ok = exported;
        return 0;
    }
    *ret_ok = true;
    if (!exported && find_item(&l->required, item))
        return 0;
    const struct wit_interface *iface = &item->interface->iface;
    for (uint32_t i = 0; i < iface->type_count; i++) {
        struct iface_node *from = used_from((const struct wit_node *)iface->types[i]);
        if (!from)
            continue;
        struct item_node needed = interface_item(from, &item->item.stability);
        if (export_interface(b, l, &needed, exported && find_item(&l->wanted, &needed), ret_ok) < 0)
            return -1;
        if (!*ret_ok)
            return 0;
    }
    if (exported) {
        *ret_ok = !find_item(&l->required, item);
        return *ret_ok ? push_item(b, &l->exports, item) : 0;
    }
    if (push_item(b, &l->required, item) < 0)
        return -1;
    return find_item(&l->imports, item) ? 0 : push_item(b, &l->imports, item);
}

static int elaborate_exports(
    struct package_build *b, struct world_node *world, struct export_lists *l)
{
    for (size_t i = 0; i < world->exports.len; i++) {
        const struct item_node *item = &world->exports.data[i];
        if (push_item(b, item->interface ? &l->wanted : &l->exports, item) < 0)
            return -1;
    }
    for (size_t i = 0; i < l->wanted.len; i++) {
        bool ok;
        const struct item_node *item = &l->wanted.data[i];
        if (export_interface(b, l, item, true, &ok) < 0)
            return -1;
        if (!ok)
            return wit_error_at(b->err, world->at,
                "exported interface `%" STR_FMT
                "` needs an interface both as an import and as an export",
                STR_ARG(item->interface->iface.name));
    }
    return 0;
}

int world_elaborate(struct package_build *b, struct world_node *world)
{
    for (size_t i = 0; i < world->includes.len; i++)
        if (include_world(b, &world->includes.data[i], world) < 0)
            return -1;
    struct item_list imports = list_of(world, false);
    struct export_lists l = {0};
    if (elaborate_imports(b, &imports, &l.imports) < 0 || elaborate_exports(b, world, &l) < 0 ||
        sort_imports(b, &l.imports) < 0)
        return -1;
    set_list(world, false, &l.imports);
    set_list(world, true, &l.exports);
    return 0;
}

/* ------------------------------------------------------------------------------- public face */

static int finish_list(struct package_build *b, const struct item_list *list,
    const struct wit_item **ret, uint32_t *ret_count)
{
    struct wit_item *items = arena_try_array(b->arena, list->len + 1, struct wit_item);
    if (!items)
        return build_out_of_memory(b);
    for (size_t i = 0; i < list->len; i++) {
        struct item_node *node = &list->data[i];
        if (node->interface) {
            if (node->interface->iface.name.len > 0)
                node->item.name = node->interface->iface.id;
            else
                node->interface->iface.id = node->item.name;
            node->item.interface = &node->interface->iface;
        }
        node->item.func = node->func ? &node->func->func : NULL;
        node->item.type = node->type ? &node->type->def : NULL;
        items[i] = node->item;
    }
    *ret = items;
    *ret_count = (uint32_t)list->len;
    return 0;
}

int world_finish(struct package_build *b, struct world_node *world)
{
    struct item_list imports = list_of(world, false), exports = list_of(world, true);
    return finish_list(b, &imports, &world->world.imports, &world->world.import_count) < 0 ||
                   finish_list(b, &exports, &world->world.exports, &world->world.export_count) < 0
               ? -1
               : 0;
}
