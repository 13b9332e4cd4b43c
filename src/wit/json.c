/*
 * The JSON of `wasm-tools component wit --json`: four lists, whose entries refer to each other by
 * index.
 */
#include "wit/node.h"

/* A writer that knows whether the next value needs a comma. */
struct json {
    struct buf *out;
    unsigned depth;
    bool first;
};

static void newline(struct json *j)
{
    buf_append_byte(j->out, '\n');
    for (unsigned i = 0; i < j->depth; i++)
        buf_append_cstr(j->out, "  ");
}

static void string(struct json *j, struct str s)
{
    static const char *const short_forms[32] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
    buf_append_byte(j->out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\')
            buf_printf(j->out, "\\%c", c);
        else if (c < 32 && short_forms[c])
            buf_append_cstr(j->out, short_forms[c]);
        else if (c < 32)
            buf_printf(j->out, "\\u%04x", c);
        else
            buf_append_byte(j->out, c);
    }
    buf_append_byte(j->out, '"');
}

/* Starts an element of a list. */
static void element(struct json *j)
{
    if (!j->first)
        buf_append_byte(j->out, ',');
    j->first = false;
    newline(j);
}

/* Starts a member of an object. */
static void member(struct json *j, struct str name)
{
    element(j);
    string(j, name);
    buf_append_cstr(j->out, ": ");
}

static void open(struct json *j, char bracket)
{
    buf_append_byte(j->out, (uint8_t)bracket);
    j->depth++;
    j->first = true;
}

static void close(struct json *j, char bracket)
{
    j->depth--;
    if (!j->first)
        newline(j);
    buf_append_byte(j->out, (uint8_t)bracket);
    j->first = false;
}

static void index_member(struct json *j, struct str name, uint32_t value)
{
    member(j, name);
    buf_printf(j->out, "%u", value);
}

static void string_member(struct json *j, struct str name, struct str value)
{
    member(j, name);
    if (value.len > 0)
        string(j, value);
    else
        buf_append_cstr(j->out, "null");
}

static void docs_member(struct json *j, struct str docs)
{
    if (!docs.ptr)
        return;
    member(j, STR("docs"));
    open(j, '{');
    member(j, STR("contents"));
    string(j, docs);
    close(j, '}');
}

static void stability_member(struct json *j, const struct wit_stability *s)
{
    if (!stability_known(s))
        return;
    bool stable = s->since.len > 0;
    member(j, STR("stability"));
    open(j, '{');
    member(j, stable ? STR("stable") : STR("unstable"));
    open(j, '{');
    string_member(j, stable ? STR("since") : STR("feature"), stable ? s->since : s->feature);
    if (s->deprecated.len > 0)
        string_member(j, STR("deprecated"), s->deprecated);
    close(j, '}');
    close(j, '}');
}

/* ------------------------------------------------------------------------------- types */

static void ref(struct json *j, const struct node_ref *r)
{
    static const char *const names[] = {[WIT_BOOL] = "bool",
        [WIT_S8] = "s8",
        [WIT_U8] = "u8",
        [WIT_S16] = "s16",
        [WIT_U16] = "u16",
        [WIT_S32] = "s32",
        [WIT_U32] = "u32",
        [WIT_S64] = "s64",
        [WIT_U64] = "u64",
        [WIT_F32] = "f32",
        [WIT_F64] = "f64",
        [WIT_CHAR] = "char",
        [WIT_STRING] = "string"};
    if (r->kind == REF_NODE)
        buf_printf(j->out, "%u", r->node->def.index);
    else if (r->kind == REF_PRIMITIVE)
        string(j, str_of(names[r->primitive]));
    else
        buf_append_cstr(j->out, "null");
}

/* {"record": {"fields": [...]}} and its like. */
static void fields_kind(
    struct json *j, const struct wit_node *node, const char *kind, const char *list, bool types)
{
    member(j, str_of(kind));
    open(j, '{');
    member(j, str_of(list));
    open(j, '[');
    for (uint32_t i = 0; i < node->count; i++) {
        const struct node_field *field = &node->fields[i];
        element(j);
        open(j, '{');
        string_member(j, STR("name"), field->name);
        if (types) {
            member(j, STR("type"));
            ref(j, &field->ref);
        }
        docs_member(j, field->docs);
        close(j, '}');
    }
    close(j, ']');
    close(j, '}');
}

