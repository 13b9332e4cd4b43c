/*
 * Validation (core specification, section 3), by the algorithm of its appendix: one pass over each
 * body with a stack of operand types and a stack of open blocks. After `unreachable` a block's
 * operands are polymorphic: popping below its height gives UNKNOWN, which equals any type.
 */
#include "base/limits.h"
#include "wasm/instr.h"
#include "wasm/module.h"

enum { UNKNOWN = 0 };

/* An open block. A function's body is the outermost. */
struct frame {
    uint16_t op;
    bool unreachable;
    uint32_t height; /* of the operand stack, without the block's parameters */
    uint32_t param_count, result_count;
    const uint8_t *params, *results;
};

struct validator {
    const struct wasm_module *m;
    struct error *err;
    uint8_t *refs; /* 1 = may be named by ref.func, by function index */

    /* of the current sequence */
    struct reader r;
    const uint8_t *instr; /* where the instruction begins that is checked; NULL outside */
    const struct wasm_func_def *func; /* NULL in a constant expression */
    uint32_t func_index;
    uint32_t visible_globals; /* constant expressions see only those before */

    uint8_t *operands;
    uint32_t operand_count, operand_cap;
    struct frame *frames;
    uint32_t frame_count, frame_cap;
};

static bool fail(struct validator *v, const char *message)
{
    size_t offset = v->instr ? (size_t)(v->instr - v->r.start) : 0;
    if (v->func)
        error_set(v->err, ERROR_INVALID, "invalid module: %s in function %u at offset 0x%zx",
            message, v->func_index, offset);
    else if (offset)
        error_set(v->err, ERROR_INVALID, "invalid module: %s at offset 0x%zx", message, offset);
    else
        error_set(v->err, ERROR_INVALID, "invalid module: %s", message);
    return false;
}

static bool fail_index(struct validator *v, const char *what, uint32_t index)
{
    char message[64];
    snprintf(message, sizeof message, "unknown %s %u", what, index);
    return fail(v, message);
}

static bool fail_mismatch(struct validator *v, uint8_t wanted, uint8_t found)
{
    char message[96];
    snprintf(message, sizeof message, "type mismatch: expected %s, found %s",
        wanted ? wasm_type_name(wanted) : "a value", found ? wasm_type_name(found) : "nothing");
    return fail(v, message);
}

static bool fail_limit(struct validator *v, const char *what)
{
    error_set(v->err, ERROR_LIMIT, "%s in function %u", what, v->func_index);
    return false;
}

/* Operands. */

static bool grow_operands(struct validator *v)
{
    uint32_t cap = v->operand_cap ? v->operand_cap * 2 : 4096;
    uint8_t *grown = cap <= 2 * LIMIT_WASM_OPERANDS ? realloc(v->operands, cap) : NULL;
    if (!grown)
        return fail_limit(v, "too many operands");
    v->operands = grown;
    v->operand_cap = cap;
    return true;
}

static inline bool push(struct validator *v, uint8_t type)
{
    if (unlikely(v->operand_count == v->operand_cap) && !grow_operands(v))
        return false;
    v->operands[v->operand_count++] = type;
    return true;
}

static inline struct frame *top_frame(struct validator *v)
{
    return &v->frames[v->frame_count - 1];
}

static inline bool pop_any(struct validator *v, uint8_t *ret_type)
{
    struct frame *frame = top_frame(v);
    if (unlikely(v->operand_count == frame->height)) {
        *ret_type = UNKNOWN;
        return frame->unreachable || fail_mismatch(v, UNKNOWN, UNKNOWN);
    }
    *ret_type = v->operands[--v->operand_count];
    return true;
}

static inline bool pop(struct validator *v, uint8_t wanted)
{
    struct frame *frame = top_frame(v);
    if (unlikely(v->operand_count == frame->height))
        return frame->unreachable || fail_mismatch(v, wanted, UNKNOWN);
    uint8_t found = v->operands[--v->operand_count];
    return likely(found == wanted) || found == UNKNOWN || fail_mismatch(v, wanted, found);
}

static bool push_all(struct validator *v, const uint8_t *types, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!push(v, types[i]))
            return false;
    return true;
}

