/*
 * Function bodies in C.
 *
 * Each place of the operand stack is a variable for each type that it may hold: i3, j3, g3, d3, r3
 * are place 3 as i32, i64, f32, f64 and a reference. Locals are l0, l1 …; L4 is the label at which
 * a branch to block 4 goes on (a loop's beginning, another block's end), E4 the `else` of an `if`.
 * Blocks are flat: only labels and gotos, so that the C compiler sees no loop statement and meets
 * no nesting limit. Code that cannot be reached is left out.
 */
#include <inttypes.h>

#include "base/limits.h"
#include "base/vec.h"
#include "wasm/translate.h"

/* A block being translated. */
struct frame {
    uint16_t op; /* WASM_OP_BLOCK (also the function itself), LOOP or IF */
    bool dead;   /* the rest of it cannot be reached */
    bool has_else;
    uint32_t base; /* places below its parameters */
    uint32_t label;
    uint32_t param_count, result_count;
    const uint8_t *params, *results;
};

struct body {
    struct unit *unit;
    const struct translation *translation;
    const struct wasm_module *module;
    const struct wasm_func_type *type;
    const struct wasm_func_def *func;
    struct buf text; /* of the statements */
    VEC(uint8_t) stack;
    VEC(struct frame) frames;
    uint32_t places[5]; /* by letter: how many are used */
    uint32_t next_label;
    uint32_t dead_depth; /* blocks opened in code that cannot be reached */
    bool failed;         /* memory is short */
};

enum { LETTER_I, LETTER_J, LETTER_F, LETTER_D, LETTER_R };
/* None makes a name of translated.h (f32, f64) with a number. */
static const char letters[] = "ijgdr";

static unsigned letter_index(uint8_t type)
{
    switch (type) {
    case WASM_I32:
        return LETTER_I;
    case WASM_I64:
        return LETTER_J;
    case WASM_F32:
        return LETTER_F;
    case WASM_F64:
        return LETTER_D;
    default:
        return LETTER_R;
    }
}

static char letter(uint8_t type)
{
    return letters[letter_index(type)];
}

#define EMIT(b, ...) buf_printf(&(b)->text, __VA_ARGS__)
#define P            "%" PRIu32

/* ---- the operand stack ---- */

static uint32_t push(struct body *b, uint8_t type)
{
    uint32_t place = (uint32_t)b->stack.len;
    uint8_t *slot = VEC_PUSH(&b->stack, b->unit->arena);
    uint32_t *used = &b->places[letter_index(type)];
    if (!slot) {
        b->failed = true;
        return 0;
    }
    *slot = type;
    if (place >= *used)
        *used = place + 1;
    return place;
}

/* The place that was on top. */
static uint32_t pop(struct body *b)
{
    BUG_IF(b->stack.len == 0);
    return (uint32_t)--b->stack.len;
}

static uint8_t type_at(const struct body *b, uint32_t place)
{
    return b->stack.data[place];
}

static uint8_t letter_type(char signature_letter)
{
    switch (signature_letter) {
    case 'i':
        return WASM_I32;
    case 'I':
        return WASM_I64;
    case 'f':
        return WASM_F32;
    default:
        return WASM_F64;
    }
}

/* ---- blocks and branches ---- */

static const uint8_t *one_type(uint8_t type)
{
    static const uint8_t types[] = {
        WASM_I32, WASM_I64, WASM_F32, WASM_F64, WASM_FUNCREF, WASM_EXTERNREF};
    for (size_t i = 0; i < countof(types); i++)
        if (types[i] == type)
            return &types[i];
    BUG("block of an unknown type");
}

static struct frame *top_frame(struct body *b)
{
    return &b->frames.data[b->frames.len - 1];
}

