/*
 * The component encoder. Order of what it writes, all indices in one pass:
 *
 *     imports with their types · core modules: main, shim, fixups · shim's instance · resources of
 *     exported interfaces · a bundle of core functions for each import of main · main's instance ·
 *     functions lowered with its memory · fixups' instance · lifts and exported interfaces
 */
#include "component/encode_int.h"

#include "base/limits.h"

/* A core function that main imports through the shim, or a destructor there. */
struct slot {
    struct interface_state *state;
    size_t func;     /* index in the interface, or SIZE_MAX for a destructor */
    struct str dtor; /* main's export */
    const struct wasm_func_type *type;
};

struct plan {
    VEC(struct slot) slots;
};

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

static struct buf body_start(const struct encoder *e)
{
    struct buf body = BUF_INIT(e->out->max);
    buf_append_byte(&body, 1);
    return body;
}

static void body_end(struct encoder *e, uint8_t section, struct buf *body)
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
static void emit_core_alias(struct encoder *e, uint8_t sort, uint32_t instance, struct str name)
{
    struct buf body = body_start(e);
    buf_append_byte(&body, 0x00);
    buf_append_byte(&body, sort);
    buf_append_byte(&body, 0x01);
    buf_append_uleb(&body, instance);
    append_name(&body, name);
    body_end(e, SECTION_ALIAS, &body);
}

static uint32_t alias_core_func(struct encoder *e, uint32_t instance, struct str name)
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

/* Core functions. */

static bool has_pointer(const struct wit_type *type)
{
    if (!type)
        return false;
    if (type->kind == WIT_STRING || type->kind == WIT_LIST)
        return true;
    for (uint32_t i = 0; i < type->count; i++)
        if (has_pointer(type->fields[i].type))
            return true;
    return has_pointer(type->element) || has_pointer(type->ok) || has_pointer(type->err);
}

/* What a canonical definition needs: [0] memory, [1] realloc. */
static void func_needs(const struct wit_func_type *type, bool lift, bool ret_needs[2])
{
    struct wit_core_type core;
    bool params = false, result = has_pointer(type->result);
    if (lift)
        wit_core_type_lift(type, &core);
    else
        wit_core_type_lower(type, &core);
    for (uint32_t i = 0; i < type->param_count; i++)
        params |= has_pointer(type->params[i].type);
    ret_needs[0] = params || result || core.params_in_memory || core.result_in_memory;
    ret_needs[1] = lift ? params || core.params_in_memory : result;
}

static const struct wasm_func_type *core_func_type(
    struct encoder *e, const struct wit_func_type *type, bool lift)
{
    struct wit_core_type core;
    struct wasm_func_type *func = arena_new(&e->arena, struct wasm_func_type);
    if (lift)
        wit_core_type_lift(type, &core);
    else
        wit_core_type_lower(type, &core);
    uint8_t *types = arena_alloc(&e->arena, sizeof(core.params) + sizeof(core.results));
    memcpy(types, core.params, sizeof(core.params));
    memcpy(types + sizeof(core.params), core.results, sizeof(core.results));
    *func = (struct wasm_func_type){
        core.param_count, core.result_count, types, types + sizeof(core.params)};
    return func;
}

static struct slot *add_slot(struct encoder *e, struct plan *plan, struct interface_state *state)
{
    struct slot *slot = VEC_PUSH(&plan->slots, &e->arena);
    if (slot)
        *slot = (struct slot){.state = state, .func = SIZE_MAX};
    else
        error_set(e->err, ERROR_MEMORY, "out of memory for a component");
    return slot;
}

static struct str dtor_name(
    struct encoder *e, const struct interface_state *state, const struct encode_type *type)
{
    return str_of(arena_printf(&e->arena, "%" STR_FMT "#[dtor]%" STR_FMT,
        STR_ARG(state->interface->name), STR_ARG(type->name)));
}

/* What goes through the shim: functions lowered with memory, and destructors. */
static int make_plan(struct encoder *e, struct plan *plan)
{
    static const uint8_t i32 = WASM_I32;
    static const struct wasm_func_type dtor_type = {1, 0, &i32, &i32};
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        const struct encode_interface *interface = state->interface;
        for (size_t j = 0; j < interface->func_count && !state->is_export; j++) {
            bool needs[2];
            func_needs(interface->funcs[j].type, false, needs);
            if (!state->func_live[j] || !needs[0])
                continue;
            struct slot *slot = add_slot(e, plan, state);
            if (!slot)
                return -1;
            slot->func = j;
            slot->type = core_func_type(e, interface->funcs[j].type, false);
        }
        for (size_t j = 0; j < interface->type_count && state->is_export; j++) {
            const struct encode_type *type = &interface->types[j];
            if (!type->resource || type->from)
                continue;
            struct str name = dtor_name(e, state, type);
            if (!wasm_find_export(e->module, name))
                continue;
            struct slot *slot = add_slot(e, plan, state);
            if (!slot)
                return -1;
            slot->dtor = name;
            slot->type = &dtor_type;
        }
    }
    return 0;
}

