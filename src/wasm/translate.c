/*
 * Units of translated code: the plan, the helpers for each function type, the loader's table.
 */
#include "wasm/translate.h"

#include <inttypes.h>

#include "base/map.h"
#include "wasm/runtime_int.h"

/* Bytes of code in a unit when the caller leaves the choice: seconds of clang each. */
#define UNIT_BYTES (256 * KIB)
#define MAX_UNITS  256

/* The text of translated.h, carried in the program. */
__asm__(".pushsection .rodata\n"
        ".global spindle_translated_text\n"
        ".hidden spindle_translated_text\n"
        "spindle_translated_text:\n"
        ".incbin \"" WASM_TRANSLATED_PATH "\"\n"
        ".byte 0\n"
        ".popsection\n");
extern const char spindle_translated_text[] __attribute__((visibility("hidden")));

/* ---- plan ---- */

static bool index_types(struct translation *t)
{
    const struct wasm_module *m = t->module;
    struct map seen;
    map_init(&seen, t->arena);
    t->type_first = arena_try_array(t->arena, (size_t)m->type_count + 1, uint32_t);
    t->type_index = arena_try_array(t->arena, (size_t)m->func_count + 1, uint32_t);
    if (!t->type_first || !t->type_index)
        return false;
    for (uint32_t i = 0; i < m->type_count; i++) {
        struct str key = str_make(&m->types[i], sizeof(m->types[i]));
        uintptr_t first = (uintptr_t)map_get(&seen, key);
        if (first == 0 && !map_put(&seen, key, (void *)(uintptr_t)(i + 1)))
            return false;
        t->type_first[i] = first == 0 ? i : (uint32_t)first - 1;
    }
    for (uint32_t i = 0; i < m->func_count; i++) {
        struct str key = str_make(&m->func_types[i], sizeof(m->func_types[i]));
        uintptr_t first = (uintptr_t)map_get(&seen, key);
        BUG_IF(first == 0);
        t->type_index[i] = (uint32_t)first - 1;
    }
    return true;
}

static size_t code_bytes(const struct wasm_module *m, uint32_t own_index)
{
    return (size_t)(m->funcs[own_index].body.end - m->funcs[own_index].body.start);
}

/* Neighbours stay together: they call each other most. */
static bool cut_units(struct translation *t, unsigned wanted)
{
    const struct wasm_module *m = t->module;
    uint32_t own = m->func_count - m->imported_funcs;
    size_t total = 0, sum = 0;
    for (uint32_t i = 0; i < own; i++)
        total += code_bytes(m, i);
    size_t count = wanted != 0 ? wanted : total / UNIT_BYTES + 1;
    t->unit_count = (unsigned)(count > MAX_UNITS ? MAX_UNITS : count);
    t->unit_ends = arena_try_array(t->arena, t->unit_count, uint32_t);
    if (!t->unit_ends)
        return false;
    unsigned unit = 0;
    for (uint32_t i = 0; i < own; i++) {
        if (unit + 1 < t->unit_count && sum >= total / t->unit_count * (unit + 1))
            t->unit_ends[unit++] = i;
        sum += code_bytes(m, i);
    }
    for (; unit < t->unit_count; unit++)
        t->unit_ends[unit] = own;
    return true;
}

static void reference(struct translation *t, uint32_t func)
{
    if (func >= t->module->imported_funcs)
        t->func_flags[func - t->module->imported_funcs] |= FUNC_REFERENCED;
}

/* Notes what a sequence of instructions of unit `unit` (-1: none) calls and refers to. */
static void scan_code(struct translation *t, struct wasm_code code, int unit)
{
    const struct wasm_module *m = t->module;
    struct reader r = reader_make(code.start, (size_t)(code.end - code.start));
    struct wasm_instr instr;
    struct wasm_instr_fault fault;
    while (reader_left(&r) > 0) {
        if (!wasm_instr_read(&r, &instr, &fault))
            BUG("translating an invalid module");
        if (instr.op == WASM_OP_REF_FUNC)
            reference(t, instr.index);
        if (instr.op != WASM_OP_CALL || instr.index < m->imported_funcs)
            continue;
        uint32_t callee = instr.index - m->imported_funcs;
        uint32_t begin = unit > 0 ? t->unit_ends[unit - 1] : 0;
        if (callee < begin || callee >= t->unit_ends[unit])
            t->func_flags[callee] |= FUNC_SHARED;
    }
}