static struct frame *push_frame(struct body *b, const struct wasm_instr *instr)
{
    struct frame *frame = VEC_PUSH(&b->frames, b->unit->arena);
    if (!frame) {
        b->failed = true;
        return NULL;
    }
    *frame = (struct frame){.op = instr->op, .label = b->next_label++};
    if (instr->type == WASM_BLOCK_INDEXED) {
        const struct wasm_func_type *type = b->module->types[instr->index];
        frame->param_count = type->param_count;
        frame->params = type->params;
        frame->result_count = type->result_count;
        frame->results = type->results;
    } else if (instr->type != WASM_BLOCK_EMPTY) {
        frame->result_count = 1;
        frame->results = one_type(instr->type);
    }
    frame->base = (uint32_t)b->stack.len - frame->param_count;
    return frame;
}

static void open_block(struct body *b, const struct wasm_instr *instr)
{
    uint32_t condition = instr->op == WASM_OP_IF ? pop(b) : 0;
    const struct frame *frame = push_frame(b, instr);
    if (!frame)
        return;
    if (instr->op == WASM_OP_IF)
        EMIT(b, "if (!i" P ") goto E" P ";\n", condition, frame->label);
    if (instr->op == WASM_OP_LOOP)
        EMIT(b, "L" P ":;\n", frame->label);
}

static void restart_stack(struct body *b, uint32_t base, const uint8_t *types, uint32_t count)
{
    b->stack.len = base;
    for (uint32_t i = 0; i < count; i++)
        push(b, types[i]);
}

static void begin_else(struct body *b)
{
    struct frame *frame = top_frame(b);
    if (!frame->dead)
        EMIT(b, "goto L" P ";\n", frame->label);
    EMIT(b, "E" P ":;\n", frame->label);
    frame->has_else = true;
    frame->dead = false;
    restart_stack(b, frame->base, frame->params, frame->param_count);
}

static void close_block(struct body *b)
{
    struct frame frame = *top_frame(b);
    if (frame.op == WASM_OP_IF && !frame.has_else)
        EMIT(b, "E" P ":;\n", frame.label);
    if (frame.op != WASM_OP_LOOP)
        EMIT(b, "L" P ":;\n", frame.label);
    b->frames.len--;
    restart_stack(b, frame.base, frame.results, frame.result_count);
}

static const struct frame *branch_target(const struct body *b, uint32_t depth)
{
    BUG_IF(depth >= b->frames.len);
    return &b->frames.data[b->frames.len - 1 - depth];
}

/* Moves what the branch carries down to the target's places, lowest first, and goes. */
static void branch(struct body *b, uint32_t depth)
{
    const struct frame *target = branch_target(b, depth);
    bool loop = target->op == WASM_OP_LOOP;
    uint32_t count = loop ? target->param_count : target->result_count;
    const uint8_t *types = loop ? target->params : target->results;
    uint32_t from = (uint32_t)b->stack.len - count;
    if (from != target->base)
        for (uint32_t i = 0; i < count; i++)
            EMIT(b, "%c" P " = %c" P "; ", letter(types[i]), target->base + i, letter(types[i]),
                from + i);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *used = &b->places[letter_index(types[i])];
        if (*used <= target->base + i)
            *used = target->base + i + 1;
    }
    EMIT(b, "goto L" P ";\n", target->label);
}

static void branch_if(struct body *b, uint32_t depth)
{
    EMIT(b, "if (i" P ") { ", pop(b));
    branch(b, depth);
    EMIT(b, "}\n");
}

static void branch_table(struct body *b, const struct wasm_instr *instr)
{
    struct reader targets = instr->targets;
    EMIT(b, "switch (i" P ") {\n", pop(b));
    for (uint32_t i = 0; i < instr->index; i++) {
        EMIT(b, "case " P ": ", i);
        branch(b, wasm_instr_target(&targets));
    }
    EMIT(b, "default: ");
    branch(b, wasm_instr_target(&targets));
    EMIT(b, "}\n");
    top_frame(b)->dead = true;
}

/* ---- calls ---- */

