/*
 * Component types: what is known of value types, and replacing of resources.
 */
#include "component/types.h"

#include "base/limits.h"
#include "base/vec.h"

const char *extern_sort_name(enum extern_sort sort)
{
    static const char *const names[] = {
        "core module", "function", "value", "type", "component", "instance"};
    return names[sort];
}

struct str pointer_key(struct arena *a, const void *const *pointer)
{
    const void **copy = arena_alloc(a, sizeof(*copy));
    *copy = *pointer;
    return str_make(copy, sizeof(*copy));
}

static struct str pointer_view(const void *const *pointer)
{
    return str_make(pointer, sizeof(*pointer));
}

const struct value_type *value_type_of(const struct wit_type *type)
{
    static const struct value_type scalars[] = {
        [1] = {.nodes = 1, .depth = 1, .size64 = 1, .align64 = 1},
        [2] = {.nodes = 1, .depth = 1, .size64 = 2, .align64 = 2},
        [4] = {.nodes = 1, .depth = 1, .size64 = 4, .align64 = 4},
        [8] = {.nodes = 1, .depth = 1, .size64 = 8, .align64 = 8},
    };
    static const struct value_type string = {.nodes = 1, .depth = 1, .size64 = 16, .align64 = 8};
    if (type->kind == WIT_STRING)
        return &string;
    if (type->kind < WIT_STRING)
        return &scalars[type->size];
    return (const struct value_type *)type;
}

/* Folds a part into what is known of the whole. */
static void add_part(struct value_type *v, const struct wit_type *part, uint64_t *nodes)
{
    const struct value_type *p = value_type_of(part);
    *nodes += p->nodes;
    if (p->depth >= v->depth)
        v->depth = p->depth + 1;
    v->has_borrow |= p->has_borrow;
    v->has_resource |= p->has_resource;
}

static void finish_record(struct value_type *v)
{
    for (uint32_t i = 0; i < v->type.count; i++) {
        const struct value_type *p = value_type_of(v->type.fields[i].type);
        v->size64 = align_up(v->size64, p->align64) + p->size64;
        if (p->align64 > v->align64)
            v->align64 = p->align64;
    }
    v->size64 = align_up(v->size64, v->align64);
}

static void finish_variant(struct value_type *v)
{
    uint64_t payload = 0;
    uint32_t align = 1, discriminant = wit_discriminant_size(&v->type);
    for (uint32_t i = 0; i < wit_case_count(&v->type); i++) {
        const struct wit_type *part = wit_case_type(&v->type, i);
        if (!part)
            continue;
        const struct value_type *p = value_type_of(part);
        payload = p->size64 > payload ? p->size64 : payload;
        align = p->align64 > align ? p->align64 : align;
    }
    v->align64 = align > discriminant ? align : discriminant;
    v->size64 = align_up(align_up(discriminant, align) + payload, v->align64);
}

int value_type_finish(struct value_type *v, struct error *err)
{
    uint64_t nodes = 1 + (uint64_t)v->type.count;
    v->depth = 1;
    v->align64 = 1;
    v->size64 = 0;
    for (uint32_t i = 0; i < v->type.count; i++)
        if (v->type.fields[i].type)
            add_part(v, v->type.fields[i].type, &nodes);
    const struct wit_type *parts[] = {v->type.element, v->type.ok, v->type.err};
    for (size_t i = 0; i < countof(parts); i++)
        if (parts[i])
            add_part(v, parts[i], &nodes);
    if (nodes > LIMIT_TYPE_SIZE)
        return error_set(err, ERROR_LIMIT, "effective type size exceeds the limit");
    if (v->depth > LIMIT_TYPE_DEPTH)
        return error_set(err, ERROR_LIMIT, "type nesting is too deep");
    v->nodes = (uint32_t)nodes;
    switch (v->type.kind) {
    case WIT_RECORD:
    case WIT_TUPLE:
        finish_record(v);
        break;
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        finish_variant(v);
        break;
    case WIT_LIST:
    case WIT_STRING:
        v->size64 = 16;
        v->align64 = 8;
        break;
    case WIT_OWN:
    case WIT_BORROW:
        v->has_resource = true;
        v->has_borrow |= v->type.kind == WIT_BORROW;
        v->size64 = v->align64 = 4;
        break;
    default:
        break;
    }
    if (v->size64 > LIMIT_STRING_BYTES || !wit_type_layout(&v->type))
        return error_set(err, ERROR_INVALID, "type exceeds maximum byte size");
    return 0;
}

static uint64_t func_nodes(const struct wit_func_type *type)
{
    uint64_t nodes = 1;
    for (uint32_t i = 0; i < type->param_count; i++)
        nodes += value_type_of(type->params[i].type)->nodes;
    return nodes + (type->result ? value_type_of(type->result)->nodes : 0);
}

