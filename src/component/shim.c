/*
 * Sees through shims. Encoders break the cycle between a module and the functions lowered with its
 * memory by a small module whose functions forward through a table that another small module fills
 * last. Where that is all a function does and the table cannot change later, instances import the
 * target itself (instance.c, see_through).
 */
#include "component/program.h"

#include "base/reader.h"

static bool read_u32(struct reader *r, uint32_t *ret)
{
    uint64_t value;
    if (reader_uleb(r, 32, &value) != READ_OK)
        return false;
    *ret = (uint32_t)value;
    return true;
}

static bool read_opcode(struct reader *r, uint8_t opcode)
{
    uint8_t byte;
    return reader_byte(r, &byte) && byte == opcode;
}

/* local.get of each parameter in order, i32.const, call_indirect, end: nothing else. */
static bool is_forward(const struct wasm_module *m, const struct wasm_func_def *func,
    uint32_t *ret_table, uint32_t *ret_element)
{
    struct reader r = reader_make(func->body.start, (size_t)(func->body.end - func->body.start));
    uint32_t index, type;
    int64_t element;
    for (uint32_t i = 0; i < func->type->param_count; i++)
        if (!read_opcode(&r, 0x20) || !read_u32(&r, &index) || index != i)
            return false;
    if (!read_opcode(&r, 0x41) || reader_sleb(&r, 32, &element) != READ_OK ||
        !read_opcode(&r, 0x11) || !read_u32(&r, &type) || !read_u32(&r, ret_table) ||
        !read_opcode(&r, 0x0b) || reader_left(&r))
        return false;
    *ret_element = (uint32_t)element;
    return type < m->type_count && wasm_func_type_equal(m->types[type], func->type);
}

/* A module whose functions all forward through its own tables: it cannot change them. */
static bool is_shim(const struct wasm_module *m)
{
    uint32_t table, element;
    if (m->has_start || m->imported_tables || m->imported_funcs || m->func_count == 0)
        return false;
    for (uint32_t i = 0; i < m->func_count; i++)
        if (!is_forward(m, &m->funcs[i], &table, &element) || table >= m->table_count)
            return false;
    return true;
}

static struct str table_export(const struct wasm_module *m, uint32_t table)
{
    for (uint32_t i = 0; i < m->export_count; i++)
        if (m->exports[i].kind == WASM_EXTERN_TABLE && m->exports[i].index == table)
            return m->exports[i].name;
    return (struct str){0};
}

/* Whoever gets a table of the step has no code of its own: it can only fill it when made. */
static bool tables_are_safe(const struct component_program *program, uint32_t shim)
{
    for (size_t s = 0; s < program->steps.len; s++) {
        const struct program_step *step = &program->steps.data[s];
        for (uint32_t i = 0; i < step->module->import_count; i++) {
            const struct core_source *source = &step->imports[i];
            if (step->module->imports[i].type.kind != WASM_EXTERN_TABLE || source->is_trampoline ||
                source->index != shim)
                continue;
            if (step->module->func_count > step->module->imported_funcs)
                return false;
        }
    }
    return true;
}

static void find_forward(const struct component_program *program, const struct core_source *source,
    struct program_forward *ret)
{
    const struct wasm_module *m = program->steps.data[source->index].module;
    const struct wasm_export *e = wasm_find_export(m, source->name);
    uint32_t table;
    if (!e || e->kind != WASM_EXTERN_FUNC || e->index < m->imported_funcs)
        return;
    if (!is_forward(m, &m->funcs[e->index - m->imported_funcs], &table, &ret->element))
        return;
    ret->table = table_export(m, table);
    ret->is_forward = ret->table.ptr != NULL;
}

int find_forwards(struct component_program *program, struct error *err)
{
    bool *safe = arena_try_array(&program->arena, program->steps.len + 1, bool);
    if (!safe)
        return error_set(err, ERROR_MEMORY, "out of memory for a component");
    for (size_t s = 0; s < program->steps.len; s++)
        safe[s] = is_shim(program->steps.data[s].module) && tables_are_safe(program, (uint32_t)s);
    for (size_t s = 0; s < program->steps.len; s++) {
        struct program_step *step = &program->steps.data[s];
        for (uint32_t i = 0; i < step->module->import_count; i++) {
            const struct core_source *source = &step->imports[i];
            if (step->module->imports[i].type.kind != WASM_EXTERN_FUNC || source->is_trampoline ||
                !safe[source->index])
                continue;
            if (!step->forwards)
                step->forwards = arena_try_array(
                    &program->arena, step->module->import_count, struct program_forward);
            if (!step->forwards)
                return error_set(err, ERROR_MEMORY, "out of memory for a component");
            find_forward(program, source, &step->forwards[i]);
        }
    }
    return 0;
}
