/*
 * The encoder's core side: shim, fixups, bundles of lowered functions, main's instance.
 */
#include "component/encode_int.h"

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
void func_needs(const struct wit_func_type *type, bool lift, bool ret_needs[2])
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

const struct wasm_func_type *core_func_type(
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

static int add_slot(struct encoder *e, struct plan *plan, struct slot slot)
{
    struct slot *place = VEC_PUSH(&plan->slots, &e->arena);
    if (!place)
        return error_set(e->err, ERROR_MEMORY, "out of memory for a component");
    *place = slot;
    return 0;
}

static struct str dtor_name(
    struct encoder *e, const struct interface_state *state, const struct encode_type *type)
{
    return str_of(arena_printf(&e->arena, "%" STR_FMT "#[dtor]%" STR_FMT,
        STR_ARG(state->interface->name), STR_ARG(type->name)));
}

static int plan_lowered(struct encoder *e, struct plan *plan, struct interface_state *state)
{
    const struct encode_interface *interface = state->interface;
    for (size_t i = 0; i < interface->func_count; i++) {
        bool needs[2];
        func_needs(interface->funcs[i].type, false, needs);
        if (!state->func_imported[i] || !needs[0])
            continue;
        struct slot slot = {
            .state = state, .func = i, .type = core_func_type(e, interface->funcs[i].type, false)};
        if (add_slot(e, plan, slot) < 0)
            return -1;
    }
    return 0;
}

static int plan_dtors(struct encoder *e, struct plan *plan, struct interface_state *state)
{
    static const uint8_t i32 = WASM_I32;
    static const struct wasm_func_type dtor_type = {1, 0, &i32, &i32};
    const struct encode_interface *interface = state->interface;
    for (size_t i = 0; i < interface->type_count; i++) {
        const struct encode_type *type = &interface->types[i];
        if (!type->resource || type->from)
            continue;
        struct str name = dtor_name(e, state, type);
        struct slot slot = {.kind = SLOT_DTOR, .state = state, .dtor = name, .type = &dtor_type};
        bool there = wasm_find_export(e->module, name) || glue_exports(e, name);
        if (there && add_slot(e, plan, slot) < 0)
            return -1;
    }
    return 0;
}

/* How main's import is satisfied. */
static enum slot_kind slot_kind(const struct encoder *e, const struct wasm_import *import)
{
    return is_call(import) ? SLOT_CALL : is_absent(e, import) ? SLOT_ABSENT : SLOT_LOWERED;
}

static int plan_imports(struct encoder *e, struct plan *plan, enum slot_kind kind)
{
    for (uint32_t i = 0; i < e->module->import_count; i++) {
        const struct wasm_import *import = &e->module->imports[i];
        struct slot slot = {.kind = kind,
            .import = import,
            .type = kind == SLOT_CALL ? glue_call_type() : import->type.func};
        if (import->type.kind == WASM_EXTERN_FUNC && slot_kind(e, import) == kind &&
            add_slot(e, plan, slot) < 0)
            return -1;
    }
    return 0;
}

/* What goes through the shim. */
int make_plan(struct encoder *e, struct plan *plan)
{
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        if ((state->is_export ? plan_dtors : plan_lowered)(e, plan, state) < 0)
            return -1;
    }
    if (plan_imports(e, plan, SLOT_CALL) < 0)
        return -1;
    plan->filled = (uint32_t)plan->slots.len;
    return plan_imports(e, plan, SLOT_ABSENT);
}

