/*
 * Types and functions of an interface or world: from syntax to nodes.
 */
#include <ctype.h>

#include "wit/node.h"

/* The Component Model's limit. */
enum { MAX_FLAGS = 32 };

/* ------------------------------------------------------------------------------- types */

static int type_ref(struct package_build *b, const struct ast_type *type,
    const struct wit_stability *stability, struct node_ref *ret);

static int optional_ref(struct package_build *b, const struct ast_type *type,
    const struct wit_stability *stability, struct node_ref *ret)
{
    *ret = (struct node_ref){0};
    return type ? type_ref(b, type, stability, ret) : 0;
}

static int name_node(struct package_build *b, const struct ast_id *id, struct wit_node **ret)
{
    *ret = map_get(b->scope, id->name);
    if (!*ret)
        return wit_error_at(
            b->err, id->at, "type `%" STR_FMT "` does not exist", STR_ARG(id->name));
    return 0;
}

/* A gated alias may have no target; whether it is a resource is then of no account. */
static int resource_node(struct package_build *b, const struct ast_id *id, struct node_ref *ret)
{
    ret->kind = REF_NODE;
    if (name_node(b, id, &ret->node) < 0)
        return -1;
    const struct wit_node *base = node_base(ret->node);
    if (base->kind != NODE_RESOURCE && !base->excluded)
        return wit_error_at(b->err, id->at,
            "`%" STR_FMT "` is not a resource, so there are no handles to it", STR_ARG(id->name));
    return 0;
}

/* Names are told apart without regard to case; the key is in lower case. */
static struct str lower_case(struct arena *a, struct str name)
{
    char *copy = arena_printf(a, "%" STR_FMT, STR_ARG(name));
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return str_make(copy, name.len);
}

int name_claim(
    struct package_build *b, struct map *taken, const struct ast_id *id, const char *twice)
{
    struct str key = lower_case(b->arena, id->name);
    const struct ast_id *prior = map_get(taken, key);
    if (prior && str_equal(prior->name, id->name))
        return wit_error_at(b->err, id->at, "`%" STR_FMT "` is %s", STR_ARG(id->name), twice);
    if (prior)
        return wit_error_at(b->err, id->at,
            "`%" STR_FMT "` differs from `%" STR_FMT "` in the case of letters only",
            STR_ARG(id->name), STR_ARG(prior->name));
    return map_put(taken, key, (void *)id) ? 0 : build_out_of_memory(b);
}

static int check_field_names(struct package_build *b, const struct ast_type *type)
{
    struct map names;
    map_init(&names, b->arena);
    for (size_t i = 0; i < type->fields.len; i++)
        if (name_claim(b, &names, &type->fields.data[i].id, "given twice") < 0)
            return -1;
    return 0;
}

static int fields_fill(struct package_build *b, const struct ast_type *type,
    const struct wit_stability *stability, struct wit_node *node)
{
    if (type->fields.len == 0) {
        static const char *const names[] = {[WIT_RECORD] = "record",
            [WIT_TUPLE] = "tuple",
            [WIT_VARIANT] = "variant",
            [WIT_ENUM] = "enum",
            [WIT_FLAGS] = "flags"};
        return wit_error_at(b->err, type->at, "%s is empty", names[type->kind]);
    }
    if (type->kind != WIT_TUPLE && check_field_names(b, type) < 0)
        return -1;
    if (type->kind == WIT_FLAGS && type->fields.len > MAX_FLAGS)
        return wit_error_at(
            b->err, type->fields.data[MAX_FLAGS].id.at, "there are more than %d flags", MAX_FLAGS);
    node->count = (uint32_t)type->fields.len;
    node->fields = arena_try_array(b->arena, node->count, struct node_field);
    if (!node->fields)
        return build_out_of_memory(b);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct ast_field *field = &type->fields.data[i];
        node->fields[i] =
            (struct node_field){.name = field->id.name, .docs = field->docs, .at = field->id.at};
        if (optional_ref(b, field->type, stability, &node->fields[i].ref) < 0)
            return -1;
    }
    return 0;
}