static void scan_references(struct translation *t)
{
    const struct wasm_module *m = t->module;
    for (uint32_t i = 0; i < m->export_count; i++)
        if (m->exports[i].kind == WASM_EXTERN_FUNC)
            reference(t, m->exports[i].index);
    if (m->has_start)
        reference(t, m->start);
    for (uint32_t i = 0; i < m->element_count; i++) {
        const struct wasm_element_segment *segment = &m->elements[i];
        for (uint32_t k = 0; k < segment->count; k++)
            if (segment->funcs)
                reference(t, segment->funcs[k]);
            else
                scan_code(t, segment->exprs[k], -1);
    }
    for (uint32_t i = 0; i < m->global_count - m->imported_globals; i++)
        scan_code(t, m->global_defs[i].init, -1);
}

static void scan_funcs(struct translation *t)
{
    uint32_t func = 0;
    for (unsigned unit = 0; unit < t->unit_count; unit++)
        for (; func < t->unit_ends[unit]; func++)
            scan_code(t, t->module->funcs[func].body, (int)unit);
}

int translation_plan(const struct wasm_module *module, const struct wasm_translate_options *options,
    const uint8_t key[SHA256_SIZE], struct arena *arena, struct translation *ret, struct error *err)
{
    *ret = (struct translation){.module = module, .use_gs = options->use_gs, .arena = arena};
    sha256_hex(key, ret->name);
    uint32_t own = module->func_count - module->imported_funcs;
    ret->func_flags = arena_try_alloc(arena, (size_t)own + 1, 1);
    if (!ret->func_flags || !index_types(ret) || !cut_units(ret, options->units))
        return error_set(err, ERROR_MEMORY, "no memory for a translation");
    scan_references(ret);
    scan_funcs(ret);
    return 0;
}

/* ---- prelude ---- */