static uint32_t find_slot(
    const struct plan *plan, const struct interface_state *state, size_t func, struct str dtor)
{
    for (size_t i = 0; i < plan->slots.len; i++) {
        const struct slot *slot = &plan->slots.data[i];
        if (slot->state == state && slot->func == func && str_equal(slot->dtor, dtor))
            return (uint32_t)i;
    }
    return NO_TYPE;
}

static uint32_t shim_func(struct encoder *e, uint32_t slot)
{
    char name[16];
    snprintf(name, sizeof(name), "%u", slot);
    return alias_core_func(e, 0, str_of(name));
}

static uint32_t component_func(struct encoder *e, struct interface_state *state, size_t func)
{
    if (state->func[func] == NO_TYPE) {
        emit_alias(e, 0x01, state->instance, state->interface->funcs[func].name);
        state->func[func] = e->funcs++;
    }
    return state->func[func];
}

static void append_options(struct buf *body, const bool needs[2], uint32_t realloc_func)
{
    if (needs[0]) {
        buf_append_byte(body, 0x03);
        buf_append_uleb(body, 0);
    }
    if (needs[1]) {
        buf_append_byte(body, 0x04);
        buf_append_uleb(body, realloc_func);
    }
}

static int check_export(struct encoder *e, struct str name, const struct wasm_func_type *type)
{
    const struct wasm_export *found = wasm_find_export(e->module, name);
    if (!found || found->kind != WASM_EXTERN_FUNC)
        return error_set(e->err, ERROR_LINK,
            "the world needs the export '%" STR_FMT "', which the module lacks", STR_ARG(name));
    if (!wasm_func_type_equal(wasm_export_type(e->module, found).func, type))
        return error_set(e->err, ERROR_LINK, "the module exports '%" STR_FMT "' with another type",
            STR_ARG(name));
    return 0;
}

/* The module must bring what its functions' types need. */
static int check_memory(struct encoder *e)
{
    const struct wasm_export *memory = wasm_find_export(e->module, STR("memory"));
    static const uint8_t i32[] = {WASM_I32, WASM_I32, WASM_I32, WASM_I32};
    static const struct wasm_func_type realloc_type = {4, 1, i32, i32};
    bool needs[2] = {false, false}, some[2];
    for (size_t i = 0; i < e->state_count; i++) {
        const struct interface_state *state = &e->states[i];
        for (size_t j = 0; j < state->interface->func_count; j++) {
            if (!state->func_live[j])
                continue;
            func_needs(state->interface->funcs[j].type, state->is_export, some);
            needs[0] |= some[0];
            needs[1] |= some[1];
        }
    }
    if (needs[0] && (!memory || memory->kind != WASM_EXTERN_MEMORY))
        return error_set(e->err, ERROR_LINK, "the module exports no memory");
    return needs[1] ? check_export(e, STR("cabi_realloc"), &realloc_type) : 0;
}

static uint32_t lower(
    struct encoder *e, struct interface_state *state, size_t func, uint32_t realloc_func)
{
    bool needs[2];
    func_needs(state->interface->funcs[func].type, false, needs);
    uint32_t index = component_func(e, state, func);
    struct buf body = body_start(e);
    buf_append(&body, "\1\0", 2);
    buf_append_uleb(&body, index);
    buf_append_uleb(&body, (uint64_t)needs[0] + needs[1]);
    append_options(&body, needs, realloc_func);
    body_end(e, SECTION_CANON, &body);
    return e->core_funcs++;
}

static uint32_t resource_canon(struct encoder *e, uint8_t opcode, uint32_t type)
{
    struct buf body = body_start(e);
    buf_append_byte(&body, opcode);
    buf_append_uleb(&body, type);
    body_end(e, SECTION_CANON, &body);
    return e->core_funcs++;
}