static bool pop_all(struct validator *v, const uint8_t *types, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;)
        if (!pop(v, types[i]))
            return false;
    return true;
}

/* Blocks. */

static bool push_frame(struct validator *v, struct frame frame)
{
    if (v->frame_count == v->frame_cap) {
        uint32_t cap = v->frame_cap ? v->frame_cap * 2 : 64;
        struct frame *grown =
            cap <= 2 * LIMIT_WASM_BLOCK_DEPTH ? realloc(v->frames, cap * sizeof *grown) : NULL;
        if (!grown)
            return fail_limit(v, "too many nested blocks");
        v->frames = grown;
        v->frame_cap = cap;
    }
    frame.height = v->operand_count;
    v->frames[v->frame_count++] = frame;
    return push_all(v, frame.params, frame.param_count);
}

static bool pop_frame(struct validator *v, struct frame *ret_frame)
{
    struct frame *frame = top_frame(v);
    if (!pop_all(v, frame->results, frame->result_count))
        return false;
    if (v->operand_count != frame->height)
        return fail(v, "type mismatch: values remain on the stack at the end of the block");
    *ret_frame = *frame;
    v->frame_count--;
    return true;
}

/* The rest of the block cannot be reached. */
static bool set_unreachable(struct validator *v)
{
    struct frame *frame = top_frame(v);
    v->operand_count = frame->height;
    frame->unreachable = true;
    return true;
}

static bool find_label(struct validator *v, uint32_t label, const struct frame **ret_frame)
{
    if (label >= v->frame_count)
        return fail_index(v, "label", label);
    *ret_frame = &v->frames[v->frame_count - 1 - label];
    return true;
}

/* What a branch to the block carries. */
static const uint8_t *label_types(const struct frame *frame, uint32_t *ret_count)
{
    bool is_loop = frame->op == WASM_OP_LOOP;
    *ret_count = is_loop ? frame->param_count : frame->result_count;
    return is_loop ? frame->params : frame->results;
}

/* A type of one value, as an array that outlives the instruction. */
static const uint8_t *single_type(uint8_t type)
{
    static const uint8_t types[] = {
        WASM_EXTERNREF, WASM_FUNCREF, WASM_F64, WASM_F32, WASM_I64, WASM_I32};
    for (size_t i = 0; i < countof(types); i++)
        if (types[i] == type)
            return &types[i];
    BUG("value type 0x%x", type);
}

static bool begin_block(struct validator *v, const struct wasm_instr *instr)
{
    struct frame frame = {.op = instr->op};
    if (instr->type == WASM_BLOCK_INDEXED) {
        if (instr->index >= v->m->type_count)
            return fail_index(v, "type", instr->index);
        const struct wasm_func_type *type = v->m->types[instr->index];
        frame.params = type->params;
        frame.param_count = type->param_count;
        frame.results = type->results;
        frame.result_count = type->result_count;
    } else if (instr->type != WASM_BLOCK_EMPTY) {
        frame.results = single_type(instr->type);
        frame.result_count = 1;
    }
    if (instr->op == WASM_OP_IF && !pop(v, WASM_I32))
        return false;
    return pop_all(v, frame.params, frame.param_count) && push_frame(v, frame);
}

static bool begin_else(struct validator *v)
{
    struct frame frame;
    if (top_frame(v)->op != WASM_OP_IF)
        return fail(v, "else without if: unexpected opcode");
    if (!pop_frame(v, &frame))
        return false;
    frame.op = WASM_OP_ELSE;
    frame.unreachable = false;
    return push_frame(v, frame);
}

static bool end_block(struct validator *v)
{
    struct frame frame;
    if (!pop_frame(v, &frame))
        return false;
    if (frame.op == WASM_OP_IF &&
        (frame.param_count != frame.result_count ||
            (frame.param_count && memcmp(frame.params, frame.results, frame.param_count) != 0)))
        return fail(v, "type mismatch: an if without else must give back what it takes");
    return v->frame_count == 0 || push_all(v, frame.results, frame.result_count);
}

/* Branches. */

static bool check_br(struct validator *v, uint32_t label)
{
    const struct frame *frame;
    uint32_t count;
    if (!find_label(v, label, &frame))
        return false;
    const uint8_t *types = label_types(frame, &count);
    return pop_all(v, types, count) && set_unreachable(v);
}