#define ASSERT_OFFSET(out, ours, theirs, member)                                                \
    buf_printf((out), "_Static_assert(__builtin_offsetof(struct %s, %s) == %zu, \"%s.%s\");\n", \
        theirs, #member, offsetof(struct ours, member), theirs, #member)

#define ASSERT_TRAP(out, name) \
    buf_printf((out), "_Static_assert(TRAP_%s == %d, \"trap\");\n", #name, WASM_TRAP_##name)

static void write_asserts(struct buf *out)
{
    ASSERT_TRAP(out, UNREACHABLE);
    ASSERT_TRAP(out, OUT_OF_BOUNDS_MEMORY);
    ASSERT_TRAP(out, OUT_OF_BOUNDS_TABLE);
    ASSERT_TRAP(out, UNDEFINED_ELEMENT);
    ASSERT_TRAP(out, UNINITIALIZED_ELEMENT);
    ASSERT_TRAP(out, INDIRECT_CALL_TYPE);
    ASSERT_TRAP(out, DIVIDE_BY_ZERO);
    ASSERT_TRAP(out, INTEGER_OVERFLOW);
    ASSERT_TRAP(out, INVALID_CONVERSION);
    ASSERT_OFFSET(out, wasm_func, "func", type);
    ASSERT_OFFSET(out, wasm_func, "func", call);
    ASSERT_OFFSET(out, wasm_func, "func", native);
    ASSERT_OFFSET(out, wasm_func, "func", instance);
    ASSERT_OFFSET(out, wasm_func, "func", memory_base);
    ASSERT_OFFSET(out, wasm_memory, "memory", base);
    ASSERT_OFFSET(out, wasm_memory, "memory", size);
    ASSERT_OFFSET(out, wasm_table, "table", elements);
    ASSERT_OFFSET(out, wasm_table, "table", size);
    ASSERT_OFFSET(out, wasm_table, "table", targets);
    ASSERT_OFFSET(out, wasm_target, "target", native);
    ASSERT_OFFSET(out, wasm_target, "target", id);
    ASSERT_OFFSET(out, wasm_instance, "instance", helpers);
    ASSERT_OFFSET(out, wasm_instance, "instance", memories);
    ASSERT_OFFSET(out, wasm_instance, "instance", tables);
    ASSERT_OFFSET(out, wasm_instance, "instance", imports);
    ASSERT_OFFSET(out, wasm_instance, "instance", imported_globals);
    ASSERT_OFFSET(out, wasm_instance, "instance", types);
    ASSERT_OFFSET(out, wasm_instance, "instance", funcs);
    ASSERT_OFFSET(out, wasm_instance, "instance", memory_base);
    ASSERT_OFFSET(out, wasm_instance, "instance", table_0);
    ASSERT_OFFSET(out, wasm_instance, "instance", target_id_base);
    ASSERT_OFFSET(out, wasm_instance, "instance", globals);
    buf_printf(out, "#define SIZEOF_FUNC %zu\n", sizeof(struct wasm_func));
    buf_printf(
        out, "_Static_assert(sizeof(union value) == %zu, \"value\");\n", sizeof(union wasm_value));
}

void translation_write_prelude(const struct wasm_translate_options *options, struct buf *out)
{
    buf_printf(out, "/* Generated by Spindle's translator. */\n");
    buf_printf(out, "#define USE_GS %d\n#define LOAD_BARRIER %d\n", options->use_gs,
        options->load_barrier);
    buf_append_cstr(out, spindle_translated_text);
    write_asserts(out);
}

/* ---- function types ---- */

const char *translate_type_name(uint8_t type)
{
    switch (type) {
    case WASM_I32:
        return "u32";
    case WASM_I64:
        return "u64";
    case WASM_F32:
        return "f32";
    case WASM_F64:
        return "f64";
    default:
        return "ref";
    }
}

void translate_result(const struct unit *unit, uint32_t type, struct buf *out)
{
    const struct wasm_func_type *t = unit->translation->module->types[type];
    if (t->result_count > 1)
        buf_printf(out, "struct " NAME_FMT "_r%" PRIu32, NAME_ARG(unit), type);
    else
        buf_append_cstr(out, t->result_count == 0 ? "void" : translate_type_name(t->results[0]));
}

/* ", u32 a0, f64 a1"; with NULL for `name` the types alone. */
static void write_parameters(const struct wasm_func_type *type, const char *name, struct buf *out)
{
    for (uint32_t i = 0; i < type->param_count; i++)
        if (name)
            buf_printf(out, ", %s %s%" PRIu32, translate_type_name(type->params[i]), name, i);
        else
            buf_printf(out, ", %s", translate_type_name(type->params[i]));
}

static void write_arguments(const struct wasm_func_type *type, struct buf *out)
{
    for (uint32_t i = 0; i < type->param_count; i++)
        buf_printf(out, ", a%" PRIu32, i);
}

void translate_signature(
    const struct unit *unit, uint32_t own_index, const char *parameter, struct buf *out)
{
    const struct translation *t = unit->translation;
    uint32_t index = own_index + t->module->imported_funcs;
    if (!(t->func_flags[own_index] & (FUNC_REFERENCED | FUNC_SHARED)))
        buf_append_cstr(out, "static ");
    translate_result(unit, t->type_index[index], out);
    buf_printf(out, " " NAME_FMT "_f%" PRIu32 "(struct instance *self", NAME_ARG(unit), index);
    write_parameters(t->module->func_types[index], parameter, out);
    buf_append_byte(out, ')');
}

/* The member of a slot that holds a type. */
static const char *member_of(uint8_t type)
{
    switch (type) {
    case WASM_I32:
        return "i32";
    case WASM_I64:
        return "i64";
    default:
        return translate_type_name(type);
    }
}

/* What makes a float's bits for a slot, and the float from them. */
static const char *to_slot(uint8_t type)
{
    return type == WASM_F32 ? "w_bits32" : type == WASM_F64 ? "w_bits64" : "";
}

static const char *from_slot(uint8_t type)
{
    return type == WASM_F32 ? "w_f32" : type == WASM_F64 ? "w_f64" : "";
}

static void write_result_struct(const struct unit *unit, uint32_t index, struct buf *out)
{
    const struct wasm_func_type *type = unit->translation->module->types[index];
    buf_printf(out, "struct " NAME_FMT "_r%" PRIu32 " {", NAME_ARG(unit), index);
    for (uint32_t i = 0; i < type->result_count; i++)
        buf_printf(out, " %s v%" PRIu32 ";", translate_type_name(type->results[i]), i);
    buf_append_cstr(out, " };\n");
}

static void write_pointer(const struct unit *unit, uint32_t index, struct buf *out)
{
    buf_append_cstr(out, "typedef ");
    translate_result(unit, index, out);
    buf_printf(out, " (*" NAME_FMT "_t%" PRIu32 ")(struct instance *", NAME_ARG(unit), index);
    write_parameters(unit->translation->module->types[index], NULL, out);
    buf_append_cstr(out, ");\n");
}

/* A call by slots: of host functions, the interpreter's, and over a change of memory. */
static void write_slots_call(const struct unit *unit, uint32_t index, struct buf *out)
{
    const struct wasm_func_type *type = unit->translation->module->types[index];
    uint32_t slots =
        type->param_count > type->result_count ? type->param_count : type->result_count;
    buf_append_cstr(out, "static __attribute__((noinline)) ");
    translate_result(unit, index, out);
    buf_printf(out, " " NAME_FMT "_s%" PRIu32 "(struct func *f", NAME_ARG(unit), index);
    write_parameters(type, "a", out);
    buf_printf(out, ")\n{\n    union value s[%" PRIu32 "];\n", slots > 0 ? slots : 1);
    for (uint32_t i = 0; i < type->param_count; i++)
        buf_printf(out, "    s[%" PRIu32 "].%s = %s(a%" PRIu32 ");\n", i,
            member_of(type->params[i]), to_slot(type->params[i]), i);
    buf_append_cstr(out, "    f->call(f, s);\n");
    if (type->result_count == 1) {
        buf_printf(out, "    return %s(s[0].%s);\n", from_slot(type->results[0]),
            member_of(type->results[0]));
    } else if (type->result_count > 1) {
        buf_printf(out, "    struct " NAME_FMT "_r%" PRIu32 " r;\n", NAME_ARG(unit), index);
        for (uint32_t i = 0; i < type->result_count; i++)
            buf_printf(out, "    r.v%" PRIu32 " = %s(s[%" PRIu32 "].%s);\n", i,
                from_slot(type->results[i]), i, member_of(type->results[i]));
        buf_append_cstr(out, "    return r;\n");
    }
    buf_append_cstr(out, "}\n");
}

/* "INLINE u32 w…_i5(struct instance *self, …": of imports and of call_indirect. */
static void write_call_head(
    const struct unit *unit, uint32_t index, const char *kind, struct buf *out)
{
    buf_append_cstr(out, "INLINE ");
    translate_result(unit, index, out);
    buf_printf(out, " " NAME_FMT "_%s%" PRIu32 "(struct instance *self%s, u32 index",
        NAME_ARG(unit), kind, index, *kind == 'x' ? ", u32 table" : "");
    write_parameters(unit->translation->module->types[index], "a", out);
    buf_append_cstr(out, ")\n{\n");
}

static void write_call_tail(
    const struct unit *unit, uint32_t index, const char *instance, struct buf *out)
{
    const struct wasm_func_type *type = unit->translation->module->types[index];
    buf_printf(out, "        return ((" NAME_FMT "_t%" PRIu32 ")f->native)(%s", NAME_ARG(unit),
        index, instance);
    write_arguments(type, out);
    buf_append_cstr(out, ");\n");
}

static void write_slots_tail(const struct unit *unit, uint32_t index, struct buf *out)
{
    buf_printf(out, "    return " NAME_FMT "_s%" PRIu32 "(f", NAME_ARG(unit), index);
    write_arguments(unit->translation->module->types[index], out);
    buf_append_cstr(out, ");\n}\n");
}

/* A translated function with the same memory 0 is called directly: gs is right for it. */
static void write_import_call(const struct unit *unit, uint32_t index, struct buf *out)
{
    write_call_head(unit, index, "i", out);
    buf_append_cstr(out, "    struct func *f = self->imports[index];\n"
                         "    if (f->native && f->memory_base == self->memory_base)\n");
    write_call_tail(unit, index, "f->instance", out);
    write_slots_tail(unit, index, out);
}

/* One comparison tells that the element is this instance's, translated and of the type. */
static void write_indirect_call(const struct unit *unit, uint32_t index, struct buf *out)
{
    write_call_head(unit, index, "x", out);
    buf_printf(out,
        "    struct table *t = TABLE(self, table);\n"
        "    if (likely(index < t->size && t->targets[index].id == self->target_id_base + %" PRIu32
        "u)) {\n        struct target *f = &t->targets[index];\n",
        index);
    write_call_tail(unit, index, "self", out);
    buf_printf(out,
        "    }\n    struct func *f = w_callee(self, t, index, self->types[%" PRIu32 "]);\n", index);
    write_slots_tail(unit, index, out);
}

static void write_thunk(const struct unit *unit, uint32_t index, struct buf *out)
{
    const struct wasm_func_type *type = unit->translation->module->types[index];
    buf_printf(out,
        "static void " NAME_FMT "_u%" PRIu32 "(struct func *f, union value *s)\n{\n    ",
        NAME_ARG(unit), index);
    if (type->result_count > 0) {
        translate_result(unit, index, out);
        buf_append_cstr(out, " r = ");
    }
    buf_printf(out, "((" NAME_FMT "_t%" PRIu32 ")f->native)(f->instance", NAME_ARG(unit), index);
    for (uint32_t i = 0; i < type->param_count; i++)
        buf_printf(out, ", %s(s[%" PRIu32 "].%s)", from_slot(type->params[i]), i,
            member_of(type->params[i]));
    buf_append_cstr(out, ");\n");
    for (uint32_t i = 0; i < type->result_count; i++) {
        buf_printf(out, "    s[%" PRIu32 "].%s = %s(r", i, member_of(type->results[i]),
            to_slot(type->results[i]));
        if (type->result_count > 1)
            buf_printf(out, ".v%" PRIu32, i);
        buf_append_cstr(out, ");\n");
    }
    buf_append_cstr(out, "}\n");
}

static void write_types(const struct unit *unit, struct buf *out)
{
    for (uint32_t i = 0; i < unit->translation->module->type_count; i++) {
        unsigned need = unit->type_needs[i];
        if (need & (NEED_POINTER | NEED_IMPORT | NEED_INDIRECT | NEED_THUNK))
            write_pointer(unit, i, out);
        if (need & (NEED_SLOTS | NEED_IMPORT | NEED_INDIRECT))
            write_slots_call(unit, i, out);
        if (need & NEED_IMPORT)
            write_import_call(unit, i, out);
        if (need & NEED_INDIRECT)
            write_indirect_call(unit, i, out);
        if (need & NEED_THUNK)
            write_thunk(unit, i, out);
    }
}

/* ---- units ---- */

static uint32_t unit_begin(const struct translation *t, unsigned unit)
{
    return unit > 0 ? t->unit_ends[unit - 1] : 0;
}

/* The loader's table, in the last unit. */
static void write_table(struct unit *unit)
{
    const struct translation *t = unit->translation;
    const struct wasm_module *m = t->module;
    uint32_t own = m->func_count - m->imported_funcs;
    buf_printf(unit->out,
        "__attribute__((visibility(\"default\"))) const struct entry spindle_%s[%" PRIu32 "] = {\n",
        t->name, own + 1);
    for (uint32_t i = 0; i < own; i++) {
        if (!(t->func_flags[i] & FUNC_REFERENCED))
            continue;
        uint32_t index = i + m->imported_funcs, type = t->type_index[index];
        unit->func_called[i] = 1;
        unit->type_needs[type] |= NEED_THUNK;
        buf_printf(unit->out,
            "    [%" PRIu32 "] = {" NAME_FMT "_f%" PRIu32 ", " NAME_FMT "_u%" PRIu32 ", %" PRIu32
            "},\n",
            i, NAME_ARG(unit), index, NAME_ARG(unit), type, type);
    }
    buf_append_cstr(unit->out, "};\n");
}

static void write_prototypes(const struct unit *unit, struct buf *out)
{
    const struct wasm_module *m = unit->translation->module;
    for (uint32_t i = 0; i < m->type_count; i++)
        if (unit->translation->type_first[i] == i && m->types[i]->result_count > 1)
            write_result_struct(unit, i, out);
    for (uint32_t i = 0; i < m->func_count - m->imported_funcs; i++) {
        if (!unit->func_called[i])
            continue;
        translate_signature(unit, i, NULL, out);
        buf_append_cstr(out, ";\n");
    }
}

static bool write_unit(struct unit *unit, struct buf *out)
{
    const struct translation *t = unit->translation;
    for (uint32_t i = unit_begin(t, unit->number); i < t->unit_ends[unit->number]; i++)
        if (!translate_func(unit, i))
            return false;
    if (unit->number == t->unit_count - 1)
        write_table(unit);
    write_prototypes(unit, out);
    write_types(unit, out);
    buf_append_str(out, buf_str(unit->out));
    return !unit->out->failed && !out->failed;
}

bool translation_write_unit(const struct translation *translation, unsigned number, struct buf *out)
{
    const struct wasm_module *m = translation->module;
    struct arena arena = ARENA_INIT(GIB);
    struct buf text = BUF_INIT(4 * GIB);
    struct unit unit = {
        .translation = translation, .number = number, .arena = &arena, .out = &text};
    unit.type_needs = arena_try_alloc(&arena, (size_t)m->type_count + 1, 1);
    unit.func_called = arena_try_alloc(&arena, (size_t)m->func_count + 1, 1);
    bool done = unit.type_needs && unit.func_called && write_unit(&unit, out);
    buf_release(&text);
    arena_release(&arena);
    return done;
}