static int check_functions(struct package_build *b, const struct ast_type *type)
{
    struct map names;
    map_init(&names, b->arena);
    const struct ast_func *constructor = NULL;
    for (size_t i = 0; i < type->functions.len; i++) {
        const struct ast_func *func = &type->functions.data[i];
        if (func->kind != WIT_CONSTRUCTOR) {
            if (name_claim(b, &names, &func->id, "defined more than once") < 0)
                return -1;
            continue;
        }
        if (constructor)
            return wit_error_at(b->err, func->id.at, "`constructor` is defined more than once");
        constructor = func;
    }
    return 0;
}

/* Fills kind and parts. */
static int type_fill(struct package_build *b, const struct ast_type *type,
    const struct wit_stability *stability, struct wit_node *node)
{
    node->kind = type->kind;
    node->at = type->at;
    switch (type->kind) {
    case AST_NAME:
        node->kind = NODE_ALIAS;
        node->first.kind = REF_NODE;
        return name_node(b, &type->name, &node->first.node);
    case AST_RESOURCE:
        node->kind = NODE_RESOURCE;
        return check_functions(b, type);
    case WIT_OWN:
    case WIT_BORROW:
        return resource_node(b, &type->name, &node->first);
    case WIT_LIST:
    case WIT_OPTION:
    case WIT_RESULT:
        return optional_ref(b, type->first, stability, &node->first) < 0 ||
                       optional_ref(b, type->second, stability, &node->second) < 0
                   ? -1
                   : 0;
    case WIT_RECORD:
    case WIT_TUPLE:
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_FLAGS:
        return fields_fill(b, type, stability, node);
    default:
        node->kind = NODE_ALIAS;
        node->first = (struct node_ref){REF_PRIMITIVE, (enum wit_kind)type->kind, NULL};
        return 0;
    }
}

/* The first known stability among a type's parts: `option<T>` is as stable as T. */
static struct wit_stability parts_stability(const struct wit_node *node)
{
    const struct node_ref *refs[2] = {&node->first, &node->second};
    for (int i = 0; i < 2; i++)
        if (refs[i]->kind == REF_NODE && stability_known(&refs[i]->node->def.stability))
            return refs[i]->node->def.stability;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct node_ref *ref = &node->fields[i].ref;
        if (ref->kind == REF_NODE && stability_known(&ref->node->def.stability))
            return ref->node->def.stability;
    }
    return (struct wit_stability){0};
}

/* A type in a place: a name or primitive as it is, anything else as an anonymous node. */
static int type_ref(struct package_build *b, const struct ast_type *type,
    const struct wit_stability *stability, struct node_ref *ret)
{
    struct wit_node shape = {0};
    if (type_fill(b, type, stability, &shape) < 0)
        return -1;
    if (shape.kind == NODE_ALIAS || shape.kind == WIT_OWN) {
        *ret = shape.first; /* own<R> is what R means anyway */
        return 0;
    }
    shape.def.stability = stability_known(stability) ? *stability : parts_stability(&shape);
    return node_intern(b, &shape, ret);
}

static int define(struct package_build *b, const struct ast_id *id, struct wit_node *node)
{
    if (name_claim(b, b->taken, id, "defined more than once") < 0)
        return -1;
    return map_put(b->scope, id->name, node) ? 0 : build_out_of_memory(b);
}

/* A new named node in the current scope. */
static int named_node(struct package_build *b, const struct ast_id *id,
    struct iface_node *interface, struct world_node *world, struct wit_node **ret)
{
    struct wit_node *node = arena_try_array(b->arena, 1, struct wit_node);
    if (!node)
        return build_out_of_memory(b);
    node->def.name = id->name;
    node->at = id->at;
    node->interface = interface;
    node->world = world;
    *ret = node;
    return 0;
}

static int use_name(struct package_build *b, const struct ast_item *use, struct iface_node *from,
    const struct ast_rename *rename, struct wit_node *node)
{
    node->kind = NODE_ALIAS;
    node->used = true;
    node->at = rename->name.at;
    node->def.stability = use->gates.stability;
    int included = gate_included(b, &node->def.stability, node->at);
    if (included < 0)
        return -1;
    node->excluded = !included;
    struct wit_node *target = from ? map_get(&from->types, rename->name.name) : NULL;
    if (included && !target)
        return wit_error_at(b->err, rename->name.at,
            "interface `%" STR_FMT "` has no type `%" STR_FMT "`", STR_ARG(from->iface.name),
            STR_ARG(rename->name.name));
    if (target)
        node->first = (struct node_ref){.kind = REF_NODE, .node = target};
    return 0;
}