static bool check_br_if(struct validator *v, uint32_t label)
{
    const struct frame *frame;
    uint32_t count;
    if (!find_label(v, label, &frame) || !pop(v, WASM_I32))
        return false;
    const uint8_t *types = label_types(frame, &count);
    return pop_all(v, types, count) && push_all(v, types, count);
}

static bool check_br_table(struct validator *v, struct wasm_instr *instr)
{
    const struct frame *frame;
    const uint8_t *last_types = NULL;
    uint32_t arity = 0;
    if (!pop(v, WASM_I32))
        return false;
    uint32_t operands = v->operand_count;
    for (uint64_t i = 0; i <= instr->index; i++) {
        uint32_t count;
        if (!find_label(v, wasm_instr_target(&instr->targets), &frame))
            return false;
        const uint8_t *types = label_types(frame, &count);
        if (i > 0 && count != arity)
            return fail(v, "type mismatch: labels of br_table differ in arity");
        if (i == 0 || types != last_types) {
            v->operand_count = operands; /* a popped value is still there */
            if (!pop_all(v, types, count))
                return false;
        }
        arity = count;
        last_types = types;
    }
    return set_unreachable(v);
}

static bool check_return(struct validator *v)
{
    const struct frame *body = &v->frames[0];
    return pop_all(v, body->results, body->result_count) && set_unreachable(v);
}

/* Calls. */

static bool check_signature(struct validator *v, const struct wasm_func_type *type)
{
    return pop_all(v, type->params, type->param_count) &&
           push_all(v, type->results, type->result_count);
}

static bool check_call(struct validator *v, uint32_t index)
{
    if (index >= v->m->func_count)
        return fail_index(v, "function", index);
    return check_signature(v, v->m->func_types[index]);
}

static bool check_call_indirect(struct validator *v, uint32_t type, uint32_t table)
{
    if (table >= v->m->table_count)
        return fail_index(v, "table", table);
    if (v->m->tables[table].element != WASM_FUNCREF)
        return fail(v, "type mismatch: call_indirect needs a table of functions");
    if (type >= v->m->type_count)
        return fail_index(v, "type", type);
    return pop(v, WASM_I32) && check_signature(v, v->m->types[type]);
}

/* Parametric and variable instructions. */

static bool is_reference(uint8_t type)
{
    return type == WASM_FUNCREF || type == WASM_EXTERNREF;
}

static bool check_select(struct validator *v)
{
    uint8_t a, b;
    if (!pop(v, WASM_I32) || !pop_any(v, &a) || !pop_any(v, &b))
        return false;
    if (is_reference(a) || is_reference(b))
        return fail(v, "type mismatch: select without a type takes numbers only");
    if (a != b && a != UNKNOWN && b != UNKNOWN)
        return fail_mismatch(v, b, a);
    return push(v, a == UNKNOWN ? b : a);
}

static bool check_select_typed(struct validator *v, const struct wasm_instr *instr)
{
    if (instr->index != 1)
        return fail(v, "invalid result arity");
    return pop(v, WASM_I32) && pop(v, instr->type) && pop(v, instr->type) && push(v, instr->type);
}

static inline bool local_type(struct validator *v, uint32_t index, uint8_t *ret_type)
{
    uint32_t params = v->func->type->param_count;
    if (index < params)
        *ret_type = v->func->type->params[index];
    else if (index - params < v->func->local_count)
        *ret_type = v->func->local_types[index - params];
    else
        return fail_index(v, "local", index);
    return true;
}

static bool check_global(struct validator *v, uint32_t index, bool set)
{
    if (index >= v->m->global_count)
        return fail_index(v, "global", index);
    const struct wasm_global_type *type = &v->m->globals[index];
    if (!set)
        return push(v, type->type);
    return type->is_mutable ? pop(v, type->type) : fail(v, "immutable global");
}

/* References and tables. */

static bool check_table(struct validator *v, uint32_t index, uint8_t *ret_type)
{
    if (index >= v->m->table_count)
        return fail_index(v, "table", index);
    *ret_type = v->m->tables[index].element;
    return true;
}

