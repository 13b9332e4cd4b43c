/*
 * Binary format of modules (core specification, section 5): form only, no meaning. Every count is
 * checked against what is left of its section before memory is taken for it.
 */
#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "wasm/instr.h"
#include "wasm/module.h"

/* Sections in the order that they must have; a custom section may stand anywhere. */
enum section_id {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
    SECTION_TAG,
};

struct decoder {
    struct reader r; /* of the current section; its start is the module's */
    struct arena *arena;
    struct wasm_module *m;
    struct map types;        /* equal types, by their bytes */
    uint32_t code_count;     /* bodies in the code section */
    uint32_t function_count; /* entries of the function section */
    struct error *err;
};

static int fail(struct decoder *d, const char *message)
{
    return error_set(d->err, ERROR_INVALID, "%s at offset 0x%zx", message, reader_offset(&d->r));
}

static int fail_unsupported(struct decoder *d, const char *feature)
{
    return error_set(d->err, ERROR_UNSUPPORTED, "%s is not supported, at offset 0x%zx", feature,
        reader_offset(&d->r));
}

static int fail_memory(struct decoder *d)
{
    return error_set(d->err, ERROR_MEMORY, "the module needs too much memory");
}

static int fail_fault(struct decoder *d, const struct wasm_instr_fault *fault)
{
    return fault->unsupported ? fail_unsupported(d, fault->message) : fail(d, fault->message);
}

static int read_byte(struct decoder *d, uint8_t *ret)
{
    return reader_byte(&d->r, ret) ? 0 : fail(d, "unexpected end of section or function");
}

static int read_u32(struct decoder *d, uint32_t *ret)
{
    uint64_t value;
    enum read_result result = reader_uleb(&d->r, 32, &value);
    if (result == READ_END)
        return fail(d, "unexpected end of section or function");
    if (result != READ_OK)
        return fail(d, read_result_message(result));
    *ret = (uint32_t)value;
    return 0;
}

/* The length of a vector whose elements take at least a byte each. */
static int read_count(struct decoder *d, uint32_t limit, uint32_t *ret)
{
    if (read_u32(d, ret) < 0)
        return -1;
    if (*ret > reader_left(&d->r))
        return fail(d, "length out of bounds: unexpected end of section or function");
    if (*ret > limit)
        return error_set(d->err, ERROR_LIMIT, "%u items are more than %u, at offset 0x%zx", *ret,
            limit, reader_offset(&d->r));
    return 0;
}

/* The same as `count` elements, zeroed. */
#define read_array(d, limit, ret_count, ret_items) \
    (read_count((d), (limit), (ret_count)) < 0 ? -1 : make_array((d), *(ret_count), ret_items))
#define make_array(d, count, ret_items)                                                  \
    ((*(ret_items) = arena_try_alloc((d)->arena, (count), sizeof **(ret_items))) != NULL \
            ? 0                                                                          \
            : fail_memory(d))

static int read_view(struct decoder *d, struct str *ret)
{
    uint32_t len;
    const uint8_t *bytes;
    if (read_u32(d, &len) < 0)
        return -1;
    if (!reader_bytes(&d->r, len, &bytes))
        return fail(d, "length out of bounds: unexpected end of section or function");
    *ret = str_make(bytes, len);
    return 0;
}

static int read_name(struct decoder *d, struct str *ret)
{
    if (read_view(d, ret) < 0)
        return -1;
    return utf8_valid(*ret) ? 0 : fail(d, "malformed UTF-8 encoding");
}

static int read_value_type(struct decoder *d, uint8_t *ret)
{
    struct wasm_instr_fault fault;
    return wasm_value_type_read(&d->r, ret, &fault) ? 0 : fail_fault(d, &fault);
}

static int read_ref_type(struct decoder *d, uint8_t *ret)
{
    if (read_value_type(d, ret) < 0)
        return -1;
    if (*ret != WASM_FUNCREF && *ret != WASM_EXTERNREF) {
        d->r.pos--;
        return fail(d, "malformed reference type");
    }
    return 0;
}

/* Types. */