static uint32_t find_slot(const struct plan *plan, const struct slot *wanted)
{
    for (size_t i = 0; i < plan->slots.len; i++) {
        const struct slot *slot = &plan->slots.data[i];
        if (slot->kind == wanted->kind && slot->state == wanted->state &&
            slot->func == wanted->func && slot->import == wanted->import &&
            str_equal(slot->dtor, wanted->dtor))
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

void append_options(struct buf *body, const bool needs[2], uint32_t realloc_func)
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

int check_export(struct encoder *e, struct str name, const struct wasm_func_type *type)
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
int check_memory(struct encoder *e)
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

/* "[resource-drop]r" and so on. */
static uint32_t resource_func(struct encoder *e, struct str name, uint32_t type)
{
    static const struct {
        const char *prefix;
        uint8_t opcode;
    } canons[] = {{"[resource-new]", 0x02}, {"[resource-drop]", 0x03}, {"[resource-rep]", 0x04}};
    for (size_t i = 0; i < countof(canons); i++)
        if (str_starts_with(name, str_of(canons[i].prefix)))
            return resource_canon(e, canons[i].opcode, type);
    BUG("resource function '%" STR_FMT "'", STR_ARG(name));
}

static const struct wasm_func_type *resource_func_type(struct str name)
{
    static const uint8_t i32 = WASM_I32;
    static const struct wasm_func_type drop = {1, 0, &i32, &i32}, other = {1, 1, &i32, &i32};
    return str_starts_with(name, STR("[resource-drop]")) ? &drop : &other;
}

int lower_name(struct encoder *e, const struct core_name *name, uint32_t realloc_func,
    uint32_t *ret_func, const struct wasm_func_type **ret_type)
{
    struct interface_state *state;
    size_t func, named;
    uint32_t type;
    if (find_core_name(e, name, &state, &func, &named) < 0)
        return -1;
    if (func != SIZE_MAX) {
        *ret_func = lower(e, state, func, realloc_func);
        *ret_type = core_func_type(e, state->interface->funcs[func].type, false);
        return 0;
    }
    if (outer_type(e, state, named, &type) < 0)
        return -1;
    *ret_func = resource_func(e, name->name, type);
    *ret_type = resource_func_type(name->name);
    return 0;
}

/* The core function behind one import of main: before its memory is there, through the shim. */
static int core_import(struct encoder *e, const struct plan *plan, const struct wasm_import *import,
    uint32_t *ret_func)
{
    struct core_name name = {import->module, import->name};
    struct slot slot = {.kind = slot_kind(e, import)};
    const struct wasm_func_type *type = import->type.func;
    size_t named;
    if (slot.kind != SLOT_LOWERED)
        slot.import = import;
    else if (find_core_name(e, &name, &slot.state, &slot.func, &named) < 0)
        return -1;
    uint32_t index = find_slot(plan, &slot);
    if (index != NO_TYPE) {
        *ret_func = shim_func(e, index);
        type = plan->slots.data[index].type;
    } else if (lower_name(e, &name, NO_TYPE, ret_func, &type) < 0) {
        return -1;
    }
    if (!wasm_func_type_equal(type, import->type.func))
        return error_set(e->err, ERROR_LINK,
            "the module imports '%" STR_FMT "' from '%" STR_FMT "' with another type",
            STR_ARG(import->name), STR_ARG(import->module));
    return 0;
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
int instantiate_main(struct encoder *e, const struct plan *plan)
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
    e->main = e->core_instances++;
    e->out->failed |= arguments.failed;
    buf_release(&arguments);
    return 0;
}

void write_module(struct encoder *e, struct str bytes)
{
    buf_append_byte(e->out, SECTION_CORE_MODULE);
    buf_append_uleb(e->out, bytes.len);
    buf_append_str(e->out, bytes);
}

void write_modules(struct encoder *e, const struct plan *plan)
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
    build_fixups(&bytes, types, plan->filled, count);
    write_module(e, buf_str(&bytes));
    e->out->failed |= bytes.failed;
    buf_release(&bytes);
    struct buf body = body_start(e);
    buf_append(&body, "\0\1\0", 3);
    body_end(e, SECTION_CORE_INSTANCE, &body);
    e->core_instances++;
}

/* Resources that main implements, with destructors through the shim. */
void define_resources(struct encoder *e, const struct plan *plan)
{
    for (size_t i = 0; i < e->state_count; i++) {
        struct interface_state *state = &e->states[i];
        for (size_t j = 0; state->is_export && j < state->interface->type_count; j++) {
            const struct encode_type *type = &state->interface->types[j];
            if (!type->resource || type->from)
                continue;
            struct slot wanted = {
                .kind = SLOT_DTOR, .state = state, .dtor = dtor_name(e, state, type)};
            uint32_t slot = find_slot(plan, &wanted);
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

/* The core function that fills a slot of the shim's table. */
static uint32_t slot_func(struct encoder *e, const struct slot *slot, uint32_t realloc_func)
{
    switch (slot->kind) {
    case SLOT_LOWERED:
        return lower(e, slot->state, slot->func, realloc_func);
    case SLOT_DTOR:
        return alias_core_func(e, glue_exports(e, slot->dtor) ? e->glue : e->main, slot->dtor);
    case SLOT_CALL:
        return alias_core_func(e, e->glue, STR("call"));
    case SLOT_ABSENT:
        break;
    }
    BUG("slot kind %d", slot->kind);
}

void write_fixups(struct encoder *e, const struct plan *plan, uint32_t realloc_func)
{
    struct buf items = BUF_INIT(e->out->max);
    char name[16];
    uint32_t count = plan->filled;
    if (plan->slots.len == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t func = slot_func(e, &plan->slots.data[i], realloc_func);
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