static bool check_ref_func(struct validator *v, uint32_t index)
{
    if (index >= v->m->func_count)
        return fail_index(v, "function", index);
    if (v->func && !v->refs[index])
        return fail(v, "undeclared function reference");
    v->refs[index] = 1;
    return push(v, WASM_FUNCREF);
}

static bool check_ref_is_null(struct validator *v)
{
    uint8_t type;
    if (!pop_any(v, &type))
        return false;
    if (type != UNKNOWN && !is_reference(type))
        return fail(v, "type mismatch: ref.is_null takes a reference");
    return push(v, WASM_I32);
}

static bool check_table_instr(struct validator *v, const struct wasm_instr *instr)
{
    uint8_t type;
    if (!check_table(v, instr->index, &type))
        return false;
    switch (instr->op) {
    case WASM_OP_TABLE_GET:
        return pop(v, WASM_I32) && push(v, type);
    case WASM_OP_TABLE_SET:
        return pop(v, type) && pop(v, WASM_I32);
    case WASM_OP_TABLE_GROW:
        return pop(v, WASM_I32) && pop(v, type) && push(v, WASM_I32);
    case WASM_OP_TABLE_SIZE:
        return push(v, WASM_I32);
    default: /* table.fill */
        return pop(v, WASM_I32) && pop(v, type) && pop(v, WASM_I32);
    }
}

static bool pop_three_i32(struct validator *v)
{
    return pop(v, WASM_I32) && pop(v, WASM_I32) && pop(v, WASM_I32);
}

static bool check_table_copy(struct validator *v, const struct wasm_instr *instr)
{
    uint8_t to, from;
    if (!check_table(v, instr->index, &to) || !check_table(v, instr->index2, &from))
        return false;
    if (to != from)
        return fail_mismatch(v, to, from);
    return pop_three_i32(v);
}

static bool check_element_segment(struct validator *v, uint32_t index)
{
    return index < v->m->element_count || fail_index(v, "elem segment", index);
}

/* The segment's index comes first, then the table's. */
static bool check_table_init(struct validator *v, const struct wasm_instr *instr)
{
    uint8_t type;
    if (!check_table(v, instr->index2, &type) || !check_element_segment(v, instr->index))
        return false;
    if (v->m->elements[instr->index].type != type)
        return fail_mismatch(v, type, v->m->elements[instr->index].type);
    return pop_three_i32(v);
}

/* Memories. */

static bool check_memory(struct validator *v, uint32_t index)
{
    return index < v->m->memory_count || fail_index(v, "memory", index);
}

static bool check_data_segment(struct validator *v, uint32_t index)
{
    if (!v->m->has_data_count)
        return fail(v, "data count section required");
    return index < v->m->data_count || fail_index(v, "data segment", index);
}

/* The exponent of an access's size. */
static unsigned natural_alignment(uint16_t op)
{
    switch (op) {
    case WASM_OP_I64_LOAD:
    case WASM_OP_F64_LOAD:
    case WASM_OP_I64_STORE:
    case WASM_OP_F64_STORE:
        return 3;
    case WASM_OP_I32_LOAD8_S:
    case WASM_OP_I32_LOAD8_U:
    case WASM_OP_I64_LOAD8_S:
    case WASM_OP_I64_LOAD8_U:
    case WASM_OP_I32_STORE8:
    case WASM_OP_I64_STORE8:
        return 0;
    case WASM_OP_I32_LOAD16_S:
    case WASM_OP_I32_LOAD16_U:
    case WASM_OP_I64_LOAD16_S:
    case WASM_OP_I64_LOAD16_U:
    case WASM_OP_I32_STORE16:
    case WASM_OP_I64_STORE16:
        return 1;
    default:
        return 2;
    }
}

/* Instructions whose types the table of opcodes tells. */
static bool check_by_signature(struct validator *v, const struct wasm_opcode_info *info)
{
    static const uint8_t types[128] = {
        ['i'] = WASM_I32, ['I'] = WASM_I64, ['f'] = WASM_F32, ['F'] = WASM_F64};
    const char *params = info->signature, *p = params;
    while (*p != ':')
        p++;
    const char *result = p + 1;
    while (p > params)
        if (!pop(v, types[(unsigned char)*--p & 127]))
            return false;
    return !*result || push(v, types[(unsigned char)*result & 127]);
}