/* The arguments are on top of the stack; they are replaced by the results. `open` is the text up to
 * the first argument's comma. */
static void emit_call(
    struct body *b, const struct wasm_func_type *type, uint32_t type_index, const char *open)
{
    uint32_t base = (uint32_t)b->stack.len - type->param_count;
    if (type->result_count == 1)
        EMIT(b, "%c" P " = ", letter(type->results[0]), base);
    if (type->result_count > 1)
        EMIT(b, "{ struct " NAME_FMT "_r" P " r = ", NAME_ARG(b->unit), type_index);
    buf_append_cstr(&b->text, open);
    for (uint32_t i = 0; i < type->param_count; i++)
        EMIT(b, ", %c" P, letter(type->params[i]), base + i);
    EMIT(b, ");");
    restart_stack(b, base, type->results, type->result_count);
    if (type->result_count > 1) {
        for (uint32_t i = 0; i < type->result_count; i++)
            EMIT(b, " %c" P " = r.v" P ";", letter(type->results[i]), base + i, i);
        EMIT(b, " }");
    }
    EMIT(b, "\n");
}

static void call(struct body *b, uint32_t index)
{
    uint32_t type = b->translation->type_index[index];
    char open[96];
    if (index < b->module->imported_funcs) {
        b->unit->type_needs[type] |= NEED_IMPORT;
        snprintf(open, sizeof(open), NAME_FMT "_i" P "(self, " P, NAME_ARG(b->unit), type, index);
    } else {
        b->unit->func_called[index - b->module->imported_funcs] = 1;
        snprintf(open, sizeof(open), NAME_FMT "_f" P "(self", NAME_ARG(b->unit), index);
    }
    emit_call(b, b->module->func_types[index], type, open);
}

static void call_indirect(struct body *b, const struct wasm_instr *instr)
{
    uint32_t type = b->translation->type_first[instr->index];
    char open[96];
    b->unit->type_needs[type] |= NEED_INDIRECT;
    snprintf(open, sizeof(open), NAME_FMT "_x" P "(self, " P ", i" P, NAME_ARG(b->unit), type,
        instr->index2, pop(b));
    emit_call(b, b->module->types[type], type, open);
}

/* ---- variables ---- */

static uint8_t local_type(const struct body *b, uint32_t index)
{
    return index < b->type->param_count ? b->type->params[index]
                                        : b->func->local_types[index - b->type->param_count];
}

static void local(struct body *b, const struct wasm_instr *instr)
{
    char name = letter(local_type(b, instr->index));
    if (instr->op == WASM_OP_LOCAL_GET)
        EMIT(b, "%c" P " = l" P ";\n", name, push(b, local_type(b, instr->index)), instr->index);
    else if (instr->op == WASM_OP_LOCAL_SET)
        EMIT(b, "l" P " = %c" P ";\n", instr->index, name, pop(b));
    else
        EMIT(b, "l" P " = %c" P ";\n", instr->index, name, (uint32_t)b->stack.len - 1);
}

/* "self->globals[3].f32" */
static void emit_global(struct body *b, uint32_t index, uint8_t type)
{
    const char *member = type == WASM_I32   ? "i32"
                         : type == WASM_I64 ? "i64"
                                            : translate_type_name(type);
    if (index < b->module->imported_globals)
        EMIT(b, "self->imported_globals[" P "]->%s", index, member);
    else
        EMIT(b, "self->globals[" P "].%s", index - b->module->imported_globals, member);
}

static void global(struct body *b, const struct wasm_instr *instr)
{
    uint8_t type = b->module->globals[instr->index].type;
    if (instr->op == WASM_OP_GLOBAL_GET) {
        EMIT(b, "%c" P " = %s(", letter(type), push(b, type),
            type == WASM_F32   ? "w_f32"
            : type == WASM_F64 ? "w_f64"
                               : "");
        emit_global(b, instr->index, type);
        EMIT(b, ");\n");
        return;
    }
    emit_global(b, instr->index, type);
    EMIT(b, " = %s(%c" P ");\n",
        type == WASM_F32   ? "w_bits32"
        : type == WASM_F64 ? "w_bits64"
                           : "",
        letter(type), pop(b));
}