static int use_resolve(struct package_build *b, const struct ast_item *use,
    struct iface_node *interface, struct world_node *world)
{
    struct iface_node *from = NULL;
    int included = gate_included(b, &use->gates.stability, use->path.name.at);
    if (included < 0 || (included && path_resolve_interface(b, &use->path, &from) < 0))
        return -1;
    for (size_t i = 0; i < use->names.len; i++) {
        const struct ast_rename *rename = &use->names.data[i];
        struct wit_node *node;
        if (named_node(b, &rename->as, interface, world, &node) < 0 ||
            use_name(b, use, from, rename, node) < 0)
            return -1;
        *BUILD_PUSH(b, &b->nodes) = node;
        if (define(b, &rename->as, node) < 0)
            return -1;
    }
    return 0;
}

/* Names that a type needs in order to be defined. */
static int collect_needs(
    struct package_build *b, const struct ast_type *type, struct order_entry *entry)
{
    if (!type)
        return 0;
    if (type->kind == AST_NAME || type->kind == WIT_OWN || type->kind == WIT_BORROW)
        *BUILD_PUSH(b, &entry->needs) = type->name;
    if (collect_needs(b, type->first, entry) < 0 || collect_needs(b, type->second, entry) < 0)
        return -1;
    for (size_t i = 0; i < type->fields.len; i++)
        if (collect_needs(b, type->fields.data[i].type, entry) < 0)
            return -1;
    return 0;
}

/* What is named in an interface or world: for each name its definition, NULL for a used one. */
struct declarations {
    VEC(struct order_entry) entries;
    VEC(const struct ast_item *) items;
};

static int declare(struct package_build *b, const struct ast_item *item, struct declarations *d)
{
    if (item->kind == AST_ITEM_TYPE) {
        struct order_entry *entry = BUILD_PUSH(b, &d->entries);
        *BUILD_PUSH(b, &d->items) = item;
        entry->name = item->id.name;
        return collect_needs(b, item->type, entry);
    }
    for (size_t i = 0; item->kind == AST_ITEM_USE && i < item->names.len; i++) {
        BUILD_PUSH(b, &d->entries)->name = item->names.data[i].as.name;
        *BUILD_PUSH(b, &d->items) = NULL;
    }
    return 0;
}

static int check_declared_once(struct package_build *b, const struct declarations *d)
{
    struct map names;
    map_init(&names, b->arena);
    for (size_t i = 0; i < d->items.len; i++) {
        struct str name = d->entries.data[i].name;
        if (map_get(&names, name) && d->items.data[i])
            return wit_error_at(b->err, d->items.data[i]->id.at,
                "`%" STR_FMT "` is defined more than once", STR_ARG(name));
        if (!map_put(&names, name, b))
            return build_out_of_memory(b);
    }
    return 0;
}

static int typedef_resolve(struct package_build *b, const struct ast_item *item,
    struct iface_node *interface, struct world_node *world)
{
    struct wit_node *node;
    if (named_node(b, &item->id, interface, world, &node) < 0 ||
        type_fill(b, item->type, &item->gates.stability, node) < 0)
        return -1;
    node->at = item->id.at;
    node->def.docs = item->docs;
    node->def.stability = item->gates.stability;
    *BUILD_PUSH(b, &b->nodes) = node;
    return define(b, &item->id, node);
}

