#include "wasm/lower.h"

/* An open block. */
struct label {
    uint16_t op;
    bool unreachable; /* the rest of it is skipped */
    uint32_t height;  /* slot of its first parameter */
    uint32_t param_count, result_count;
    uint32_t start;      /* of a loop: where a branch goes */
    uint32_t patches;    /* word that waits for the end's position, itself naming the next one */
    uint32_t else_patch; /* of an if: the word that waits for `else` */
};

enum { NO_PATCH = 0 }; /* word 0 is never a target operand */

struct lowering {
    const struct wasm_module *m;
    uint32_t *words;
    uint32_t len, cap;
    struct label *labels;
    uint32_t label_count, label_cap;
    uint32_t height, max_height; /* in slots, locals included */
    uint32_t skipped;            /* blocks opened inside unreachable code */
    bool failed;                 /* memory was short */
};

/* Doubles an array; sets `failed` and leaves it as it is when memory is short. */
static void *grow(struct lowering *l, void *array, uint32_t *cap, size_t size)
{
    uint32_t wanted = *cap ? *cap * 2 : 256;
    void *grown = wanted > *cap ? realloc(array, wanted * size) : NULL;
    if (!grown) {
        l->failed = true;
        return array;
    }
    *cap = wanted;
    return grown;
}

static void emit(struct lowering *l, uint32_t word)
{
    if (unlikely(l->len == l->cap))
        l->words = grow(l, l->words, &l->cap, sizeof *l->words);
    if (!l->failed)
        l->words[l->len++] = word;
}

static void set_height(struct lowering *l, uint32_t height)
{
    l->height = height;
    if (height > l->max_height)
        l->max_height = height;
}

static void adjust(struct lowering *l, uint32_t popped, uint32_t pushed)
{
    set_height(l, l->height - popped + pushed);
}

static struct label *innermost(struct lowering *l)
{
    return &l->labels[l->label_count - 1];
}

/* Branch targets. */

static void emit_target(struct lowering *l, struct label *label)
{
    if (label->op == WASM_OP_LOOP) {
        emit(l, label->start);
        return;
    }
    uint32_t previous = label->patches;
    label->patches = l->len;
    emit(l, previous);
}

static void patch(struct lowering *l, uint32_t position)
{
    while (position != NO_PATCH && !l->failed) {
        uint32_t next = l->words[position];
        l->words[position] = l->len;
        position = next;
    }
}

static uint32_t arity(const struct label *label)
{
    return label->op == WASM_OP_LOOP ? label->param_count : label->result_count;
}

/* A branch that needs no values moved is a jump. */
static void emit_branch(struct lowering *l, uint32_t depth, bool conditional)
{
    struct label *label = &l->labels[l->label_count - 1 - depth];
    bool moves = l->height != label->height + arity(label);
    if (moves)
        emit(l, conditional ? LOWERED_BR_IF : LOWERED_BR);
    else
        emit(l, conditional ? LOWERED_JUMP_IF : LOWERED_JUMP);
    emit_target(l, label);
    if (moves) {
        emit(l, arity(label));
        emit(l, label->height);
    }
}

static void emit_br_table(struct lowering *l, struct wasm_instr *instr)
{
    emit(l, LOWERED_BR_TABLE);
    emit(l, instr->index);
    for (uint64_t i = 0; i <= instr->index; i++) {
        uint32_t depth = wasm_instr_target(&instr->targets);
        struct label *label = &l->labels[l->label_count - 1 - depth];
        emit_target(l, label);
        emit(l, arity(label));
        emit(l, label->height);
    }
}

/* Blocks. */

static void push_label(struct lowering *l, struct label label)
{
    if (l->label_count == l->label_cap)
        l->labels = grow(l, l->labels, &l->label_cap, sizeof *l->labels);
    if (!l->failed)
        l->labels[l->label_count++] = label;
}