/* ---- memory and tables ---- */

/* The instruction's name as a C identifier. */
static void emit_name(struct body *b, const char *name)
{
    for (; *name; name++)
        buf_append_byte(&b->text, *name == '.' ? '_' : (uint8_t)*name);
}

/* "(m0, (u64)i3 + 16u" or the same with another memory's base. */
static void emit_address(struct body *b, const struct wasm_instr *instr, uint32_t place)
{
    if (instr->index == 0)
        EMIT(b, "(m0, (u64)i" P " + %" PRIu32 "u", place, instr->offset);
    else
        EMIT(b, "_m(self->memories[" P "]->base, (u64)i" P " + %" PRIu32 "u", instr->index, place,
            instr->offset);
}

static void load_or_store(
    struct body *b, const struct wasm_instr *instr, const struct wasm_opcode_info *info)
{
    const char *results = strchr(info->signature, ':') + 1;
    uint32_t value = *results ? 0 : pop(b);
    uint32_t address = pop(b);
    if (*results) {
        uint8_t type = letter_type(*results);
        EMIT(b, "%c" P " = ", letter(type), push(b, type));
    }
    emit_name(b, info->name);
    emit_address(b, instr, address);
    if (!*results)
        EMIT(b, ", %c" P, letter(letter_type(info->signature[1])), value);
    EMIT(b, ");\n");
}

/* "name(self, index…, top three operands);" */
static void bulk(struct body *b, const char *name, const char *indices, const char types[static 3])
{
    uint32_t c = pop(b), d = pop(b), e = pop(b);
    EMIT(b, "%s(self, %s, %c" P ", %c" P ", %c" P ");\n", name, indices, types[0], e, types[1], d,
        types[2], c);
}

static void bulk_instr(struct body *b, const struct wasm_instr *instr)
{
    char one[16], two[32], swapped[32];
    snprintf(one, sizeof(one), P, instr->index);
    snprintf(two, sizeof(two), P ", " P, instr->index, instr->index2);
    snprintf(swapped, sizeof(swapped), P ", " P, instr->index2, instr->index);
    switch (instr->op) {
    case WASM_OP_MEMORY_INIT:
        bulk(b, "self->helpers->memory_init", swapped, "iii");
        break;
    case WASM_OP_MEMORY_COPY:
        bulk(b, "memory_copy", two, "iii");
        break;
    case WASM_OP_MEMORY_FILL:
        bulk(b, "memory_fill", one, "iii");
        break;
    case WASM_OP_TABLE_INIT:
        bulk(b, "self->helpers->table_init", swapped, "iii");
        break;
    case WASM_OP_TABLE_COPY:
        bulk(b, "self->helpers->table_copy", two, "iii");
        break;
    case WASM_OP_TABLE_FILL:
        bulk(b, "self->helpers->table_fill", one, "iri");
        break;
    case WASM_OP_DATA_DROP:
        EMIT(b, "self->helpers->data_drop(self, %s);\n", one);
        break;
    default:
        EMIT(b, "self->helpers->elem_drop(self, %s);\n", one);
        break;
    }
}

static void size_or_grow(struct body *b, const struct wasm_instr *instr)
{
    uint32_t place;
    switch (instr->op) {
    case WASM_OP_MEMORY_SIZE:
        EMIT(b, "i" P " = memory_size(self, " P ");\n", push(b, WASM_I32), instr->index);
        break;
    case WASM_OP_TABLE_SIZE:
        EMIT(b, "i" P " = table_size(self, " P ");\n", push(b, WASM_I32), instr->index);
        break;
    case WASM_OP_MEMORY_GROW:
        place = pop(b);
        push(b, WASM_I32);
        EMIT(b, "i" P " = self->helpers->memory_grow(self, " P ", i" P ");\n", place, instr->index,
            place);
        break;
    default: /* table.grow */
        pop(b);
        place = pop(b);
        push(b, WASM_I32);
        EMIT(b, "i" P " = self->helpers->table_grow(self, " P ", r" P ", i" P ");\n", place,
            instr->index, place, place + 1);
        break;
    }
}