/* Value types, copied to `to` (which has room for `limit`). */
static int read_value_types(struct decoder *d, uint32_t limit, uint8_t *to, uint32_t *ret_count)
{
    if (read_count(d, limit, ret_count) < 0)
        return -1;
    for (uint32_t i = 0; i < *ret_count; i++)
        if (read_value_type(d, &to[i]) < 0)
            return -1;
    return 0;
}

/*
 * The one struct for a signature. `key` is parameters, a zero byte, results: no value type is zero,
 * so that different signatures have different keys.
 */
static const struct wasm_func_type *intern_type(
    struct decoder *d, struct str key, uint32_t param_count)
{
    const struct wasm_func_type *known = map_get(&d->types, key);
    if (known)
        return known;
    uint8_t *bytes = arena_try_alloc_raw(d->arena, key.len);
    struct wasm_func_type *type = arena_try_alloc(d->arena, 1, sizeof *type);
    if (!bytes || !type)
        return NULL;
    memcpy(bytes, key.ptr, key.len);
    type->param_count = param_count;
    type->result_count = (uint32_t)key.len - param_count - 1;
    type->params = bytes;
    type->results = bytes + param_count + 1;
    return map_put(&d->types, str_make(bytes, key.len), type) ? type : NULL;
}

static int read_func_type(struct decoder *d, const struct wasm_func_type **ret)
{
    uint8_t key[LIMIT_WASM_PARAMS + 1 + LIMIT_WASM_RESULTS];
    uint32_t params, results;
    if (read_value_types(d, LIMIT_WASM_PARAMS, key, &params) < 0)
        return -1;
    key[params] = 0;
    if (read_value_types(d, LIMIT_WASM_RESULTS, key + params + 1, &results) < 0)
        return -1;
    *ret = intern_type(d, str_make(key, (size_t)params + 1 + results), params);
    return *ret ? 0 : fail_memory(d);
}

static int decode_types(struct decoder *d)
{
    struct wasm_module *m = d->m;
    if (read_array(d, LIMIT_WASM_TYPES, &m->type_count, &m->types) < 0)
        return -1;
    for (uint32_t i = 0; i < m->type_count; i++) {
        uint8_t form;
        if (read_byte(d, &form) < 0)
            return -1;
        if (form == 0x4e || form == 0x4f || form == 0x50 || form == 0x5e || form == 0x5f)
            return fail_unsupported(d, "garbage collection");
        if (form != 0x60)
            return fail(d, "integer representation too long: malformed type form");
        if (read_func_type(d, &m->types[i]) < 0)
            return -1;
    }
    return 0;
}

static int read_limits(struct decoder *d, const char *shared_feature, struct wasm_limits *ret)
{
    uint8_t flags;
    if (read_byte(d, &flags) < 0)
        return -1;
    if (flags & 4 && flags < 8)
        return fail_unsupported(d, "64-bit memories and tables");
    if (flags & 2 && flags < 8 && shared_feature)
        return fail_unsupported(d, shared_feature);
    if (flags > 1)
        return fail(d, "malformed limits flags");
    ret->has_max = flags & 1;
    ret->max = 0;
    if (read_u32(d, &ret->min) < 0)
        return -1;
    return ret->has_max ? read_u32(d, &ret->max) : 0;
}

static int read_table_type(struct decoder *d, struct wasm_table_type *ret)
{
    if (read_ref_type(d, &ret->element) < 0)
        return -1;
    return read_limits(d, NULL, &ret->limits);
}

static int read_memory_type(struct decoder *d, struct wasm_limits *ret)
{
    return read_limits(d, "threads", ret);
}

static int read_global_type(struct decoder *d, struct wasm_global_type *ret)
{
    uint8_t flags;
    if (read_value_type(d, &ret->type) < 0 || read_byte(d, &flags) < 0)
        return -1;
    if (flags > 1)
        return fail(d, "malformed mutability");
    ret->is_mutable = flags;
    return 0;
}