static void begin_block(struct lowering *l, const struct wasm_instr *instr)
{
    struct label label = {.op = instr->op};
    if (instr->op == WASM_OP_IF) {
        l->height--;
        emit(l, LOWERED_JUMP_UNLESS);
        label.else_patch = l->len;
        emit(l, NO_PATCH);
    }
    if (instr->type == WASM_BLOCK_INDEXED) {
        label.param_count = l->m->types[instr->index]->param_count;
        label.result_count = l->m->types[instr->index]->result_count;
    } else {
        label.result_count = instr->type != WASM_BLOCK_EMPTY;
    }
    label.height = l->height - label.param_count;
    label.start = l->len;
    if (instr->op == WASM_OP_LOOP)
        emit(l, LOWERED_POLL);
    push_label(l, label);
}

static void begin_else(struct lowering *l)
{
    struct label *label = innermost(l);
    if (!label->unreachable) {
        emit(l, LOWERED_JUMP);
        emit_target(l, label);
    }
    patch(l, label->else_patch);
    label->else_patch = NO_PATCH;
    label->unreachable = false;
    set_height(l, label->height + label->param_count);
}

static void end_block(struct lowering *l)
{
    struct label *label = innermost(l);
    patch(l, label->else_patch);
    patch(l, label->patches);
    set_height(l, label->height + label->result_count);
    l->label_count--;
}

/* Straight instructions. */

static void emit_call(struct lowering *l, uint32_t index)
{
    const struct wasm_func_type *type = l->m->func_types[index];
    bool own = index >= l->m->imported_funcs;
    emit(l, own ? LOWERED_CALL_OWN : LOWERED_CALL_IMPORT);
    emit(l, own ? index - l->m->imported_funcs : index);
    emit(l, type->param_count);
    emit(l, type->result_count);
    adjust(l, type->param_count, type->result_count);
}

static void emit_call_indirect(struct lowering *l, const struct wasm_instr *instr)
{
    const struct wasm_func_type *type = l->m->types[instr->index];
    emit(l, WASM_OP_CALL_INDIRECT);
    emit(l, instr->index);
    emit(l, instr->index2);
    emit(l, type->param_count);
    emit(l, type->result_count);
    adjust(l, type->param_count + 1, type->result_count);
}

/* How many values an instruction without a signature takes and gives. */
static void effect(uint16_t op, uint32_t *ret_popped, uint32_t *ret_pushed)
{
    *ret_popped = *ret_pushed = 0;
    switch ((enum wasm_opcode)op) {
    case WASM_OP_LOCAL_GET:
    case WASM_OP_GLOBAL_GET:
    case WASM_OP_MEMORY_SIZE:
    case WASM_OP_TABLE_SIZE:
    case WASM_OP_REF_NULL:
    case WASM_OP_REF_FUNC:
        *ret_pushed = 1;
        break;
    case WASM_OP_DROP:
    case WASM_OP_LOCAL_SET:
    case WASM_OP_GLOBAL_SET:
        *ret_popped = 1;
        break;
    case WASM_OP_LOCAL_TEE:
    case WASM_OP_TABLE_GET:
    case WASM_OP_MEMORY_GROW:
    case WASM_OP_REF_IS_NULL:
        *ret_popped = *ret_pushed = 1;
        break;
    case WASM_OP_TABLE_SET:
        *ret_popped = 2;
        break;
    case WASM_OP_TABLE_GROW:
        *ret_popped = 2;
        *ret_pushed = 1;
        break;
    case WASM_OP_SELECT:
    case WASM_OP_SELECT_TYPED:
        *ret_popped = 3;
        *ret_pushed = 1;
        break;
    case WASM_OP_MEMORY_INIT:
    case WASM_OP_MEMORY_COPY:
    case WASM_OP_MEMORY_FILL:
    case WASM_OP_TABLE_INIT:
    case WASM_OP_TABLE_COPY:
    case WASM_OP_TABLE_FILL:
        *ret_popped = 3;
        break;
    default: /* elem.drop, data.drop */
        break;
    }
}

static void adjust_by_signature(struct lowering *l, const char *signature)
{
    uint32_t popped = 0;
    while (signature[popped] != ':')
        popped++;
    adjust(l, popped, signature[popped + 1] != '\0');
}