static uint64_t defined_nodes(const struct defined_type *type)
{
    switch (type->sort) {
    case TYPE_VALUE:
        return value_type_of(type->value)->nodes;
    case TYPE_FUNC:
        return func_nodes(type->func);
    case TYPE_COMPONENT:
        return type->component->nodes;
    case TYPE_INSTANCE:
        return type->instance->nodes;
    case TYPE_RESOURCE:
        return 1;
    }
    return 1;
}

uint64_t extern_nodes(const struct extern_type *type)
{
    switch (type->sort) {
    case EXTERN_MODULE:
        return (uint64_t)type->module->import_count + type->module->export_count + 1;
    case EXTERN_FUNC:
        return func_nodes(type->func);
    case EXTERN_TYPE:
        return defined_nodes(&type->type);
    case EXTERN_COMPONENT:
        return type->component->nodes;
    case EXTERN_INSTANCE:
        return type->instance->nodes;
    case EXTERN_VALUE:
        break;
    }
    return 1;
}

uint64_t extern_list_nodes(const struct named_extern *list, size_t count)
{
    uint64_t nodes = 1;
    for (size_t i = 0; i < count; i++)
        nodes += extern_nodes(&list[i].type);
    return nodes;
}

const struct named_extern *find_extern(
    const struct named_extern *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(list[i].name, name))
            return &list[i];
    return NULL;
}

const struct wit_resource *type_fresh_resource(struct arena *a, struct str name)
{
    struct wit_resource *resource = arena_new(a, struct wit_resource);
    resource->name = name;
    return resource;
}

const struct wit_resource *type_alias_resource(
    struct arena *a, struct str name, const struct wit_resource *resource)
{
    struct wit_resource *alias = arena_new(a, struct wit_resource);
    *alias = (struct wit_resource){.name = name, .tag = resource_key(resource)};
    return alias;
}

void type_map_init(struct type_map *m, struct arena *a)
{
    m->arena = a;
    m->values = false;
    map_init(&m->resources, a);
    map_init(&m->memo, a);
}

bool type_map_put(
    struct type_map *m, const struct wit_resource *from, const struct wit_resource *to)
{
    const void *key = resource_key(from);
    return map_put(&m->resources, pointer_key(m->arena, &key), (void *)(uintptr_t)to);
}

const struct wit_resource *type_map_get(
    const struct type_map *m, const struct wit_resource *resource)
{
    for (unsigned steps = 0; steps < LIMIT_COMPONENT_DEPTH; steps++) {
        const void *key = resource_key(resource);
        const struct wit_resource *next = map_get(&m->resources, pointer_view(&key));
        if (!next || next == resource)
            break;
        resource = next;
    }
    return resource;
}

static void *memo_get(struct type_map *m, const void *type)
{
    return map_get(&m->memo, pointer_view(&type));
}

static bool memo_put(struct type_map *m, const void *type, const void *replaced)
{
    return map_put(&m->memo, pointer_key(m->arena, &type), (void *)(uintptr_t)replaced);
}

bool type_map_put_value(struct type_map *m, const struct wit_type *from, const struct wit_type *to)
{
    return memo_put(m, from, to);
}

static bool replace_fields(struct type_map *m, uint32_t count, const struct wit_field *fields,
    const struct wit_field **ret)
{
    struct wit_field *copy = arena_try_array(m->arena, count ? count : 1, struct wit_field);
    if (!copy)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = fields[i];
        if (fields[i].type && !(copy[i].type = type_replace_value(m, fields[i].type)))
            return false;
    }
    *ret = copy;
    return true;
}

const struct wit_type *type_replace_value(struct type_map *m, const struct wit_type *type)
{
    const struct value_type *old = value_type_of(type);
    if (type->kind <= WIT_STRING || (!old->has_resource && !m->values))
        return type;
    struct value_type *copy = memo_get(m, type);
    if (copy)
        return &copy->type;
    if (!(copy = arena_try_array(m->arena, 1, struct value_type)))
        return NULL;
    *copy = *old;
    if (type->resource)
        copy->type.resource = type_map_get(m, type->resource);
    if ((type->count && !replace_fields(m, type->count, type->fields, &copy->type.fields)) ||
        (type->element && !(copy->type.element = type_replace_value(m, type->element))) ||
        (type->ok && !(copy->type.ok = type_replace_value(m, type->ok))) ||
        (type->err && !(copy->type.err = type_replace_value(m, type->err))))
        return NULL;
    return memo_put(m, type, copy) ? &copy->type : NULL;
}

static bool func_has_resource(const struct wit_func_type *type)
{
    for (uint32_t i = 0; i < type->param_count; i++)
        if (value_type_of(type->params[i].type)->has_resource)
            return true;
    return type->result && value_type_of(type->result)->has_resource;
}

const struct wit_func_type *type_replace_func(struct type_map *m, const struct wit_func_type *type)
{
    if (!m->values && !func_has_resource(type))
        return type;
    struct wit_func_type *copy = memo_get(m, type);
    if (copy)
        return copy;
    if (!(copy = arena_try_array(m->arena, 1, struct wit_func_type)))
        return NULL;
    *copy = *type;
    if (!replace_fields(m, type->param_count, type->params, &copy->params) ||
        (type->result && !(copy->result = type_replace_value(m, type->result))))
        return NULL;
    return memo_put(m, type, copy) ? copy : NULL;
}