/* The core function behind one import of main. */
static int core_import(struct encoder *e, const struct plan *plan, const struct wasm_import *import,
    uint32_t *ret_func)
{
    static const struct {
        const char *prefix;
        uint8_t opcode;
    } canons[] = {{"[resource-new]", 0x02}, {"[resource-drop]", 0x03}, {"[resource-rep]", 0x04}};
    bool own = str_starts_with(import->module, STR("[export]"));
    struct str name = own ? str_skip(import->module, strlen("[export]")) : import->module;
    struct interface_state *state = NULL;
    for (size_t i = 0; i < e->state_count; i++)
        if (e->states[i].is_export == own &&
            (e->states[i].is_root ? str_is(name, "$root")
                                  : str_equal(e->states[i].interface->name, name)))
            state = &e->states[i];
    BUG_IF(!state);
    for (size_t i = 0; i < countof(canons); i++) {
        if (!str_starts_with(import->name, str_of(canons[i].prefix)))
            continue;
        struct str resource = str_skip(import->name, strlen(canons[i].prefix));
        uint32_t type;
        if (outer_type(e, state, find_type_name(state->interface, resource), &type) < 0)
            return -1;
        *ret_func = resource_canon(e, canons[i].opcode, type);
        return 0;
    }
    for (size_t i = 0; i < state->interface->func_count; i++) {
        const struct encode_func *func = &state->interface->funcs[i];
        if (!str_equal(func->name, import->name))
            continue;
        if (!wasm_func_type_equal(core_func_type(e, func->type, false), import->type.func))
            return error_set(e->err, ERROR_LINK,
                "the module imports '%" STR_FMT "' from '%" STR_FMT "' with another type",
                STR_ARG(import->name), STR_ARG(import->module));
        uint32_t slot = find_slot(plan, state, i, (struct str){0});
        *ret_func = slot == NO_TYPE ? lower(e, state, i, 0) : shim_func(e, slot);
        return 0;
    }
    BUG("import '%" STR_FMT "'", STR_ARG(import->name));
}

/* A core instance that exports functions under the imports' names. */
static int bundle(struct encoder *e, const struct plan *plan, struct str module)
{
    const struct wasm_module *m = e->module;
    struct buf items = BUF_INIT(e->out->max);
    uint32_t count = 0, func;
    for (uint32_t i = 0; i < m->import_count; i++) {
        if (!str_equal(m->imports[i].module, module))
            continue;
        if (core_import(e, plan, &m->imports[i], &func) < 0) {
            buf_release(&items);
            return -1;
        }
        append_name(&items, m->imports[i].name);
        buf_append_byte(&items, 0x00);
        buf_append_uleb(&items, func);
        count++;
    }
    struct buf body = body_start(e);
    buf_append_byte(&body, 0x01);
    buf_append_uleb(&body, count);
    buf_append(&body, items.data, items.len);
    body_end(e, SECTION_CORE_INSTANCE, &body);
    e->core_instances++;
    e->out->failed |= items.failed;
    buf_release(&items);
    return 0;
}

/* Main's imports in bundles, one for each module name, then main itself. */
static int instantiate_main(struct encoder *e, const struct plan *plan, uint32_t *ret_instance)
{
    const struct wasm_module *m = e->module;
    struct buf arguments = BUF_INIT(e->out->max);
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->import_count; i++) {
        bool seen = false;
        for (uint32_t j = 0; j < i && !seen; j++)
            seen = str_equal(m->imports[j].module, m->imports[i].module);
        if (seen)
            continue;
        if (bundle(e, plan, m->imports[i].module) < 0) {
            buf_release(&arguments);
            return -1;
        }
        append_name(&arguments, m->imports[i].module);
        buf_append_byte(&arguments, 0x12);
        buf_append_uleb(&arguments, e->core_instances - 1);
        count++;
    }
    struct buf body = body_start(e);
    buf_append(&body, "\0\0", 2);
    buf_append_uleb(&body, count);
    buf_append(&body, arguments.data, arguments.len);
    body_end(e, SECTION_CORE_INSTANCE, &body);
    *ret_instance = e->core_instances++;
    e->out->failed |= arguments.failed;
    buf_release(&arguments);
    return 0;
}

static void write_module(struct encoder *e, struct str bytes)
{
    buf_append_byte(e->out, SECTION_CORE_MODULE);
    buf_append_uleb(e->out, bytes.len);
    buf_append_str(e->out, bytes);
}

static void write_modules(struct encoder *e, const struct plan *plan)
{
    uint32_t count = (uint32_t)plan->slots.len;
    struct buf bytes = BUF_INIT(e->out->max);
    write_module(e, e->input->module);
    if (count == 0)
        return;
    const struct wasm_func_type **types = arena_alloc(&e->arena, count * sizeof(*types));
    for (uint32_t i = 0; i < count; i++)
        types[i] = plan->slots.data[i].type;
    build_shim(&bytes, types, count);
    write_module(e, buf_str(&bytes));
    buf_clear(&bytes);
    build_fixups(&bytes, types, count);
    write_module(e, buf_str(&bytes));
    e->out->failed |= bytes.failed;
    buf_release(&bytes);
    struct buf body = body_start(e);
    buf_append(&body, "\0\1\0", 3);
    body_end(e, SECTION_CORE_INSTANCE, &body);
    e->core_instances++;
}