static void tuple_kind(struct json *j, const struct wit_node *node)
{
    member(j, STR("tuple"));
    open(j, '{');
    member(j, STR("types"));
    open(j, '[');
    for (uint32_t i = 0; i < node->count; i++) {
        element(j);
        ref(j, &node->fields[i].ref);
    }
    close(j, ']');
    close(j, '}');
}

static void pair_kind(struct json *j, const char *outer, const char *first, const char *second,
    const struct wit_node *node)
{
    member(j, str_of(outer));
    open(j, '{');
    member(j, str_of(first));
    ref(j, &node->first);
    if (second) {
        member(j, str_of(second));
        ref(j, &node->second);
    }
    close(j, '}');
}

static void single_kind(struct json *j, const char *name, const struct wit_node *node)
{
    member(j, str_of(name));
    ref(j, &node->first);
}

static void kind(struct json *j, const struct wit_node *node)
{
    if (node->kind == NODE_RESOURCE) {
        string(j, STR("resource"));
        return;
    }
    open(j, '{');
    switch (node->kind) {
    case WIT_RECORD:
        fields_kind(j, node, "record", "fields", true);
        break;
    case WIT_VARIANT:
        fields_kind(j, node, "variant", "cases", true);
        break;
    case WIT_ENUM:
        fields_kind(j, node, "enum", "cases", false);
        break;
    case WIT_FLAGS:
        fields_kind(j, node, "flags", "flags", false);
        break;
    case WIT_TUPLE:
        tuple_kind(j, node);
        break;
    case WIT_RESULT:
        pair_kind(j, "result", "ok", "err", node);
        break;
    case WIT_OWN:
        pair_kind(j, "handle", "own", NULL, node);
        break;
    case WIT_BORROW:
        pair_kind(j, "handle", "borrow", NULL, node);
        break;
    case WIT_LIST:
        single_kind(j, "list", node);
        break;
    case WIT_OPTION:
        single_kind(j, "option", node);
        break;
    default:
        single_kind(j, "type", node);
        break;
    }
    close(j, '}');
}

static void type_entry(struct json *j, const struct wit_node *node)
{
    open(j, '{');
    string_member(j, STR("name"), node->def.name);
    member(j, STR("kind"));
    kind(j, node);
    member(j, STR("owner"));
    if (node->interface || node->world) {
        open(j, '{');
        if (node->interface)
            index_member(j, STR("interface"), node->interface->iface.index);
        else
            index_member(j, STR("world"), node->world->world.index);
        close(j, '}');
    } else {
        buf_append_cstr(j->out, "null");
    }
    docs_member(j, node->def.docs);
    stability_member(j, &node->def.stability);
    close(j, '}');
}

/* ------------------------------------------------------------------------------- functions */

static void func_entry(struct json *j, const struct func_node *func)
{
    static const char *const kinds[] = {
        [WIT_METHOD] = "method", [WIT_STATIC] = "static", [WIT_CONSTRUCTOR] = "constructor"};
    open(j, '{');
    string_member(j, STR("name"), func->func.name);
    member(j, STR("kind"));
    if (func->func.kind == WIT_FREESTANDING) {
        string(j, STR("freestanding"));
    } else {
        open(j, '{');
        index_member(j, str_of(kinds[func->func.kind]), func->resource->def.index);
        close(j, '}');
    }
    member(j, STR("params"));
    open(j, '[');
    for (uint32_t i = 0; i < func->param_count; i++) {
        element(j);
        open(j, '{');
        string_member(j, STR("name"), func->params[i].name);
        member(j, STR("type"));
        ref(j, &func->params[i].ref);
        close(j, '}');
    }
    close(j, ']');
    if (func->result.kind != REF_NONE) {
        member(j, STR("result"));
        ref(j, &func->result);
    }
    docs_member(j, func->func.docs);
    stability_member(j, &func->func.stability);
    close(j, '}');
}