static void emit_operands(struct lowering *l, const struct wasm_instr *instr)
{
    switch ((enum wasm_immediates)instr->immediates) {
    case WASM_IMM_INDEX:
        emit(l, instr->index);
        break;
    case WASM_IMM_INDEX2:
        emit(l, instr->index);
        emit(l, instr->index2);
        break;
    case WASM_IMM_MEMARG:
        emit(l, instr->offset);
        emit(l, instr->index);
        break;
    case WASM_IMM_I32:
    case WASM_IMM_F32:
        emit(l, (uint32_t)instr->bits);
        break;
    case WASM_IMM_I64:
    case WASM_IMM_F64:
        emit(l, (uint32_t)instr->bits);
        emit(l, (uint32_t)(instr->bits >> 32));
        break;
    default: /* the rest have none that execution needs */
        break;
    }
}

static void emit_straight(struct lowering *l, const struct wasm_instr *instr)
{
    const struct wasm_opcode_info *info = wasm_opcode_info(instr->op);
    uint32_t popped, pushed;
    emit(l, LOWERED_OP(instr->op));
    emit_operands(l, instr);
    if (*info->signature) {
        adjust_by_signature(l, info->signature);
    } else {
        effect(instr->op, &popped, &pushed);
        adjust(l, popped, pushed);
    }
}

static void set_unreachable(struct lowering *l)
{
    innermost(l)->unreachable = true;
}

static void lower_instr(struct lowering *l, struct wasm_instr *instr)
{
    switch ((enum wasm_opcode)instr->op) {
    case WASM_OP_NOP:
        break;
    case WASM_OP_BLOCK:
    case WASM_OP_LOOP:
    case WASM_OP_IF:
        begin_block(l, instr);
        break;
    case WASM_OP_ELSE:
        begin_else(l);
        break;
    case WASM_OP_END:
        end_block(l);
        break;
    case WASM_OP_BR:
        emit_branch(l, instr->index, false);
        set_unreachable(l);
        break;
    case WASM_OP_BR_IF:
        l->height--;
        emit_branch(l, instr->index, true);
        break;
    case WASM_OP_BR_TABLE:
        l->height--;
        emit_br_table(l, instr);
        set_unreachable(l);
        break;
    case WASM_OP_RETURN:
        emit(l, LOWERED_RETURN);
        set_unreachable(l);
        break;
    case WASM_OP_UNREACHABLE:
        emit(l, WASM_OP_UNREACHABLE);
        set_unreachable(l);
        break;
    case WASM_OP_CALL:
        emit_call(l, instr->index);
        break;
    case WASM_OP_CALL_INDIRECT:
        emit_call_indirect(l, instr);
        break;
    default:
        emit_straight(l, instr);
    }
}

/* Unreachable code has no heights: skip to the `else` or `end` of the innermost label. */
static bool is_skipped(struct lowering *l, const struct wasm_instr *instr)
{
    if (!innermost(l)->unreachable)
        return false;
    switch ((enum wasm_opcode)instr->op) {
    case WASM_OP_BLOCK:
    case WASM_OP_LOOP:
    case WASM_OP_IF:
        l->skipped++;
        return true;
    case WASM_OP_ELSE:
        return l->skipped > 0;
    case WASM_OP_END:
        return l->skipped > 0 && l->skipped--;
    default:
        return true;
    }
}

static void lower_body(struct lowering *l, const struct wasm_func_def *func)
{
    struct reader r = {func->body.start, func->body.start, func->body.end};
    struct wasm_instr instr = {0};
    struct wasm_instr_fault fault;
    set_height(l, func->type->param_count + func->local_count);
    push_label(l, (struct label){
                      .op = WASM_OP_BLOCK,
                      .height = l->height,
                      .result_count = func->type->result_count,
                  });
    while (!l->failed && l->label_count > 0) {
        bool valid = wasm_instr_read(&r, &instr, &fault);
        BUG_IF(!valid);
        if (!is_skipped(l, &instr))
            lower_instr(l, &instr);
    }
    emit(l, LOWERED_RETURN);
}

struct lowered *wasm_lower(const struct wasm_module *m, const struct wasm_func_def *func)
{
    struct lowering l = {.m = m};
    struct lowered *lowered = NULL;
    lower_body(&l, func);
    if (!l.failed)
        lowered = malloc(sizeof *lowered + (size_t)l.len * sizeof *l.words);
    if (lowered) {
        lowered->slot_count = l.max_height;
        memcpy(lowered->words, l.words, (size_t)l.len * sizeof *l.words);
    }
    free(l.words);
    free(l.labels);
    return lowered;
}