static bool check_access(struct validator *v, const struct wasm_instr *instr)
{
    if (!check_memory(v, instr->index))
        return false;
    if (instr->align > natural_alignment(instr->op))
        return fail(v, "alignment must not be larger than natural");
    return check_by_signature(v, wasm_opcode_info(instr->op));
}

/* Instructions without a signature of their own. */
static bool check_special(struct validator *v, struct wasm_instr *instr)
{
    uint8_t type;
    switch ((enum wasm_opcode)instr->op) {
    case WASM_OP_UNREACHABLE:
        return set_unreachable(v);
    case WASM_OP_NOP:
        return true;
    case WASM_OP_BLOCK:
    case WASM_OP_LOOP:
    case WASM_OP_IF:
        return begin_block(v, instr);
    case WASM_OP_ELSE:
        return begin_else(v);
    case WASM_OP_END:
        return end_block(v);
    case WASM_OP_BR:
        return check_br(v, instr->index);
    case WASM_OP_BR_IF:
        return check_br_if(v, instr->index);
    case WASM_OP_BR_TABLE:
        return check_br_table(v, instr);
    case WASM_OP_RETURN:
        return check_return(v);
    case WASM_OP_CALL:
        return check_call(v, instr->index);
    case WASM_OP_CALL_INDIRECT:
        return check_call_indirect(v, instr->index, instr->index2);
    case WASM_OP_DROP:
        return pop_any(v, &type);
    case WASM_OP_SELECT:
        return check_select(v);
    case WASM_OP_SELECT_TYPED:
        return check_select_typed(v, instr);
    case WASM_OP_LOCAL_GET:
        return local_type(v, instr->index, &type) && push(v, type);
    case WASM_OP_LOCAL_SET:
        return local_type(v, instr->index, &type) && pop(v, type);
    case WASM_OP_LOCAL_TEE:
        return local_type(v, instr->index, &type) && pop(v, type) && push(v, type);
    case WASM_OP_GLOBAL_GET:
        return check_global(v, instr->index, false);
    case WASM_OP_GLOBAL_SET:
        return check_global(v, instr->index, true);
    case WASM_OP_TABLE_GET:
    case WASM_OP_TABLE_SET:
    case WASM_OP_TABLE_GROW:
    case WASM_OP_TABLE_SIZE:
    case WASM_OP_TABLE_FILL:
        return check_table_instr(v, instr);
    case WASM_OP_TABLE_COPY:
        return check_table_copy(v, instr);
    case WASM_OP_TABLE_INIT:
        return check_table_init(v, instr);
    case WASM_OP_ELEM_DROP:
        return check_element_segment(v, instr->index);
    case WASM_OP_MEMORY_SIZE:
        return check_memory(v, instr->index) && push(v, WASM_I32);
    case WASM_OP_MEMORY_GROW:
        return check_memory(v, instr->index) && pop(v, WASM_I32) && push(v, WASM_I32);
    case WASM_OP_MEMORY_INIT:
        return check_memory(v, instr->index2) && check_data_segment(v, instr->index) &&
               pop_three_i32(v);
    case WASM_OP_DATA_DROP:
        return check_data_segment(v, instr->index);
    case WASM_OP_MEMORY_COPY:
        return check_memory(v, instr->index) && check_memory(v, instr->index2) && pop_three_i32(v);
    case WASM_OP_MEMORY_FILL:
        return check_memory(v, instr->index) && pop_three_i32(v);
    case WASM_OP_REF_NULL:
        return push(v, instr->type);
    case WASM_OP_REF_IS_NULL:
        return check_ref_is_null(v);
    case WASM_OP_REF_FUNC:
        return check_ref_func(v, instr->index);
    default:
        BUG("no rule for opcode 0x%x", instr->op);
    }
}

static bool read_instr(struct validator *v, struct wasm_instr *instr)
{
    struct wasm_instr_fault fault;
    v->instr = v->r.pos;
    if (likely(wasm_instr_read(&v->r, instr, &fault)))
        return true;
    if (!fault.unsupported)
        return fail(v, fault.message);
    error_set(v->err, ERROR_UNSUPPORTED, "%s is not supported, in function %u at offset 0x%zx",
        fault.message, v->func_index, (size_t)(v->instr - v->r.start));
    return false;
}

