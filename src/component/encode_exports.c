/*
 * The encoder's exports: lifted functions, and exported interfaces with their names.
 */
#include "component/encode_int.h"

/* The core instance that implements an export; NO_TYPE, with the error: main lacks it. */
static uint32_t implementer(struct encoder *e, struct str name, const struct wasm_func_type *type)
{
    if (glue_exports(e, name))
        return e->glue;
    return check_export(e, name, type) < 0 ? NO_TYPE : e->main;
}

static int lift(
    struct encoder *e, struct interface_state *state, size_t index, uint32_t realloc_func)
{
    const struct encode_func *func = &state->interface->funcs[index];
    const struct wasm_func_type *core = core_func_type(e, func->type, true);
    struct str prefix = state->is_root ? STR_EMPTY : state->interface->name;
    struct str name = str_of(arena_printf(&e->arena, "%" STR_FMT "%s%" STR_FMT, STR_ARG(prefix),
        state->is_root ? "" : "#", STR_ARG(func->name)));
    struct str post = str_of(arena_printf(&e->arena, "cabi_post_%" STR_FMT, STR_ARG(name)));
    struct type_scope scope;
    uint32_t type;
    bool needs[2];
    func_needs(func->type, true, needs);
    type_scope_init(&scope, e, TYPE_SCOPE_OUTER, state, e->out, &e->types);
    uint32_t instance = implementer(e, name, core);
    if (instance == NO_TYPE || scope_func_type(&scope, func->type, &type) < 0)
        return -1;
    bool has_post = glue_exports(e, post) || wasm_find_export(e->module, post) != NULL;
    struct wasm_func_type post_type = {core->result_count, 0, core->results, core->results};
    if (has_post && implementer(e, post, &post_type) == NO_TYPE)
        return -1;
    uint32_t core_index = alias_core_func(e, instance, name);
    uint32_t post_index = has_post ? alias_core_func(e, instance, post) : 0;
    struct buf body = body_start(e);
    buf_append(&body, "\0\0", 2);
    buf_append_uleb(&body, core_index);
    buf_append_uleb(&body, (uint64_t)needs[0] + needs[1] + has_post);
    append_options(&body, needs, realloc_func);
    if (has_post) {
        buf_append_byte(&body, 0x05);
        buf_append_uleb(&body, post_index);
    }
    buf_append_uleb(&body, type);
    body_end(e, SECTION_CANON, &body);
    state->func[index] = e->funcs++;
    return 0;
}

static void append_import_name(struct buf *body, size_t func)
{
    char name[32];
    snprintf(name, sizeof(name), "import-func-%zu", func);
    append_extern_name(body, str_of(name));
}

/*
 * The component that gives an exported interface its names: it imports types and functions, and
 * exports them again, so that the types which the functions mention are the exported ones.
 */
static int write_nested(struct encoder *e, struct type_scope *scope, struct buf *out)
{
    const struct encode_interface *interface = scope->state->interface;
    uint32_t index;
    buf_append(out, "\0asm\x0d\0\1\0", 8);
    for (size_t i = 0; i < interface->type_count; i++)
        if (interface->types[i].resource || interface->types[i].type->kind > WIT_STRING)
            if (scope_name_type(scope, i, &index) < 0)
                return -1;
    for (size_t i = 0; i < interface->func_count; i++) {
        if (scope_func_type(scope, interface->funcs[i].type, &index) < 0)
            return -1;
        struct buf body = body_start(e);
        append_import_name(&body, i);
        buf_append_byte(&body, 0x01);
        buf_append_uleb(&body, index);
        emit_section(out, SECTION_IMPORT, &body);
        buf_release(&body);
    }
    if (scope_export_types(scope) < 0)
        return -1;
    for (size_t i = 0; i < interface->func_count; i++) {
        if (scope_func_type(scope, interface->funcs[i].type, &index) < 0)
            return -1;
        struct buf body = body_start(e);
        append_extern_name(&body, interface->funcs[i].name);
        buf_append_byte(&body, 0x01);
        buf_append_uleb(&body, i);
        buf_append(&body, "\1\1", 2);
        buf_append_uleb(&body, index);
        emit_section(out, SECTION_EXPORT, &body);
        buf_release(&body);
    }
    return 0;
}

static int instantiate_nested(struct encoder *e, const struct type_scope *scope)
{
    const struct interface_state *state = scope->state;
    struct buf items = BUF_INIT(e->out->max);
    uint32_t type;
    for (size_t i = 0; i < scope->imports.len; i++) {
        const struct nested_import *import = &scope->imports.data[i];
        if (outer_type(e, import->state, import->type, &type) < 0) {
            buf_release(&items);
            return -1;
        }
        append_name(&items, import->name);
        buf_append_byte(&items, 0x03);
        buf_append_uleb(&items, type);
    }
    for (size_t i = 0; i < state->interface->func_count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "import-func-%zu", i);
        append_name(&items, str_of(name));
        buf_append_byte(&items, 0x01);
        buf_append_uleb(&items, state->func[i]);
    }
    struct buf body = body_start(e);
    buf_append_byte(&body, 0x00);
    buf_append_uleb(&body, e->components - 1);
    buf_append_uleb(&body, scope->imports.len + state->interface->func_count);
    buf_append(&body, items.data, items.len);
    body_end(e, SECTION_INSTANCE, &body);
    e->instances++;
    e->out->failed |= items.failed;
    buf_release(&items);
    return 0;
}

static int export_interface(struct encoder *e, struct interface_state *state)
{
    struct buf nested = BUF_INIT(e->out->max);
    struct type_scope scope;
    uint32_t types = 0;
    type_scope_init(&scope, e, TYPE_SCOPE_NESTED, state, &nested, &types);
    int result = write_nested(e, &scope, &nested);
    if (result == 0) {
        emit_section(e->out, SECTION_COMPONENT, &nested);
        e->components++;
        result = instantiate_nested(e, &scope);
    }
    buf_release(&nested);
    if (result < 0)
        return -1;
    struct buf body = body_start(e);
    append_extern_name(&body, state->interface->name);
    buf_append_byte(&body, 0x05);
    buf_append_uleb(&body, e->instances - 1);
    buf_append_byte(&body, 0x00);
    body_end(e, SECTION_EXPORT, &body);
    state->instance = e->instances++;
    state->has_instance = true;
    /* From now on its types are those that it exports. */
    for (size_t i = 0; i < state->interface->type_count; i++)
        state->outer_type[i] = NO_TYPE;
    return 0;
}

static void export_root(struct encoder *e, struct interface_state *state)
{
    for (size_t i = 0; i < state->interface->func_count; i++) {
        struct buf body = body_start(e);
        append_extern_name(&body, state->interface->funcs[i].name);
        buf_append_byte(&body, 0x01);
        buf_append_uleb(&body, state->func[i]);
        buf_append_byte(&body, 0x00);
        body_end(e, SECTION_EXPORT, &body);
        e->funcs++;
    }
}

int write_exports(struct encoder *e, uint32_t realloc_func)
{
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        if (!state->is_export)
            continue;
        for (size_t j = 0; j < state->interface->func_count; j++)
            if (lift(e, state, j, realloc_func) < 0)
                return -1;
        if (state->is_root)
            export_root(e, state);
        else if (export_interface(e, state) < 0)
            return -1;
    }
    return 0;
}