static void interface_entry(struct json *j, const struct wit_interface *iface)
{
    open(j, '{');
    string_member(j, STR("name"), iface->name);
    member(j, STR("types"));
    open(j, '{');
    for (uint32_t i = 0; i < iface->type_count; i++)
        index_member(j, iface->types[i]->name, iface->types[i]->index);
    close(j, '}');
    member(j, STR("functions"));
    open(j, '{');
    for (uint32_t i = 0; i < iface->func_count; i++) {
        member(j, iface->funcs[i]->name);
        func_entry(j, (const struct func_node *)iface->funcs[i]);
    }
    close(j, '}');
    docs_member(j, iface->docs);
    stability_member(j, &iface->stability);
    index_member(j, STR("package"), iface->package->index);
    const struct iface_node *copy_of = ((const struct iface_node *)iface)->copy_of;
    if (copy_of)
        index_member(j, STR("clone_of"), copy_of->iface.index);
    close(j, '}');
}

/* ------------------------------------------------------------------------------- worlds */

static void item_entry(struct json *j, const struct wit_item *item)
{
    char key[32];
    snprintf(key, sizeof(key), "interface-%u", item->interface ? item->interface->index : 0);
    bool by_index = item->interface && item->interface->name.len > 0;
    member(j, by_index ? str_of(key) : item->name);
    open(j, '{');
    if (item->kind == WIT_ITEM_INTERFACE) {
        member(j, STR("interface"));
        open(j, '{');
        index_member(j, STR("id"), item->interface->index);
        stability_member(j, &item->stability);
        docs_member(j, item->docs);
        close(j, '}');
    } else if (item->kind == WIT_ITEM_FUNC) {
        member(j, STR("function"));
        func_entry(j, (const struct func_node *)item->func);
    } else {
        index_member(j, STR("type"), item->type->index);
    }
    close(j, '}');
}

static void world_entry(struct json *j, const struct wit_world *world)
{
    open(j, '{');
    string_member(j, STR("name"), world->name);
    member(j, STR("imports"));
    open(j, '{');
    for (uint32_t i = 0; i < world->import_count; i++)
        item_entry(j, &world->imports[i]);
    close(j, '}');
    member(j, STR("exports"));
    open(j, '{');
    for (uint32_t i = 0; i < world->export_count; i++)
        item_entry(j, &world->exports[i]);
    close(j, '}');
    index_member(j, STR("package"), world->package->index);
    docs_member(j, world->docs);
    stability_member(j, &world->stability);
    close(j, '}');
}

static void package_entry(struct json *j, const struct wit_package *package)
{
    open(j, '{');
    string_member(j, STR("name"), package->full_name);
    docs_member(j, package->docs);
    member(j, STR("interfaces"));
    open(j, '{');
    for (uint32_t i = 0; i < package->interface_count; i++)
        index_member(j, package->interfaces[i]->name, package->interfaces[i]->index);
    close(j, '}');
    member(j, STR("worlds"));
    open(j, '{');
    for (uint32_t i = 0; i < package->world_count; i++)
        index_member(j, package->worlds[i]->name, package->worlds[i]->index);
    close(j, '}');
    close(j, '}');
}

void wit_resolve_json(const struct wit_resolve *r, struct buf *out)
{
    struct json j = {.out = out};
    open(&j, '{');
    member(&j, STR("worlds"));
    open(&j, '[');
    for (uint32_t i = 0; i < r->world_count; i++) {
        element(&j);
        world_entry(&j, r->worlds[i]);
    }
    close(&j, ']');
    member(&j, STR("interfaces"));
    open(&j, '[');
    for (uint32_t i = 0; i < r->interface_count; i++) {
        element(&j);
        interface_entry(&j, r->interfaces[i]);
    }
    close(&j, ']');
    member(&j, STR("types"));
    open(&j, '[');
    for (size_t i = 0; i < r->lists->nodes.len; i++) {
        element(&j);
        type_entry(&j, r->lists->nodes.data[i]);
    }
    close(&j, ']');
    member(&j, STR("packages"));
    open(&j, '[');
    for (uint32_t i = 0; i < r->package_count; i++) {
        element(&j);
        package_entry(&j, r->packages[i]);
    }
    close(&j, ']');
    close(&j, '}');
}