/* Begins a sequence: a body or a constant expression with these results. */
static bool begin_sequence(
    struct validator *v, struct wasm_code code, const uint8_t *results, uint32_t result_count)
{
    const uint8_t *module_start = (const uint8_t *)v->m->bytes.ptr;
    v->r = (struct reader){module_start, code.start, code.end};
    v->operand_count = 0;
    v->frame_count = 0;
    return push_frame(
        v, (struct frame){.op = WASM_OP_BLOCK, .results = results, .result_count = result_count});
}

static bool check_body(struct validator *v, uint32_t own_index)
{
    struct wasm_instr instr = {0};
    v->func = &v->m->funcs[own_index];
    v->func_index = v->m->imported_funcs + own_index;
    const struct wasm_func_type *type = v->func->type;
    if (!begin_sequence(v, v->func->body, type->results, type->result_count))
        return false;
    while (v->r.pos < v->r.end) {
        if (unlikely(v->frame_count == 0))
            return fail(v, "unexpected end: instructions after the body's end");
        if (!read_instr(v, &instr))
            return false;
        const struct wasm_opcode_info *info = wasm_opcode_info(instr.op);
        bool valid = !*info->signature                     ? check_special(v, &instr)
                     : info->immediates == WASM_IMM_MEMARG ? check_access(v, &instr)
                                                           : check_by_signature(v, info);
        if (unlikely(!valid))
            return false;
    }
    return v->frame_count == 0 || fail(v, "unexpected end of section or function");
}

/* Constant expressions (3.3.10), with the extended arithmetic. */
static bool check_constant_instr(struct validator *v, struct wasm_instr *instr)
{
    switch ((enum wasm_opcode)instr->op) {
    case WASM_OP_I32_CONST:
    case WASM_OP_I64_CONST:
    case WASM_OP_F32_CONST:
    case WASM_OP_F64_CONST:
    case WASM_OP_I32_ADD:
    case WASM_OP_I32_SUB:
    case WASM_OP_I32_MUL:
    case WASM_OP_I64_ADD:
    case WASM_OP_I64_SUB:
    case WASM_OP_I64_MUL:
        return check_by_signature(v, wasm_opcode_info(instr->op));
    case WASM_OP_REF_NULL:
    case WASM_OP_REF_FUNC:
    case WASM_OP_END:
        return check_special(v, instr);
    case WASM_OP_GLOBAL_GET:
        if (instr->index >= v->visible_globals)
            return fail_index(v, "global", instr->index);
        if (v->m->globals[instr->index].is_mutable)
            return fail(v, "constant expression required");
        return check_special(v, instr);
    default:
        return fail(v, "constant expression required");
    }
}

static bool check_constant(struct validator *v, struct wasm_code code, uint8_t type)
{
    struct wasm_instr instr = {0};
    v->func = NULL;
    if (!begin_sequence(v, code, single_type(type), 1))
        return false;
    while (v->frame_count > 0) {
        if (!read_instr(v, &instr) || !check_constant_instr(v, &instr))
            return false;
        if (v->operand_count > LIMIT_WASM_CONSTANT_OPERANDS)
            return fail_limit(v, "too many operands");
    }
    v->instr = NULL;
    return true;
}

/* The module without bodies. */

static bool check_limits(
    struct validator *v, const struct wasm_limits *limits, uint64_t most, const char *message)
{
    if (limits->min > most || (limits->has_max && limits->max > most))
        return fail(v, message);
    if (limits->has_max && limits->max < limits->min)
        return fail(v, "size minimum must not be greater than maximum");
    return true;
}

static bool check_tables_and_memories(struct validator *v)
{
    const struct wasm_module *m = v->m;
    for (uint32_t i = 0; i < m->table_count; i++)
        if (!check_limits(v, &m->tables[i].limits, UINT32_MAX, "table size"))
            return false;
    for (uint32_t i = 0; i < m->memory_count; i++)
        if (!check_limits(v, &m->memories[i], LIMIT_WASM_PAGES,
                "memory size must be at most 65536 pages (4GiB)"))
            return false;
    return true;
}

