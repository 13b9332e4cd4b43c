/*
 * The glue: a core module that the encoder writes where main reaches imports by number (bindings)
 * and implements exports by number (dispatches). It is instantiated behind main, with main's
 * memory.
 */
#include "component/encode_int.h"

#define GLUE "spindle"

bool is_call(const struct wasm_import *import)
{
    return str_is(import->module, GLUE) && str_is(import->name, "call");
}

/* ------------------------------------------------------------------------------- exports */

static struct str core_export_name(struct encoder *e, const struct encode_dispatch *d)
{
    if (d->interface.len == 0)
        return d->name;
    return str_of(
        arena_printf(&e->arena, "%" STR_FMT "#%" STR_FMT, STR_ARG(d->interface), STR_ARG(d->name)));
}

/* "interface#name", "name", and those with "cabi_post_" before them. */
static bool is_name_of(struct str name, const struct encode_dispatch *d)
{
    if (str_starts_with(name, STR("cabi_post_")))
        name = str_skip(name, strlen("cabi_post_"));
    if (d->interface.len == 0)
        return str_equal(name, d->name);
    return name.len == d->interface.len + 1 + d->name.len && str_starts_with(name, d->interface) &&
           name.ptr[d->interface.len] == '#' &&
           str_equal(str_skip(name, d->interface.len + 1), d->name);
}

static const struct encode_func *find_export_func(
    const struct encoder *e, const struct encode_dispatch *d)
{
    for (size_t i = 0; i < e->state_count; i++) {
        const struct interface_state *state = &e->states[i];
        if (!state->is_export || state->is_root != (d->interface.len == 0) ||
            !str_equal(state->interface->name, d->interface))
            continue;
        for (size_t j = 0; j < state->interface->func_count; j++)
            if (str_equal(state->interface->funcs[j].name, d->name))
                return &state->interface->funcs[j];
    }
    return NULL;
}

static bool result_in_memory(const struct encode_func *func)
{
    struct wit_core_type core;
    wit_core_type_lift(func->type, &core);
    return core.result_in_memory;
}

bool glue_exports(const struct encoder *e, struct str name)
{
    if (wasm_find_export(e->module, name))
        return false;
    for (size_t i = 0; i < e->input->dispatch_count; i++) {
        const struct encode_dispatch *d = &e->input->dispatches[i];
        if (!is_name_of(name, d))
            continue;
        const struct encode_func *func = find_export_func(e, d);
        return !str_starts_with(name, STR("cabi_post_")) || (func && result_in_memory(func));
    }
    return false;
}

static int add_export(struct encoder *e, struct glue *g, struct glue_export export)
{
    struct glue_export *slot = VEC_PUSH(&g->exports, &e->arena);
    if (!slot)
        return error_set(e->err, ERROR_MEMORY, "out of memory for a component");
    *slot = export;
    return 0;
}

/* A function, with what follows it, or a destructor. */
static int add_dispatch(struct encoder *e, struct glue *g, uint32_t number)
{
    static const uint8_t i32 = WASM_I32;
    static const struct wasm_func_type one = {1, 0, &i32, &i32};
    const struct encode_dispatch *d = &e->input->dispatches[number];
    const struct encode_func *func = find_export_func(e, d);
    struct glue_export export = {.name = core_export_name(e, d), .type = &one, .number = number};
    if (wasm_find_export(e->module, export.name))
        return 0;
    if (func)
        export.type = core_func_type(e, func->type, true);
    if (add_export(e, g, export) < 0)
        return -1;
    if (!func || !result_in_memory(func))
        return 0;
    struct glue_export after = {.type = &one, .number = number, .after = true};
    after.name = str_of(arena_printf(&e->arena, "cabi_post_%" STR_FMT, STR_ARG(export.name)));
    return add_export(e, g, after);
}

static int add_dispatches(struct encoder *e, struct glue *g)
{
    for (uint32_t i = 0; i < e->input->dispatch_count; i++)
        if (add_dispatch(e, g, i) < 0)
            return -1;
    for (size_t i = 0; g->exports.len > 0 && i < DISPATCH_FUNCS; i++)
        if (check_export(e, str_of(glue_dispatch_names[i]), glue_dispatch_type(i)) < 0)
            return -1;
    return 0;
}

/* ------------------------------------------------------------------------------- the instance */

static void append_item(struct buf *items, struct str name, uint8_t sort, uint32_t index)
{
    append_name(items, name);
    buf_append_byte(items, sort);
    buf_append_uleb(items, index);
}

/* What the glue imports, as one core instance. */
static void bundle_glue(struct encoder *e, const struct glue *g)
{
    struct buf items = BUF_INIT(e->out->max);
    uint32_t number = 0;
    append_item(&items, STR("memory"), 0x02, 0);
    for (size_t i = 0; g->exports.len > 0 && i < DISPATCH_FUNCS; i++) {
        struct str name = str_of(glue_dispatch_names[i]);
        append_item(&items, name, 0x00, alias_core_func(e, e->main, name));
    }
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->funcs[i].type)
            continue;
        append_number_name(&items, number++);
        buf_append_byte(&items, 0x00);
        buf_append_uleb(&items, g->funcs[i].core);
    }
    struct buf body = body_start(e);
    buf_append_byte(&body, 0x01);
    buf_append_uleb(&body, (uint64_t)g->imported + 1 + (g->exports.len > 0 ? DISPATCH_FUNCS : 0));
    buf_append_str(&body, buf_str(&items));
    body.failed |= items.failed;
    buf_release(&items);
    body_end(e, SECTION_CORE_INSTANCE, &body);
    e->core_instances++;
}

static void instantiate_glue(struct encoder *e, const struct glue *g)
{
    enum { MODULE = 3 }; /* after main, shim and fixups */
    struct buf bytes = BUF_INIT(e->out->max);
    build_glue(g, &bytes);
    write_module(e, buf_str(&bytes));
    e->out->failed |= bytes.failed;
    buf_release(&bytes);
    bundle_glue(e, g);
    struct buf body = body_start(e);
    buf_append_byte(&body, 0x00);
    buf_append_uleb(&body, MODULE);
    buf_append(&body, "\1\0\x12", 3); /* one argument, "" */
    buf_append_uleb(&body, e->core_instances - 1);
    body_end(e, SECTION_CORE_INSTANCE, &body);
    e->glue = e->core_instances++;
}

static bool imports_call(const struct wasm_module *m)
{
    for (uint32_t i = 0; i < m->import_count; i++)
        if (is_call(&m->imports[i]))
            return true;
    return false;
}

int write_glue(struct encoder *e, uint32_t realloc_func)
{
    const struct encode_input *input = e->input;
    if (!imports_call(e->module))
        return 0;
    if (!wasm_find_export(e->module, STR("memory")))
        return error_set(e->err, ERROR_LINK, "the module exports no memory");
    struct glue_func *funcs =
        arena_try_array(&e->arena, input->binding_count + 1, struct glue_func);
    if (!funcs)
        return error_set(e->err, ERROR_MEMORY, "out of memory for a component");
    struct glue glue = {.funcs = funcs, .count = (uint32_t)input->binding_count};
    for (uint32_t i = 0; i < glue.count; i++) {
        struct core_name name = {input->bindings[i].module, input->bindings[i].name};
        if (name.name.len == 0)
            continue;
        if (lower_name(e, &name, realloc_func, &funcs[i].core, &funcs[i].type) < 0)
            return -1;
        glue.imported++;
    }
    if (add_dispatches(e, &glue) < 0)
        return -1;
    instantiate_glue(e, &glue);
    return 0;
}
