#include <inttypes.h>

#include "base/limits.h"
#include "wit/node.h"

struct str address_key(struct arena *a, const void *pointer)
{
    return arena_copy(a, str_make(&pointer, sizeof(pointer)));
}

struct wit_node *node_base(struct wit_node *node)
{
    while (node->kind == NODE_ALIAS && node->first.kind == REF_NODE)
        node = node->first.node;
    return node;
}

bool stability_known(const struct wit_stability *s)
{
    return s->since.len > 0 || s->feature.len > 0;
}

const struct wit_type *ref_type(const struct node_ref *ref)
{
    if (ref->kind == REF_NODE)
        return ref->node->made;
    return ref->kind == REF_PRIMITIVE ? wit_primitive(ref->primitive) : NULL;
}

/* ------------------------------------------------------------------------------- sharing */

static void append_ref(struct buf *key, const struct node_ref *ref)
{
    if (ref->kind == REF_NODE)
        buf_printf(key, "n%" PRIxPTR, (uintptr_t)ref->node);
    else
        buf_printf(key, "%c%d", ref->kind == REF_NONE ? '-' : 'p', (int)ref->primitive);
}

int node_intern(struct package_build *b, const struct wit_node *shape, struct node_ref *ret)
{
    struct buf key = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    buf_printf(&key, "%d ", shape->kind);
    append_ref(&key, &shape->first);
    append_ref(&key, &shape->second);
    for (uint32_t i = 0; i < shape->count; i++)
        append_ref(&key, &shape->fields[i].ref);
    struct wit_node *node = map_get(&b->anonymous, buf_str(&key));
    bool stored = true;
    if (!node) {
        node = arena_try_array(b->arena, 1, struct wit_node);
        struct wit_node **slot = node ? VEC_PUSH(&b->nodes, b->arena) : NULL;
        stored = slot && map_put(&b->anonymous, arena_copy(b->arena, buf_str(&key)), node);
        if (stored) {
            *node = *shape;
            *slot = node;
        }
    }
    buf_release(&key);
    *ret = (struct node_ref){.kind = REF_NODE, .node = node};
    return stored ? 0 : build_out_of_memory(b);
}

/* ------------------------------------------------------------------------------- gates */

static bool feature_on(const struct wit_features *features, struct str name)
{
    for (size_t i = 0; i < features->count && !features->all; i++)
        if (str_is(name, features->names[i]))
            return true;
    return features->all;
}

int gate_included(struct package_build *b, const struct wit_stability *s, struct wit_at at)
{
    if (s->feature.len > 0)
        return feature_on(&b->r->features, s->feature);
    if (s->since.len == 0)
        return 1;
    if (b->name.version.len == 0)
        return wit_error_at(b->err, at, "`@since` in a package that has no version");
    if (version_compare(s->since, b->name.version) > 0)
        return wit_error_at(b->err, at,
            "`@since` names version %" STR_FMT ", which is later than the package's %" STR_FMT,
            STR_ARG(s->since), STR_ARG(b->name.version));
    return 1;
}

/* ------------------------------------------------------------------------------- public faces */

static bool ref_has_borrow(const struct node_ref *ref)
{
    return ref->kind == REF_NODE && ref->node->has_borrow;
}

static bool holds_borrow(const struct wit_node *node)
{
    if (node->kind == WIT_BORROW)
        return true;
    if (node->kind == WIT_OWN || node->kind == NODE_RESOURCE)
        return false;
    bool found = ref_has_borrow(&node->first) || ref_has_borrow(&node->second);
    for (uint32_t i = 0; i < node->count && !found; i++)
        found = ref_has_borrow(&node->fields[i].ref);
    return found;
}

static struct wit_field *make_fields(
    struct arena *a, const struct node_field *fields, uint32_t count)
{
    struct wit_field *made = arena_try_array(a, (size_t)count + 1, struct wit_field);
    for (uint32_t i = 0; made && i < count; i++)
        made[i] = (struct wit_field){fields[i].name, ref_type(&fields[i].ref)};
    return made;
}

static void make_resource(struct wit_node *node)
{
    node->resource.name = node->def.name;
    node->type.kind = WIT_OWN;
    node->type.resource = &node->resource;
    wit_type_layout(&node->type);
    node->borrow = node->type;
    node->borrow.kind = WIT_BORROW;
}

/* The wit_type of a kind that has one of its own. */
static int make_type(struct wit_resolve *r, struct wit_node *node, struct error *err)
{
    struct wit_type *type = &node->type;
    type->kind = (enum wit_kind)node->kind;
    type->name = node->def.name;
    type->element = type->ok = ref_type(&node->first);
    type->err = ref_type(&node->second);
    if (node->kind == NODE_RESOURCE) {
        make_resource(node);
        return 0;
    }
    type->count = node->count;
    type->fields = make_fields(r->arena, node->fields, node->count);
    if (!type->fields)
        return error_set(err, ERROR_MEMORY, "too many types");
    if (!wit_type_layout(type))
        return wit_error_at(err, node->at, "type is too large for the memory of a guest");
    return 0;
}

static bool defines(const struct wit_node *node)
{
    return node->kind == WIT_RECORD || node->kind == WIT_VARIANT || node->kind == WIT_ENUM ||
           node->kind == WIT_FLAGS || node->kind == NODE_RESOURCE;
}