/* A type index; whether the type exists is asked here, since its struct is needed from now on. */
static int read_type_use(struct decoder *d, const struct wasm_func_type **ret)
{
    uint32_t index;
    if (read_u32(d, &index) < 0)
        return -1;
    if (index >= d->m->type_count)
        return fail(d, "unknown type");
    *ret = d->m->types[index];
    return 0;
}

/* Imports. */

static int read_extern_type(struct decoder *d, struct wasm_extern_type *ret)
{
    uint8_t kind;
    if (read_byte(d, &kind) < 0)
        return -1;
    ret->kind = (enum wasm_extern_kind)kind;
    switch (kind) {
    case WASM_EXTERN_FUNC:
        return read_type_use(d, &ret->func);
    case WASM_EXTERN_TABLE:
        return read_table_type(d, &ret->table);
    case WASM_EXTERN_MEMORY:
        return read_memory_type(d, &ret->memory);
    case WASM_EXTERN_GLOBAL:
        return read_global_type(d, &ret->global);
    case 4:
        return fail_unsupported(d, "exception handling");
    default:
        return fail(d, "malformed import kind");
    }
}

static void count_import(struct wasm_module *m, enum wasm_extern_kind kind)
{
    switch (kind) {
    case WASM_EXTERN_FUNC:
        m->imported_funcs++;
        break;
    case WASM_EXTERN_TABLE:
        m->imported_tables++;
        break;
    case WASM_EXTERN_MEMORY:
        m->imported_memories++;
        break;
    case WASM_EXTERN_GLOBAL:
        m->imported_globals++;
        break;
    }
}

static int decode_imports(struct decoder *d)
{
    struct wasm_module *m = d->m;
    if (read_array(d, LIMIT_WASM_IMPORTS, &m->import_count, &m->imports) < 0)
        return -1;
    for (uint32_t i = 0; i < m->import_count; i++) {
        struct wasm_import *import = &m->imports[i];
        if (read_name(d, &import->module) < 0 || read_name(d, &import->name) < 0 ||
            read_extern_type(d, &import->type) < 0)
            return -1;
        count_import(m, import->type.kind);
    }
    return 0;
}

/*
 * Arrays of the index spaces: imports first, then `own` more. Called by the section that defines
 * the module's own, and at the end for the spaces that have no section.
 */
static int open_funcs(struct decoder *d, uint32_t own)
{
    struct wasm_module *m = d->m;
    if (make_array(d, (size_t)m->imported_funcs + own, &m->func_types) < 0 ||
        make_array(d, own, &m->funcs) < 0)
        return -1;
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].type.kind == WASM_EXTERN_FUNC)
            m->func_types[m->func_count++] = m->imports[i].type.func;
    return 0;
}

static int open_tables(struct decoder *d, uint32_t own)
{
    struct wasm_module *m = d->m;
    if (make_array(d, (size_t)m->imported_tables + own, &m->tables) < 0)
        return -1;
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].type.kind == WASM_EXTERN_TABLE)
            m->tables[m->table_count++] = m->imports[i].type.table;
    return 0;
}

static int open_memories(struct decoder *d, uint32_t own)
{
    struct wasm_module *m = d->m;
    if (make_array(d, (size_t)m->imported_memories + own, &m->memories) < 0)
        return -1;
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].type.kind == WASM_EXTERN_MEMORY)
            m->memories[m->memory_count++] = m->imports[i].type.memory;
    return 0;
}

static int open_globals(struct decoder *d, uint32_t own)
{
    struct wasm_module *m = d->m;
    if (make_array(d, (size_t)m->imported_globals + own, &m->globals) < 0 ||
        make_array(d, own, &m->global_defs) < 0)
        return -1;
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].type.kind == WASM_EXTERN_GLOBAL)
            m->globals[m->global_count++] = m->imports[i].type.global;
    return 0;
}

/* Definitions. */

static int decode_functions(struct decoder *d)
{
    struct wasm_module *m = d->m;
    if (read_count(d, LIMIT_WASM_FUNCTIONS, &d->function_count) < 0 ||
        open_funcs(d, d->function_count) < 0)
        return -1;
    for (uint32_t i = 0; i < d->function_count; i++) {
        if (read_type_use(d, &m->funcs[i].type) < 0)
            return -1;
        m->func_types[m->func_count++] = m->funcs[i].type;
    }
    return 0;
}