int types_resolve(struct package_build *b, const struct ast_item *items, size_t count,
    struct iface_node *interface, struct world_node *world)
{
    struct declarations d = {0};
    for (size_t i = 0; i < count; i++)
        if (items[i].kind == AST_ITEM_USE && use_resolve(b, &items[i], interface, world) < 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (declare(b, &items[i], &d) < 0)
            return -1;
    if (check_declared_once(b, &d) < 0)
        return -1;
    uint32_t *order = arena_try_array(b->arena, d.entries.len + 1, uint32_t);
    if (!order)
        return build_out_of_memory(b);
    if (wit_order(b->arena, "type", d.entries.data, d.entries.len, order, b->err) < 0)
        return -1;
    for (size_t i = 0; i < d.entries.len; i++) {
        const struct ast_item *item = d.items.data[order[i]];
        if (item && typedef_resolve(b, item, interface, world) < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------- functions */

static const struct wit_stability unknown;

static int params_resolve(
    struct package_build *b, const struct ast_func *ast, struct func_node *func)
{
    func->params = arena_try_array(b->arena, ast->params.len + 1, struct node_field);
    if (!func->params)
        return build_out_of_memory(b);
    if (ast->kind == WIT_METHOD) {
        struct wit_node self = {.kind = WIT_BORROW, .at = ast->at};
        self.first = (struct node_ref){.kind = REF_NODE, .node = func->resource};
        self.def.stability = parts_stability(&self);
        func->params[0].name = STR("self");
        if (node_intern(b, &self, &func->params[0].ref) < 0)
            return -1;
        func->param_count = 1;
    }
    for (size_t i = 0; i < ast->params.len; i++) {
        const struct ast_field *param = &ast->params.data[i];
        for (uint32_t j = 0; j < func->param_count; j++)
            if (str_equal_ignore_case(func->params[j].name, param->id.name))
                return wit_error_at(b->err, param->id.at, "parameter `%" STR_FMT "` is given twice",
                    STR_ARG(param->id.name));
        struct node_field *slot = &func->params[func->param_count++];
        *slot = (struct node_field){.name = param->id.name, .at = param->id.at};
        if (type_ref(b, param->type, &unknown, &slot->ref) < 0)
            return -1;
    }
    return 0;
}

/* A constructor returns the resource, or a result whose ok is the resource. */
static int constructor_result(
    struct package_build *b, const struct ast_func *ast, struct func_node *func)
{
    if (!ast->result) {
        func->result = (struct node_ref){.kind = REF_NODE, .node = func->resource};
        return 0;
    }
    if (type_ref(b, ast->result, &unknown, &func->result) < 0)
        return -1;
    const struct wit_node *result = func->result.kind == REF_NODE ? func->result.node : NULL;
    if (!result || result->kind != WIT_RESULT)
        return wit_error_at(b->err, ast->result->at,
            "a constructor returns nothing that is written, or a `result`");
    if (result->first.node != func->resource)
        return wit_error_at(b->err, ast->result->first ? ast->result->first->at : ast->result->at,
            "the constructor's result must be the resource that it makes");
    return 0;
}

static struct str canonical_name(
    struct package_build *b, const struct ast_func *ast, const struct ast_id *resource)
{
    static const char *const marks[] = {[WIT_METHOD] = "[method]", [WIT_STATIC] = "[static]"};
    if (ast->kind == WIT_FREESTANDING)
        return ast->id.name;
    if (ast->kind == WIT_CONSTRUCTOR)
        return str_of(arena_printf(b->arena, "[constructor]%" STR_FMT, STR_ARG(resource->name)));
    return str_of(arena_printf(b->arena, "%s%" STR_FMT ".%" STR_FMT, marks[ast->kind],
        STR_ARG(resource->name), STR_ARG(ast->id.name)));
}

int func_resolve(struct package_build *b, const struct ast_func *ast, const struct ast_id *resource,
    struct func_node **ret)
{
    struct func_node *func = arena_try_array(b->arena, 1, struct func_node);
    if (!func)
        return build_out_of_memory(b);
    func->at = ast->id.at;
    func->resource = resource ? map_get(b->scope, resource->name) : NULL;
    func->func.name = canonical_name(b, ast, resource);
    func->func.label = ast->id.name;
    func->func.docs = ast->docs;
    func->func.stability = ast->gates.stability;
    func->func.kind = ast->kind;
    *ret = func;
    if (params_resolve(b, ast, func) < 0)
        return -1;
    return ast->kind == WIT_CONSTRUCTOR ? constructor_result(b, ast, func)
                                        : optional_ref(b, ast->result, &unknown, &func->result);
}
