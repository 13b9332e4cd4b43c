/*
 * The component encoder. Order of what it writes, all indices in one pass:
 *
 *     imports with their types · core modules: main, shim, fixups · shim's instance · resources of
 *     exported interfaces · a bundle of core functions for each import of main · main's instance ·
 *     glue: functions lowered with its memory, module, instance · functions lowered for the shim ·
 *     fixups' instance · lifts and exported interfaces
 */
#include "component/encode_int.h"

#include "base/limits.h"

void emit_section(struct buf *out, uint8_t id, const struct buf *body)
{
    buf_append_byte(out, id);
    buf_append_uleb(out, body->len);
    buf_append(out, body->data, body->len);
    out->failed |= body->failed;
}

void append_name(struct buf *out, struct str name)
{
    buf_append_uleb(out, name.len);
    buf_append_str(out, name);
}

void append_extern_name(struct buf *out, struct str name)
{
    buf_append_byte(out, 0);
    append_name(out, name);
}

struct buf body_start(const struct encoder *e)
{
    struct buf body = BUF_INIT(e->out->max);
    buf_append_byte(&body, 1);
    return body;
}

void body_end(struct encoder *e, uint8_t section, struct buf *body)
{
    emit_section(e->out, section, body);
    buf_release(body);
}

void emit_alias(struct encoder *e, uint8_t sort, uint32_t instance, struct str name)
{
    struct buf body = body_start(e);
    buf_append_byte(&body, sort);
    buf_append_byte(&body, 0x00);
    buf_append_uleb(&body, instance);
    append_name(&body, name);
    body_end(e, SECTION_ALIAS, &body);
}

/* Alias of a core instance's export; sort is the byte of the core sort. */
void emit_core_alias(struct encoder *e, uint8_t sort, uint32_t instance, struct str name)
{
    struct buf body = body_start(e);
    buf_append_byte(&body, 0x00);
    buf_append_byte(&body, sort);
    buf_append_byte(&body, 0x01);
    buf_append_uleb(&body, instance);
    append_name(&body, name);
    body_end(e, SECTION_ALIAS, &body);
}

uint32_t alias_core_func(struct encoder *e, uint32_t instance, struct str name)
{
    emit_core_alias(e, 0x00, instance, name);
    return e->core_funcs++;
}

struct interface_state *state_of(struct encoder *e, const struct encode_interface *interface)
{
    for (size_t i = 0; i < e->state_count; i++)
        if (e->states[i].interface == interface)
            return &e->states[i];
    return NULL;
}

size_t find_named(const struct encode_interface *interface, const struct wit_type *type)
{
    for (size_t i = 0; i < interface->type_count; i++)
        if (interface->types[i].type == type && !interface->types[i].resource)
            return i;
    return SIZE_MAX;
}

size_t find_resource(const struct encode_interface *interface, const struct wit_resource *resource)
{
    for (size_t i = 0; i < interface->type_count; i++)
        if (interface->types[i].resource == resource)
            return i;
    return SIZE_MAX;
}

size_t find_type_name(const struct encode_interface *interface, struct str name)
{
    for (size_t i = 0; i < interface->type_count; i++)
        if (str_equal(interface->types[i].name, name))
            return i;
    return SIZE_MAX;
}

int outer_type(struct encoder *e, struct interface_state *state, size_t type, uint32_t *ret)
{
    const struct encode_type *named = &state->interface->types[type];
    struct type_scope scope;
    if (state->outer_type[type] != NO_TYPE) {
        *ret = state->outer_type[type];
        return 0;
    }
    if (state->has_instance) {
        emit_alias(e, 0x03, state->instance, named->name);
        *ret = e->types++;
    } else if (named->from) {
        struct interface_state *from = state_of(e, named->from);
        if (outer_type(e, from, find_type_name(from->interface, named->from_name), ret) < 0)
            return -1;
    } else if (named->resource) {
        *ret = state->resource[type];
    } else {
        /* Its parts are looked up in the component's own index space. */
        type_scope_init(&scope, e, TYPE_SCOPE_OUTER, state, e->out, &e->types);
        if (scope_define(&scope, named->type, ret) < 0)
            return -1;
    }
    state->outer_type[type] = *ret;
    return 0;
}

/* Imports. */

static int import_interface(struct encoder *e, struct interface_state *state)
{
    const struct encode_interface *interface = state->interface;
    struct buf decls = BUF_INIT(e->out->max);
    struct type_scope scope;
    uint32_t types = 0, index;
    int result = 0;
    /* What it uses of others must have an index outside before the type is written. */
    for (size_t i = 0; i < interface->type_count && result == 0; i++) {
        const struct encode_type *named = &interface->types[i];
        if (!state->type_live[i] || !named->from)
            continue;
        struct interface_state *from = state_of(e, named->from);
        result = outer_type(e, from, find_type_name(from->interface, named->from_name), &index);
    }
    type_scope_init(&scope, e, TYPE_SCOPE_INSTANCE, state, &decls, &types);
    for (size_t i = 0; i < interface->type_count && result == 0; i++)
        if (state->type_live[i])
            result = scope_name_live(&scope, i);
    for (size_t i = 0; i < interface->func_count && result == 0; i++) {
        if (!state->func_live[i])
            continue;
        result = scope_func_type(&scope, interface->funcs[i].type, &index);
        buf_append_byte(&decls, 0x04);
        append_extern_name(&decls, interface->funcs[i].name);
        buf_append_byte(&decls, 0x01);
        buf_append_uleb(&decls, index);
        scope.count++;
    }
    if (result == 0) {
        struct buf body = body_start(e);
        buf_append_byte(&body, 0x42);
        buf_append_uleb(&body, scope.count);
        buf_append(&body, decls.data, decls.len);
        body_end(e, SECTION_TYPE, &body);
        body = body_start(e);
        append_extern_name(&body, interface->name);
        buf_append_byte(&body, 0x05);
        buf_append_uleb(&body, e->types++);
        body_end(e, SECTION_IMPORT, &body);
        state->instance = e->instances++;
        state->has_instance = true;
        e->out->failed |= decls.failed;
    }
    buf_release(&decls);
    return result;
}