/* Resources that main implements, with destructors through the shim. */
static void define_resources(struct encoder *e, const struct plan *plan)
{
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        for (size_t j = 0; state->is_export && j < state->interface->type_count; j++) {
            const struct encode_type *type = &state->interface->types[j];
            if (!type->resource || type->from)
                continue;
            uint32_t slot = find_slot(plan, state, SIZE_MAX, dtor_name(e, state, type));
            uint32_t dtor = slot == NO_TYPE ? 0 : shim_func(e, slot);
            struct buf body = body_start(e);
            buf_append(&body, "\x3f\x7f", 2);
            buf_append_byte(&body, slot != NO_TYPE);
            if (slot != NO_TYPE)
                buf_append_uleb(&body, dtor);
            body_end(e, SECTION_TYPE, &body);
            state->resource[j] = e->types++;
        }
    }
}

static void write_fixups(
    struct encoder *e, const struct plan *plan, uint32_t main, uint32_t realloc_func)
{
    struct buf items = BUF_INIT(e->out->max);
    char name[16];
    uint32_t count = (uint32_t)plan->slots.len;
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct slot *slot = &plan->slots.data[i];
        uint32_t func = slot->func == SIZE_MAX ? alias_core_func(e, main, slot->dtor)
                                               : lower(e, slot->state, slot->func, realloc_func);
        snprintf(name, sizeof(name), "%u", i);
        append_name(&items, str_of(name));
        buf_append_byte(&items, 0x00);
        buf_append_uleb(&items, func);
    }
    emit_core_alias(e, 0x01, 0, STR("$imports"));
    append_name(&items, STR("$imports"));
    buf_append_byte(&items, 0x01);
    buf_append_uleb(&items, 0);
    struct buf body = body_start(e);
    buf_append_byte(&body, 0x01);
    buf_append_uleb(&body, (uint64_t)count + 1);
    buf_append(&body, items.data, items.len);
    body_end(e, SECTION_CORE_INSTANCE, &body);
    body = body_start(e);
    buf_append(&body, "\0\2\1\0\x12", 5);
    buf_append_uleb(&body, e->core_instances++);
    body_end(e, SECTION_CORE_INSTANCE, &body);
    e->core_instances++;
    e->out->failed |= items.failed;
    buf_release(&items);
}

/* Exports. */

static int lift(struct encoder *e, struct interface_state *state, size_t index, uint32_t main,
    uint32_t realloc_func)
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
    if (check_export(e, name, core) < 0 || scope_func_type(&scope, func->type, &type) < 0)
        return -1;
    bool has_post = wasm_find_export(e->module, post) != NULL;
    struct wasm_func_type post_type = {core->result_count, 0, core->results, core->results};
    if (has_post && check_export(e, post, &post_type) < 0)
        return -1;
    uint32_t core_index = alias_core_func(e, main, name);
    uint32_t post_index = has_post ? alias_core_func(e, main, post) : 0;
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

static int write_exports(struct encoder *e, uint32_t main, uint32_t realloc_func)
{
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        if (!state->is_export)
            continue;
        for (size_t j = 0; j < state->interface->func_count; j++)
            if (lift(e, state, j, main, realloc_func) < 0)
                return -1;
        if (state->is_root)
            export_root(e, state);
        else if (export_interface(e, state) < 0)
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
    uint32_t main, realloc_func = NO_TYPE;
    make_states(e);
    if (mark_live(e) < 0 || check_memory(e) < 0 || make_plan(e, &plan) < 0)
        return -1;
    buf_append(e->out, "\0asm\x0d\0\1\0", 8);
    if (write_imports(e) < 0)
        return -1;
    write_modules(e, &plan);
    define_resources(e, &plan);
    if (instantiate_main(e, &plan, &main) < 0)
        return -1;
    if (wasm_find_export(e->module, STR("memory")))
        emit_core_alias(e, 0x02, main, STR("memory"));
    if (wasm_find_export(e->module, STR("cabi_realloc")))
        realloc_func = alias_core_func(e, main, STR("cabi_realloc"));
    write_fixups(e, &plan, main, realloc_func);
    if (write_exports(e, main, realloc_func) < 0)
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