static void table_element(struct body *b, const struct wasm_instr *instr)
{
    if (instr->op == WASM_OP_TABLE_GET) {
        uint32_t place = pop(b);
        push(b, b->module->tables[instr->index].element);
        EMIT(b, "r" P " = table_get(self, " P ", i" P ");\n", place, instr->index, place);
        return;
    }
    uint32_t value = pop(b), index = pop(b);
    EMIT(b, "self->helpers->table_set(self, " P ", i" P ", r" P ");\n", instr->index, index, value);
}

static void ref_func(struct body *b, uint32_t index)
{
    uint32_t place = push(b, WASM_FUNCREF), imported = b->module->imported_funcs;
    if (index < imported)
        EMIT(b, "r" P " = self->imports[" P "];\n", place, index);
    else
        EMIT(b, "r" P " = (u8 *)self->funcs + " P "ull * SIZEOF_FUNC;\n", place, index - imported);
}

/* ---- numbers ---- */

/* 0, 1 and -1 are the constants that arithmetic could be simplified with. */
static bool is_special_f32(uint64_t bits)
{
    uint64_t magnitude = bits & 0x7fffffff;
    return magnitude == 0 || magnitude == 0x3f800000;
}

static bool is_special_f64(uint64_t bits)
{
    uint64_t magnitude = bits & 0x7fffffffffffffff;
    return magnitude == 0 || magnitude == 0x3ff0000000000000;
}

static void constant(struct body *b, const struct wasm_instr *instr)
{
    uint64_t bits = instr->bits;
    switch (instr->op) {
    case WASM_OP_I32_CONST:
        EMIT(b, "i" P " = 0x%" PRIx32 "u;\n", push(b, WASM_I32), (uint32_t)bits);
        break;
    case WASM_OP_I64_CONST:
        EMIT(b, "j" P " = 0x%" PRIx64 "ull;\n", push(b, WASM_I64), bits);
        break;
    case WASM_OP_F32_CONST:
        EMIT(b, "g" P " = %s(0x%" PRIx32 "u);\n", push(b, WASM_F32),
            is_special_f32(bits) ? "w_hidden_f32" : "w_f32", (uint32_t)bits);
        break;
    default:
        EMIT(b, "d" P " = %s(0x%" PRIx64 "ull);\n", push(b, WASM_F64),
            is_special_f64(bits) ? "w_hidden_f64" : "w_f64", bits);
        break;
    }
}

/* Do the instruction's C function take the instance, to trap with? */
static bool may_trap(uint16_t op)
{
    return (op >= WASM_OP_I32_DIV_S && op <= WASM_OP_I32_REM_U) ||
           (op >= WASM_OP_I64_DIV_S && op <= WASM_OP_I64_REM_U) ||
           (op >= WASM_OP_I32_TRUNC_F32_S && op <= WASM_OP_I32_TRUNC_F64_U) ||
           (op >= WASM_OP_I64_TRUNC_F32_S && op <= WASM_OP_I64_TRUNC_F64_U);
}

static void numeric(
    struct body *b, const struct wasm_instr *instr, const struct wasm_opcode_info *info)
{
    const char *colon = strchr(info->signature, ':');
    uint32_t count = (uint32_t)(colon - info->signature);
    uint32_t base = (uint32_t)b->stack.len - count;
    uint8_t result = letter_type(colon[1]);
    b->stack.len = base;
    push(b, result);
    EMIT(b, "%c" P " = ", letter(result), base);
    emit_name(b, info->name);
    EMIT(b, may_trap(instr->op) ? "(self, " : "(");
    for (uint32_t i = 0; i < count; i++)
        EMIT(b, "%s%c" P, i > 0 ? ", " : "", letter(letter_type(info->signature[i])), base + i);
    EMIT(b, ");\n");
}