static int import_root(struct encoder *e, struct interface_state *state)
{
    const struct encode_interface *root = state->interface;
    for (size_t i = 0; i < root->func_count; i++) {
        struct type_scope scope;
        uint32_t type;
        if (!state->func_live[i])
            continue;
        type_scope_init(&scope, e, TYPE_SCOPE_OUTER, state, e->out, &e->types);
        if (scope_func_type(&scope, root->funcs[i].type, &type) < 0)
            return -1;
        struct buf body = body_start(e);
        append_extern_name(&body, root->funcs[i].name);
        buf_append_byte(&body, 0x01);
        buf_append_uleb(&body, type);
        body_end(e, SECTION_IMPORT, &body);
        state->func[i] = e->funcs++;
    }
    return 0;
}

static int write_imports(struct encoder *e)
{
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        if (!state->live || state->is_export)
            continue;
        if ((state->is_root ? import_root(e, state) : import_interface(e, state)) < 0)
            return -1;
    }
    return 0;
}

static void write_producers(struct encoder *e)
{
    struct buf body = BUF_INIT(e->out->max);
    if (e->input->producer.len == 0)
        return;
    append_name(&body, STR("producers"));
    buf_append_byte(&body, 1);
    append_name(&body, STR("processed-by"));
    buf_append_byte(&body, 1);
    append_name(&body, e->input->producer);
    append_name(&body, e->input->producer_version);
    emit_section(e->out, 0, &body);
    buf_release(&body);
}

static void add_states(struct encoder *e, const struct encode_interface *list, size_t count,
    bool is_export, bool is_root)
{
    for (size_t i = 0; i < count; i++) {
        struct interface_state *state = &e->states[e->state_count++];
        size_t types = list[i].type_count + 1, funcs = list[i].func_count + 1;
        *state = (struct interface_state){
            .interface = &list[i], .is_export = is_export, .is_root = is_root};
        state->type_live = arena_alloc(&e->arena, types);
        state->func_live = arena_alloc(&e->arena, funcs);
        state->func_imported = arena_alloc(&e->arena, funcs);
        state->outer_type = arena_alloc(&e->arena, types * sizeof(uint32_t));
        state->resource = arena_alloc(&e->arena, types * sizeof(uint32_t));
        state->func = arena_alloc(&e->arena, funcs * sizeof(uint32_t));
        memset(state->outer_type, 0xff, types * sizeof(uint32_t));
        memset(state->func, 0xff, funcs * sizeof(uint32_t));
    }
}

static void make_states(struct encoder *e)
{
    const struct encode_input *input = e->input;
    size_t count = input->import_count + input->export_count + 2;
    e->states = arena_alloc(&e->arena, count * sizeof(*e->states));
    add_states(e, input->imports, input->import_count, false, false);
    if (input->root_imports)
        add_states(e, input->root_imports, 1, false, true);
    add_states(e, input->exports, input->export_count, true, false);
    if (input->root_exports)
        add_states(e, input->root_exports, 1, true, true);
}

static int encode(struct encoder *e)
{
    struct plan plan = {0};
    uint32_t realloc_func = NO_TYPE;
    e->glue = NO_TYPE;
    make_states(e);
    if (mark_live(e) < 0 || check_memory(e) < 0 || make_plan(e, &plan) < 0)
        return -1;
    buf_append(e->out, "\0asm\x0d\0\1\0", 8);
    if (write_imports(e) < 0)
        return -1;
    write_modules(e, &plan);
    define_resources(e, &plan);
    if (instantiate_main(e, &plan) < 0)
        return -1;
    if (wasm_find_export(e->module, STR("memory")))
        emit_core_alias(e, 0x02, e->main, STR("memory"));
    if (wasm_find_export(e->module, STR("cabi_realloc")))
        realloc_func = alias_core_func(e, e->main, STR("cabi_realloc"));
    if (write_glue(e, realloc_func) < 0)
        return -1;
    write_fixups(e, &plan, realloc_func);
    if (write_exports(e, realloc_func) < 0)
        return -1;
    write_producers(e);
    if (e->out->failed)
        return error_set(
            e->err, ERROR_LIMIT, "the component is larger than %zu bytes", e->out->max);
    return 0;
}

int component_encode(const struct encode_input *input, struct buf *out, struct error *err)
{
    struct encoder e = {.input = input, .out = out, .err = err};
    struct wasm_module *module;
    e.arena = ARENA_INIT(1 * GIB);
    int result = wasm_decode(input->module, &e.arena, &module, err);
    if (result == 0) {
        e.module = module;
        result = encode(&e);
    }
    arena_release(&e.arena);
    return result;
}