/* An instruction sequence up to the `end` that closes it. Constant expressions are short. */
static int read_expression(struct decoder *d, struct wasm_code *ret)
{
    struct wasm_instr instr = {0};
    struct wasm_instr_fault fault;
    uint32_t depth = 0;
    ret->start = d->r.pos;
    for (;;) {
        if (!wasm_instr_read(&d->r, &instr, &fault))
            return fail_fault(d, &fault);
        if (instr.op == WASM_OP_BLOCK || instr.op == WASM_OP_LOOP || instr.op == WASM_OP_IF)
            depth++;
        if (instr.op == WASM_OP_END && depth-- == 0)
            break;
    }
    ret->end = d->r.pos;
    return 0;
}

static int decode_tables(struct decoder *d)
{
    struct wasm_module *m = d->m;
    uint32_t count;
    if (read_count(d, LIMIT_WASM_TABLES, &count) < 0 || open_tables(d, count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        if (d->r.pos < d->r.end && *d->r.pos == 0x40)
            return fail_unsupported(d, "typed function references (a table's initial value)");
        if (read_table_type(d, &m->tables[m->table_count++]) < 0)
            return -1;
    }
    return 0;
}

static int decode_memories(struct decoder *d)
{
    struct wasm_module *m = d->m;
    uint32_t count;
    if (read_count(d, LIMIT_WASM_MEMORIES, &count) < 0 || open_memories(d, count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (read_memory_type(d, &m->memories[m->memory_count++]) < 0)
            return -1;
    return 0;
}

static int decode_globals(struct decoder *d)
{
    struct wasm_module *m = d->m;
    uint32_t count;
    if (read_count(d, LIMIT_WASM_GLOBALS, &count) < 0 || open_globals(d, count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        struct wasm_global_def *global = &m->global_defs[i];
        if (read_global_type(d, &global->type) < 0 || read_expression(d, &global->init) < 0)
            return -1;
        m->globals[m->global_count++] = global->type;
    }
    return 0;
}

static int read_export(struct decoder *d, struct wasm_export *export)
{
    uint8_t kind;
    if (read_name(d, &export->name) < 0 || read_byte(d, &kind) < 0)
        return -1;
    if (kind == 4)
        return fail_unsupported(d, "exception handling");
    if (kind > WASM_EXTERN_GLOBAL)
        return fail(d, "malformed export kind");
    export->kind = (enum wasm_extern_kind)kind;
    return read_u32(d, &export->index);
}

static int decode_exports(struct decoder *d)
{
    struct wasm_module *m = d->m;
    if (read_array(d, LIMIT_WASM_EXPORTS, &m->export_count, &m->exports) < 0)
        return -1;
    for (uint32_t i = 0; i < m->export_count; i++) {
        struct wasm_export *export = &m->exports[i];
        if (read_export(d, export) < 0)
            return -1;
        if (!map_get(&m->export_names, export->name) &&
            !map_put(&m->export_names, export->name, export))
            return fail_memory(d);
    }
    return 0;
}

static int decode_start(struct decoder *d)
{
    d->m->has_start = true;
    return read_u32(d, &d->m->start);
}

/* Segments. */

static int read_element_funcs(struct decoder *d, struct wasm_element_segment *segment)
{
    uint32_t *funcs;
    if (read_array(d, LIMIT_WASM_TABLE_ELEMENTS, &segment->count, &funcs) < 0)
        return -1;
    segment->funcs = funcs;
    for (uint32_t i = 0; i < segment->count; i++)
        if (read_u32(d, &funcs[i]) < 0)
            return -1;
    return 0;
}

static int read_element_exprs(struct decoder *d, struct wasm_element_segment *segment)
{
    struct wasm_code *exprs;
    if (read_array(d, LIMIT_WASM_TABLE_ELEMENTS, &segment->count, &exprs) < 0)
        return -1;
    segment->exprs = exprs;
    for (uint32_t i = 0; i < segment->count; i++)
        if (read_expression(d, &exprs[i]) < 0)
            return -1;
    return 0;
}

/*
 * Flags of an element segment (5.5.12): bit 0 passive or declarative, bit 1 an explicit table or
 * declarative, bit 2 expressions instead of function indices.
 */
static int read_element(struct decoder *d, struct wasm_element_segment *segment)
{
    uint32_t flags;
    uint8_t kind;
    if (read_u32(d, &flags) < 0)
        return -1;
    if (flags > 7)
        return fail(d, "malformed elements segment kind");
    segment->type = WASM_FUNCREF;
    segment->mode = !(flags & 1)  ? WASM_SEGMENT_ACTIVE
                    : (flags & 2) ? WASM_SEGMENT_DECLARATIVE
                                  : WASM_SEGMENT_PASSIVE;
    if (segment->mode == WASM_SEGMENT_ACTIVE) {
        if ((flags & 2 && read_u32(d, &segment->table) < 0) ||
            read_expression(d, &segment->offset) < 0)
            return -1;
    }
    if (flags & 3) {
        if (flags & 4) {
            if (read_ref_type(d, &segment->type) < 0)
                return -1;
        } else {
            if (read_byte(d, &kind) < 0)
                return -1;
            if (kind != 0)
                return fail(d, "malformed element kind");
        }
    }
    return flags & 4 ? read_element_exprs(d, segment) : read_element_funcs(d, segment);
}

static int decode_elements(struct decoder *d)
{
    struct wasm_module *m = d->m;
    if (read_array(d, LIMIT_WASM_SEGMENTS, &m->element_count, &m->elements) < 0)
        return -1;
    for (uint32_t i = 0; i < m->element_count; i++)
        if (read_element(d, &m->elements[i]) < 0)
            return -1;
    return 0;
}

static int decode_data_count(struct decoder *d)
{
    d->m->has_data_count = true;
    return read_u32(d, &d->m->data_count);
}

static int read_data(struct decoder *d, struct wasm_data_segment *segment)
{
    uint32_t flags;
    if (read_u32(d, &flags) < 0)
        return -1;
    if (flags > 2)
        return fail(d, "malformed data segment kind");
    segment->mode = flags == 1 ? WASM_SEGMENT_PASSIVE : WASM_SEGMENT_ACTIVE;
    if (flags == 2 && read_u32(d, &segment->memory) < 0)
        return -1;
    if (flags != 1 && read_expression(d, &segment->offset) < 0)
        return -1;
    return read_view(d, &segment->bytes);
}

static int decode_datas(struct decoder *d)
{
    struct wasm_module *m = d->m;
    uint32_t announced = m->data_count;
    if (read_array(d, LIMIT_WASM_SEGMENTS, &m->data_count, &m->datas) < 0)
        return -1;
    if (m->has_data_count && m->data_count != announced)
        return fail(d, "data count and data section have inconsistent lengths");
    for (uint32_t i = 0; i < m->data_count; i++)
        if (read_data(d, &m->datas[i]) < 0)
            return -1;
    return 0;
}

/* Bodies. */

/* Adds up the declared locals; `to` is NULL in the first of two passes over them. */
static int read_local_runs(struct decoder *d, uint8_t *to, uint32_t *ret_count)
{
    uint32_t runs;
    uint64_t total = 0;
    if (read_u32(d, &runs) < 0)
        return -1;
    for (uint32_t i = 0; i < runs; i++) {
        uint32_t count;
        uint8_t type;
        if (read_u32(d, &count) < 0)
            return -1;
        if (total + count > UINT32_MAX)
            return fail(d, "too many locals");
        if (read_value_type(d, &type) < 0)
            return -1;
        if (to)
            memset(to + total, type, count);
        total += count;
        if (total > LIMIT_WASM_LOCALS)
            continue; /* malformed wins over too large: read on */
    }
    if (total > LIMIT_WASM_LOCALS)
        return error_set(d->err, ERROR_LIMIT, "a function with more than %u locals",
            (unsigned)LIMIT_WASM_LOCALS);
    *ret_count = (uint32_t)total;
    return 0;
}

static int read_locals(struct decoder *d, struct wasm_func_def *func)
{
    const uint8_t *start = d->r.pos;
    if (read_local_runs(d, NULL, &func->local_count) < 0)
        return -1;
    uint8_t *types = arena_try_alloc_raw(d->arena, func->local_count);
    if (!types)
        return fail_memory(d);
    d->r.pos = start;
    func->local_types = types;
    return read_local_runs(d, types, &func->local_count);
}

static int read_body(struct decoder *d, struct wasm_func_def *func)
{
    uint32_t size;
    const uint8_t *section_end = d->r.end;
    if (read_u32(d, &size) < 0)
        return -1;
    if (size > reader_left(&d->r))
        return fail(d, "length out of bounds: unexpected end of section or function");
    if (size > LIMIT_WASM_BODY_BYTES)
        return error_set(d->err, ERROR_LIMIT, "a function body of %u bytes", size);
    d->r.end = d->r.pos + size;
    if (read_locals(d, func) < 0)
        return -1;
    func->body = (struct wasm_code){d->r.pos, d->r.end};
    if (d->r.pos == d->r.end || d->r.end[-1] != WASM_OP_END)
        return fail(d, "END opcode expected: unexpected end of section or function");
    d->r.pos = d->r.end;
    d->r.end = section_end;
    return 0;
}

static int decode_code(struct decoder *d)
{
    if (read_count(d, LIMIT_WASM_FUNCTIONS, &d->code_count) < 0)
        return -1;
    if (d->code_count != d->function_count)
        return fail(d, "function and code section have inconsistent lengths");
    for (uint32_t i = 0; i < d->code_count; i++)
        if (read_body(d, &d->m->funcs[i]) < 0)
            return -1;
    return 0;
}

static int decode_custom(struct decoder *d, struct wasm_custom_section *custom)
{
    if (read_name(d, &custom->name) < 0)
        return -1;
    custom->bytes = str_make(d->r.pos, reader_left(&d->r));
    d->r.pos = d->r.end;
    return 0;
}

/* The module as a whole. */

static int decode_contents(struct decoder *d, uint8_t id)
{
    switch ((enum section_id)id) {
    case SECTION_CUSTOM: /* by decode_sections */
        break;
    case SECTION_TYPE:
        return decode_types(d);
    case SECTION_IMPORT:
        return decode_imports(d);
    case SECTION_FUNCTION:
        return decode_functions(d);
    case SECTION_TABLE:
        return decode_tables(d);
    case SECTION_MEMORY:
        return decode_memories(d);
    case SECTION_GLOBAL:
        return decode_globals(d);
    case SECTION_EXPORT:
        return decode_exports(d);
    case SECTION_START:
        return decode_start(d);
    case SECTION_ELEMENT:
        return decode_elements(d);
    case SECTION_CODE:
        return decode_code(d);
    case SECTION_DATA:
        return decode_datas(d);
    case SECTION_DATA_COUNT:
        return decode_data_count(d);
    case SECTION_TAG:
        return fail_unsupported(d, "exception handling");
    }
    BUG("section id %u", id);
}

/* Where a section stands in the order that 5.5.17 wants. */
static unsigned rank_of(uint8_t id)
{
    static const uint8_t ranks[WASM_SECTION_COUNT] = {
        [SECTION_TYPE] = 1,
        [SECTION_IMPORT] = 2,
        [SECTION_FUNCTION] = 3,
        [SECTION_TABLE] = 4,
        [SECTION_MEMORY] = 5,
        [SECTION_TAG] = 6,
        [SECTION_GLOBAL] = 7,
        [SECTION_EXPORT] = 8,
        [SECTION_START] = 9,
        [SECTION_ELEMENT] = 10,
        [SECTION_DATA_COUNT] = 11,
        [SECTION_CODE] = 12,
        [SECTION_DATA] = 13,
    };
    return ranks[id];
}

/* Reads a section's header; d->r is then the section's contents. */
static int open_section(struct decoder *d, uint8_t *ret_id)
{
    uint32_t size;
    if (read_byte(d, ret_id) < 0)
        return -1;
    if (*ret_id >= WASM_SECTION_COUNT) {
        d->r.pos--;
        return fail(d, "malformed section id");
    }
    if (read_u32(d, &size) < 0)
        return -1;
    if (size > reader_left(&d->r))
        return fail(d, "length out of bounds: unexpected end of section or function");
    d->r.end = d->r.pos + size;
    return 0;
}

static int decode_section(struct decoder *d, uint8_t id, unsigned *last_rank)
{
    struct wasm_module *m = d->m;
    if (rank_of(id) <= *last_rank)
        return fail(d, "unexpected content after last section");
    *last_rank = rank_of(id);
    m->sections[id] = str_make(d->r.pos, reader_left(&d->r));
    /* index spaces without a section of their own hold the imports from here on */
    if (id > SECTION_FUNCTION && !m->func_types && open_funcs(d, 0) < 0)
        return -1;
    return decode_contents(d, id);
}

static int decode_sections(struct decoder *d)
{
    const uint8_t *end = d->r.end;
    unsigned last_rank = 0;
    VEC(struct wasm_custom_section) customs = {0};
    while (d->r.pos < end) {
        uint8_t id;
        if (open_section(d, &id) < 0)
            return -1;
        if (id == SECTION_CUSTOM) {
            struct wasm_custom_section *custom = VEC_PUSH(&customs, d->arena);
            if (!custom)
                return fail_memory(d);
            if (decode_custom(d, custom) < 0)
                return -1;
        } else if (decode_section(d, id, &last_rank) < 0) {
            return -1;
        }
        if (d->r.pos != d->r.end)
            return fail(d, "section size mismatch: junk after the section's contents");
        d->r.end = end;
    }
    d->m->customs = customs.data;
    d->m->custom_count = (uint32_t)customs.len;
    return 0;
}

/* What only the whole module shows. */
static int finish(struct decoder *d)
{
    struct wasm_module *m = d->m;
    if (d->code_count != d->function_count)
        return fail(d, "function and code section have inconsistent lengths");
    if (m->data_count && !m->datas)
        return fail(d, "data count and data section have inconsistent lengths");
    if ((!m->func_types && open_funcs(d, 0) < 0) || (!m->tables && open_tables(d, 0) < 0) ||
        (!m->memories && open_memories(d, 0) < 0) || (!m->globals && open_globals(d, 0) < 0))
        return -1;
    return 0;
}

static int read_header(struct decoder *d)
{
    static const uint8_t magic[4] = {0, 'a', 's', 'm'}, version[4] = {1, 0, 0, 0};
    const uint8_t *bytes;
    size_t left = reader_left(&d->r);
    if (memcmp(d->r.pos, magic, left < 4 ? left : 4) != 0)
        return fail(d, "magic header not detected");
    if (!reader_bytes(&d->r, 4, &bytes))
        return fail(d, "unexpected end");
    left = reader_left(&d->r);
    if (memcmp(d->r.pos, version, left < 4 ? left : 4) != 0)
        return fail(d, "unknown binary version");
    return reader_bytes(&d->r, 4, &bytes) ? 0 : fail(d, "unexpected end");
}

int wasm_decode(
    struct str bytes, struct arena *a, struct wasm_module **ret_module, struct error *err)
{
    struct wasm_module *m = arena_try_alloc(a, 1, sizeof *m);
    if (!m)
        return error_set(err, ERROR_MEMORY, "the module needs too much memory");
    m->bytes = bytes;
    m->arena = a;
    struct decoder d = {
        .r = reader_make(bytes.ptr ? bytes.ptr : "", bytes.len), .arena = a, .m = m, .err = err};
    map_init(&d.types, a);
    map_init(&m->export_names, a);
    if (read_header(&d) < 0 || decode_sections(&d) < 0 || finish(&d) < 0)
        return -1;
    *ret_module = m;
    return 0;
}