static int make_definition(struct wit_resolve *r, struct wit_node *node, struct error *err)
{
    struct wit_definition *def = &node->def;
    def->kind = node->used ? WIT_USES : defines(node) ? WIT_DEFINES : WIT_ALIAS;
    def->type = node->made;
    struct wit_node *base = node_base(node);
    def->resource = base->kind == NODE_RESOURCE ? &base->resource : NULL;
    if (node->kind == NODE_ALIAS && node->first.kind == REF_NODE)
        def->target = &node->first.node->def;
    def->interface = node->interface ? &node->interface->iface : NULL;
    def->world = node->world ? &node->world->world : NULL;
    if (def->kind != WIT_DEFINES)
        return 0;
    struct str *docs = arena_try_array(r->arena, (size_t)node->count + 1, struct str);
    if (!docs || !map_put(&r->lists->definitions, address_key(r->arena, node->made), def))
        return error_set(err, ERROR_MEMORY, "too many types");
    if (node->kind == NODE_RESOURCE &&
        !map_put(&r->lists->definitions, address_key(r->arena, &node->borrow), def))
        return error_set(err, ERROR_MEMORY, "too many types");
    for (uint32_t i = 0; i < node->count; i++)
        docs[i] = node->fields[i].docs;
    def->member_docs = docs;
    return 0;
}

int node_add(struct wit_resolve *r, struct wit_node *node, struct error *err)
{
    struct wit_node **slot = VEC_PUSH(&r->lists->nodes, r->arena);
    if (!slot)
        return error_set(err, ERROR_MEMORY, "too many types");
    *slot = node;
    node->def.index = (uint32_t)(r->lists->nodes.len - 1);
    node->has_borrow = holds_borrow(node);
    if (node->kind == NODE_ALIAS) {
        node->made = ref_type(&node->first);
    } else if (node->kind == WIT_OWN) {
        node->made = node->first.node->made;
    } else if (node->kind == WIT_BORROW) {
        node->made = &node_base(node->first.node)->borrow;
    } else {
        node->made = &node->type;
        if (make_type(r, node, err) < 0)
            return -1;
    }
    return node->def.name.len > 0 ? make_definition(r, node, err) : 0;
}

/* ------------------------------------------------------------------------------- settling */

static int check_included(struct package_build *b, struct wit_at at, const struct wit_node *node)
{
    if (node->excluded)
        return wit_error_at(b->err, at, "a type is used here that its feature gate leaves out");
    return 0;
}

int node_ref_settle(struct package_build *b, struct wit_at at, struct node_ref *ref)
{
    if (ref->kind != REF_NODE)
        return 0;
    if (check_included(b, at, ref->node) < 0)
        return -1;
    if (node_base(ref->node)->kind != NODE_RESOURCE)
        return 0;
    struct wit_node *own = map_get(&b->owns, str_make(&ref->node, sizeof(ref->node)));
    if (!own) {
        own = arena_try_array(b->arena, 1, struct wit_node);
        if (!own || !map_put(&b->owns, address_key(b->arena, ref->node), own))
            return build_out_of_memory(b);
        own->kind = WIT_OWN;
        own->first = *ref;
        own->at = at;
        if (node_add(b->r, own, b->err) < 0)
            return -1;
    }
    ref->node = own;
    return 0;
}

static int settle_node(struct package_build *b, struct wit_node *node)
{
    bool names = node->kind == NODE_ALIAS || node->kind == WIT_OWN || node->kind == WIT_BORROW;
    if (names && node->first.kind == REF_NODE)
        return check_included(b, node->at, node->first.node);
    if (node_ref_settle(b, node->at, &node->first) < 0 ||
        node_ref_settle(b, node->at, &node->second) < 0)
        return -1;
    for (uint32_t i = 0; i < node->count; i++) {
        struct node_field *field = &node->fields[i];
        struct wit_at at = node->kind == WIT_RECORD ? field->at : node->at;
        if (node_ref_settle(b, at, &field->ref) < 0)
            return -1;
    }
    return 0;
}

int nodes_add(struct package_build *b)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        struct wit_node *node = b->nodes.data[i];
        int included = node->excluded ? 0 : gate_included(b, &node->def.stability, node->at);
        if (included < 0)
            return -1;
        node->excluded = !included;
        if (included && (settle_node(b, node) < 0 || node_add(b->r, node, b->err) < 0))
            return -1;
    }
    return 0;
}

int func_add(struct package_build *b, struct func_node *func)
{
    if (func->resource && check_included(b, func->at, func->resource) < 0)
        return -1;
    for (uint32_t i = 0; i < func->param_count; i++)
        if (node_ref_settle(b, func->at, &func->params[i].ref) < 0)
            return -1;
    if (node_ref_settle(b, func->at, &func->result) < 0)
        return -1;
    if (ref_has_borrow(&func->result))
        return wit_error_at(b->err, func->at,
            "function `%" STR_FMT "` returns a type that holds a borrow", STR_ARG(func->func.name));
    func->func.resource = func->resource ? &func->resource->def : NULL;
    func->func.type.param_count = func->param_count;
    func->func.type.params = make_fields(b->arena, func->params, func->param_count);
    func->func.type.result = ref_type(&func->result);
    return func->func.type.params ? 0 : build_out_of_memory(b);
}