static int no_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "out of memory for component types");
}

static int replace_externs(struct type_map *m, size_t count, const struct named_extern *list,
    const struct named_extern **ret, struct error *err)
{
    struct named_extern *copy = arena_try_array(m->arena, count ? count : 1, struct named_extern);
    if (!copy)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        copy[i].name = list[i].name;
        if (type_replace_extern(m, &list[i].type, &copy[i].type, err) < 0)
            return -1;
    }
    *ret = copy;
    return 0;
}

static int replace_instance(struct type_map *m, const struct instance_type *type,
    const struct instance_type **ret, struct error *err)
{
    struct instance_type *copy = memo_get(m, type);
    if (!copy) {
        if (!(copy = arena_try_array(m->arena, 1, struct instance_type)))
            return no_memory(err);
        *copy = *type;
        if (replace_externs(m, type->count, type->exports, &copy->exports, err) < 0)
            return -1;
        if (!memo_put(m, type, copy))
            return no_memory(err);
    }
    *ret = copy;
    return 0;
}

static int replace_component(struct type_map *m, const struct component_type *type,
    const struct component_type **ret, struct error *err)
{
    struct component_type *copy = memo_get(m, type);
    if (!copy) {
        if (!(copy = arena_try_array(m->arena, 1, struct component_type)))
            return no_memory(err);
        *copy = *type;
        if (replace_externs(m, type->import_count, type->imports, &copy->imports, err) < 0 ||
            replace_externs(m, type->export_count, type->exports, &copy->exports, err) < 0)
            return -1;
        if (!memo_put(m, type, copy))
            return no_memory(err);
    }
    *ret = copy;
    return 0;
}

static int replace_defined(struct type_map *m, const struct defined_type *type,
    struct defined_type *ret, struct error *err)
{
    *ret = *type;
    switch (type->sort) {
    case TYPE_VALUE:
        ret->value = type_replace_value(m, type->value);
        return ret->value ? 0 : no_memory(err);
    case TYPE_FUNC:
        ret->func = type_replace_func(m, type->func);
        return ret->func ? 0 : no_memory(err);
    case TYPE_COMPONENT:
        return replace_component(m, type->component, &ret->component, err);
    case TYPE_INSTANCE:
        return replace_instance(m, type->instance, &ret->instance, err);
    case TYPE_RESOURCE:
        ret->resource = type_map_get(m, type->resource);
        return 0;
    }
    BUG("type sort %d", type->sort);
}

int type_replace_extern(
    struct type_map *m, const struct extern_type *type, struct extern_type *ret, struct error *err)
{
    struct extern_type copy = *type;
    int result = 0;
    switch (type->sort) {
    case EXTERN_MODULE:
    case EXTERN_VALUE:
        break;
    case EXTERN_FUNC:
        copy.func = type_replace_func(m, type->func);
        result = copy.func ? 0 : no_memory(err);
        break;
    case EXTERN_TYPE:
        result = replace_defined(m, &type->type, &copy.type, err);
        break;
    case EXTERN_COMPONENT:
        result = replace_component(m, type->component, &copy.component, err);
        break;
    case EXTERN_INSTANCE:
        result = replace_instance(m, type->instance, &copy.instance, err);
        break;
    }
    if (result == 0)
        *ret = copy;
    return result;
}

int type_open_instance(struct arena *a, const struct instance_type *type,
    struct resource_list *fresh, const struct instance_type **ret_type, struct error *err)
{
    struct type_map m;
    if (type->bound_count == 0) {
        *ret_type = type;
        return 0;
    }
    type_map_init(&m, a);
    for (size_t i = 0; i < type->bound_count; i++) {
        const struct wit_resource **slot = VEC_PUSH(fresh, a);
        const struct wit_resource *resource = type_fresh_resource(a, type->bound[i]->name);
        if (!slot || !type_map_put(&m, type->bound[i], resource))
            return no_memory(err);
        *slot = resource;
    }
    struct instance_type *open = arena_new(a, struct instance_type);
    open->count = type->count;
    open->nodes = type->nodes;
    if (replace_externs(&m, type->count, type->exports, &open->exports, err) < 0)
        return -1;
    *ret_type = open;
    return 0;
}

const struct module_type *module_type_of(struct arena *a, const struct wasm_module *module)
{
    struct module_type *type = arena_new(a, struct module_type);
    type->import_count = module->import_count;
    type->imports = module->imports;
    type->export_count = module->export_count;
    type->exports =
        arena_try_alloc(a, module->export_count ? module->export_count : 1, sizeof(*type->exports));
    if (!type->exports)
        return NULL;
    for (uint32_t i = 0; i < module->export_count; i++) {
        type->exports[i].name = module->exports[i].name;
        type->exports[i].type = wasm_export_type(module, &module->exports[i]);
    }
    return type;
}