static bool check_globals(struct validator *v)
{
    const struct wasm_module *m = v->m;
    for (uint32_t i = m->imported_globals; i < m->global_count; i++) {
        v->visible_globals = i;
        const struct wasm_global_def *global = &m->global_defs[i - m->imported_globals];
        if (!check_constant(v, global->init, global->type.type))
            return false;
    }
    v->visible_globals = m->global_count;
    return true;
}

static uint32_t extern_count(const struct wasm_module *m, enum wasm_extern_kind kind)
{
    switch (kind) {
    case WASM_EXTERN_FUNC:
        return m->func_count;
    case WASM_EXTERN_TABLE:
        return m->table_count;
    case WASM_EXTERN_MEMORY:
        return m->memory_count;
    case WASM_EXTERN_GLOBAL:
        return m->global_count;
    }
    BUG("kind %d of export", (int)kind);
}

static bool check_exports(struct validator *v)
{
    static const char *const kinds[] = {"function", "table", "memory", "global"};
    const struct wasm_module *m = v->m;
    for (uint32_t i = 0; i < m->export_count; i++) {
        const struct wasm_export *export = &m->exports[i];
        if (export->index >= extern_count(m, export->kind))
            return fail_index(v, kinds[export->kind], export->index);
        if (export->kind == WASM_EXTERN_FUNC)
            v->refs[export->index] = 1;
    }
    return m->export_names.len == m->export_count || fail(v, "duplicate export name");
}

static bool check_start(struct validator *v)
{
    const struct wasm_module *m = v->m;
    if (!m->has_start)
        return true;
    if (m->start >= m->func_count)
        return fail_index(v, "function", m->start);
    const struct wasm_func_type *type = m->func_types[m->start];
    return (type->param_count == 0 && type->result_count == 0) || fail(v, "start function");
}

static bool check_element(struct validator *v, const struct wasm_element_segment *segment)
{
    const struct wasm_module *m = v->m;
    if (segment->mode == WASM_SEGMENT_ACTIVE) {
        if (segment->table >= m->table_count)
            return fail_index(v, "table", segment->table);
        if (m->tables[segment->table].element != segment->type)
            return fail_mismatch(v, m->tables[segment->table].element, segment->type);
        if (!check_constant(v, segment->offset, WASM_I32))
            return false;
    }
    for (uint32_t i = 0; i < segment->count; i++) {
        if (segment->exprs) {
            if (!check_constant(v, segment->exprs[i], segment->type))
                return false;
        } else {
            if (segment->funcs[i] >= m->func_count)
                return fail_index(v, "function", segment->funcs[i]);
            v->refs[segment->funcs[i]] = 1;
        }
    }
    return true;
}

static bool check_segments(struct validator *v)
{
    const struct wasm_module *m = v->m;
    for (uint32_t i = 0; i < m->element_count; i++)
        if (!check_element(v, &m->elements[i]))
            return false;
    for (uint32_t i = 0; i < m->data_count; i++) {
        const struct wasm_data_segment *segment = &m->datas[i];
        if (segment->mode != WASM_SEGMENT_ACTIVE)
            continue;
        if (!check_memory(v, segment->memory) || !check_constant(v, segment->offset, WASM_I32))
            return false;
    }
    return true;
}

static bool check_shell(struct validator *v)
{
    return check_tables_and_memories(v) && check_globals(v) && check_exports(v) && check_start(v) &&
           check_segments(v);
}

static bool check_bodies(struct validator *v)
{
    for (uint32_t i = 0; i < v->m->func_count - v->m->imported_funcs; i++)
        if (!check_body(v, i))
            return false;
    return true;
}

static int validate(const struct wasm_module *m, bool with_bodies, struct error *err)
{
    struct validator v = {.m = m, .err = err};
    v.refs = calloc((size_t)m->func_count + 1, 1);
    if (!v.refs)
        return error_set(err, ERROR_MEMORY, "%u functions", m->func_count);
    bool valid = check_shell(&v) && (!with_bodies || check_bodies(&v));
    free(v.refs);
    free(v.operands);
    free(v.frames);
    return valid ? 0 : -1;
}

int wasm_validate(const struct wasm_module *m, struct error *err)
{
    return validate(m, true, err);
}

int wasm_validate_shell(const struct wasm_module *m, struct error *err)
{
    return validate(m, false, err);
}