static void select_value(struct body *b)
{
    uint32_t condition = pop(b), second = pop(b), first = second - 1;
    char name = letter(type_at(b, first));
    EMIT(b, "%c" P " = i" P " ? %c" P " : %c" P ";\n", name, first, condition, name, first, name,
        second);
}

/* ---- instructions ---- */

/* In code that cannot be reached only the nesting counts. */
static void skip_instr(struct body *b, const struct wasm_instr *instr)
{
    switch (instr->op) {
    case WASM_OP_BLOCK:
    case WASM_OP_LOOP:
    case WASM_OP_IF:
        b->dead_depth++;
        break;
    case WASM_OP_ELSE:
        if (b->dead_depth == 0)
            begin_else(b);
        break;
    case WASM_OP_END:
        if (b->dead_depth == 0)
            close_block(b);
        else
            b->dead_depth--;
        break;
    default:
        break;
    }
}

static void control_instr(struct body *b, const struct wasm_instr *instr)
{
    switch (instr->op) {
    case WASM_OP_UNREACHABLE:
        EMIT(b, "w_trap(self, TRAP_UNREACHABLE);\n");
        top_frame(b)->dead = true;
        break;
    case WASM_OP_BLOCK:
    case WASM_OP_LOOP:
    case WASM_OP_IF:
        open_block(b, instr);
        break;
    case WASM_OP_ELSE:
        begin_else(b);
        break;
    case WASM_OP_END:
        close_block(b);
        break;
    case WASM_OP_BR:
    case WASM_OP_RETURN:
        branch(b, instr->op == WASM_OP_BR ? instr->index : (uint32_t)b->frames.len - 1);
        top_frame(b)->dead = true;
        break;
    case WASM_OP_BR_IF:
        branch_if(b, instr->index);
        break;
    case WASM_OP_BR_TABLE:
        branch_table(b, instr);
        break;
    case WASM_OP_CALL:
        call(b, instr->index);
        break;
    case WASM_OP_CALL_INDIRECT:
        call_indirect(b, instr);
        break;
    default: /* nop */
        break;
    }
}

static void other_instr(
    struct body *b, const struct wasm_instr *instr, const struct wasm_opcode_info *info)
{
    switch (instr->op) {
    case WASM_OP_DROP:
        pop(b);
        break;
    case WASM_OP_SELECT:
    case WASM_OP_SELECT_TYPED:
        select_value(b);
        break;
    case WASM_OP_LOCAL_GET:
    case WASM_OP_LOCAL_SET:
    case WASM_OP_LOCAL_TEE:
        local(b, instr);
        break;
    case WASM_OP_GLOBAL_GET:
    case WASM_OP_GLOBAL_SET:
        global(b, instr);
        break;
    case WASM_OP_TABLE_GET:
    case WASM_OP_TABLE_SET:
        table_element(b, instr);
        break;
    case WASM_OP_MEMORY_SIZE:
    case WASM_OP_MEMORY_GROW:
    case WASM_OP_TABLE_SIZE:
    case WASM_OP_TABLE_GROW:
        size_or_grow(b, instr);
        break;
    case WASM_OP_REF_NULL:
        EMIT(b, "r" P " = 0;\n", push(b, instr->type));
        break;
    case WASM_OP_REF_IS_NULL: {
        uint32_t place = pop(b);
        push(b, WASM_I32);
        EMIT(b, "i" P " = r" P " == 0;\n", place, place);
        break;
    }
    case WASM_OP_REF_FUNC:
        ref_func(b, instr->index);
        break;
    default:
        if (instr->op >= WASM_OP_MEMORY_INIT)
            bulk_instr(b, instr);
        else
            BUG("no translation of %s", info->name);
        break;
    }
}

