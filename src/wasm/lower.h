/*
 * The interpreter's form of a function body: words of 32 bits, an opcode followed by its operands,
 * with branch targets resolved. Blocks, unreachable code and `nop` are gone.
 *
 *     words | op | operands… | op | operands… | ... | RETURN |
 *
 * A frame is an array of slots: parameters, declared locals, then the operand stack. Heights of the
 * operand stack are static, so a branch that drops values names the slot to continue at.
 */
#ifndef SPINDLE_WASM_LOWER_H
#define SPINDLE_WASM_LOWER_H

#include "wasm/instr.h"

/* Opcodes with a prefix come after the 256 plain ones, those of this form after them. */
#define LOWERED_OP(op) ((op) < 256 ? (op) : 256 + ((op) & 0xff))

enum lowered_op {
    LOWERED_POLL = 300,  /* at a loop's head: has the budget passed? */
    LOWERED_JUMP,        /* target */
    LOWERED_JUMP_IF,     /* target; pops the condition */
    LOWERED_JUMP_UNLESS, /* target; pops the condition */
    LOWERED_BR,          /* target, count, slot: moves the `count` topmost values down to `slot` */
    LOWERED_BR_IF,       /* the same; pops the condition */
    LOWERED_BR_TABLE,    /* n, then n + 1 times: target, count, slot */
    LOWERED_CALL_OWN,    /* own function, parameters, results */
    LOWERED_CALL_IMPORT, /* import, parameters, results */
    LOWERED_RETURN,      /* the function's results are the topmost values */
};

/*
 * Operands of the other instructions: local, global, table, segment and function indices as in the
 * binary; memory accesses: offset, memory; constants: one word or two, low first;
 * call_indirect: type, table, parameters, results.
 */
struct lowered {
    uint32_t slot_count; /* of the whole frame */
    uint32_t words[];
};

/* Lowers a body of a valid module. The caller frees the result; NULL when memory is short. */
struct lowered *wasm_lower(const struct wasm_module *m, const struct wasm_func_def *func);

#endif
