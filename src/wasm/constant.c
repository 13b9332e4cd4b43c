/*
 * Evaluation of constant expressions, validated before.
 */
#include "wasm/instr.h"
#include "wasm/runtime_int.h"

static uint64_t arithmetic(uint16_t op, uint64_t a, uint64_t b)
{
    switch (op) {
    case WASM_OP_I32_ADD:
        return (uint32_t)(a + b);
    case WASM_OP_I32_SUB:
        return (uint32_t)(a - b);
    case WASM_OP_I32_MUL:
        return (uint32_t)(a * b);
    case WASM_OP_I64_ADD:
        return a + b;
    case WASM_OP_I64_SUB:
        return a - b;
    default: /* i64.mul */
        return a * b;
    }
}

union wasm_value wasm_constant(struct wasm_instance *instance, struct wasm_code code)
{
    union wasm_value stack[LIMIT_WASM_CONSTANT_OPERANDS];
    uint32_t top = 0; /* never past the limit: check_constant in validate.c */
    struct reader r = {code.start, code.start, code.end};
    struct wasm_instr instr = {0};
    struct wasm_instr_fault fault;
    while (wasm_instr_read(&r, &instr, &fault)) {
        switch ((enum wasm_opcode)instr.op) {
        case WASM_OP_END:
            return stack[0];
        case WASM_OP_GLOBAL_GET:
            stack[top++] = *wasm_instance_global(instance, instr.index);
            break;
        case WASM_OP_REF_NULL:
            stack[top++].i64 = 0;
            break;
        case WASM_OP_REF_FUNC:
            stack[top++].ref = wasm_instance_func(instance, instr.index);
            break;
        case WASM_OP_I32_CONST:
        case WASM_OP_I64_CONST:
        case WASM_OP_F32_CONST:
        case WASM_OP_F64_CONST:
            stack[top++].i64 = instr.bits;
            break;
        default:
            top--;
            stack[top - 1].i64 = arithmetic(instr.op, stack[top - 1].i64, stack[top].i64);
        }
    }
    BUG("a constant expression without end");
}