static void translate_instr(struct body *b, const struct wasm_instr *instr)
{
    const struct wasm_opcode_info *info = wasm_opcode_info(instr->op);
    if (top_frame(b)->dead)
        skip_instr(b, instr);
    else if (instr->op <= WASM_OP_CALL_INDIRECT)
        control_instr(b, instr);
    else if (info->immediates == WASM_IMM_MEMARG)
        load_or_store(b, instr, info);
    else if (*info->signature == ':')
        constant(b, instr);
    else if (*info->signature)
        numeric(b, instr, info);
    else
        other_instr(b, instr, info);
}

/* ---- functions ---- */

static void write_return(struct body *b)
{
    const struct wasm_func_type *type = b->type;
    if (type->result_count == 1)
        EMIT(b, "return %c0;\n", letter(type->results[0]));
    if (type->result_count <= 1)
        return;
    uint32_t index =
        b->translation
            ->type_index[(uint32_t)(b->func - b->module->funcs) + b->module->imported_funcs];
    EMIT(b, "{ struct " NAME_FMT "_r" P " r = {", NAME_ARG(b->unit), index);
    for (uint32_t i = 0; i < type->result_count; i++)
        EMIT(b, "%s%c" P, i > 0 ? ", " : "", letter(type->results[i]), i);
    EMIT(b, "}; return r; }\n");
}

static void write_variables(const struct body *b, struct buf *out)
{
    static const char *const names[] = {"u32", "u64", "f32", "f64", "ref"};
    for (unsigned k = 0; k < countof(names); k++) {
        for (uint32_t i = 0; i < b->places[k]; i++)
            buf_printf(out, "%s %c" P, i == 0 ? names[k] : ",", letters[k], i);
        if (b->places[k] > 0)
            buf_append_cstr(out, ";\n");
    }
    for (uint32_t i = 0; i < b->func->local_count; i++)
        buf_printf(out, "%s l" P " = 0;\n", translate_type_name(b->func->local_types[i]),
            b->type->param_count + i);
}

static void write_func(struct body *b, uint32_t own_index)
{
    struct buf *out = b->unit->out;
    translate_signature(b->unit, own_index, "l", out);
    buf_append_cstr(out, "\n{\nu8 *const m0 = self->memory_base;\n");
    write_variables(b, out);
    buf_append_str(out, buf_str(&b->text));
    buf_append_cstr(out, "}\n");
}

static void translate_instrs(struct body *b)
{
    struct reader r =
        reader_make(b->func->body.start, (size_t)(b->func->body.end - b->func->body.start));
    struct wasm_instr instr;
    struct wasm_instr_fault fault;
    while (!b->failed && b->frames.len > 0) {
        if (!wasm_instr_read(&r, &instr, &fault))
            BUG("translating an invalid module");
        translate_instr(b, &instr);
    }
}

bool translate_func(struct unit *unit, uint32_t own_index)
{
    const struct translation *t = unit->translation;
    struct body b = {.unit = unit,
        .translation = t,
        .module = t->module,
        .func = &t->module->funcs[own_index],
        .text = BUF_INIT(GIB)};
    b.type = b.func->type;
    struct frame *frame = VEC_PUSH(&b.frames, unit->arena);
    if (!frame)
        return false;
    *frame = (struct frame){.op = WASM_OP_BLOCK,
        .label = b.next_label++,
        .result_count = b.type->result_count,
        .results = b.type->results};
    unit->func_called[own_index] = 1; /* its prototype is wanted */
    translate_instrs(&b);
    if (!b.failed) {
        write_return(&b);
        write_func(&b, own_index);
    }
    bool done = !b.failed && !b.text.failed && !unit->out->failed;
    buf_release(&b.text);
    return done;
}
