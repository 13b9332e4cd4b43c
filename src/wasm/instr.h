/*
 * Instructions: the table of all that are supported, and the one reader of their binary form
 * (WebAssembly core specification 5.4), used by the decoder, the validator and both tiers.
 *
 * To add an instruction: a line in the table; if it has no signature, its rule in check_special
 * (validate.c) and its effect on the stack (effect in lower.c); its meaning in run (interpret.c)
 * and in the translator (translate_body.c).
 */
#ifndef SPINDLE_WASM_INSTR_H
#define SPINDLE_WASM_INSTR_H

#include "base/reader.h"
#include "wasm/module.h"

/*
 * code (0xfc00 + n for those with a prefix), identifier, name, immediates, signature.
 * Signature: parameters, colon, results, by letter: i = i32, I = i64, f = f32, F = f64. An empty
 * one marks an instruction that the validator treats by itself.
 */
#define WASM_CONTROL_OPCODES(X)                         \
    X(0x00, UNREACHABLE, "unreachable", NONE, "")       \
    X(0x01, NOP, "nop", NONE, "")                       \
    X(0x02, BLOCK, "block", BLOCK, "")                  \
    X(0x03, LOOP, "loop", BLOCK, "")                    \
    X(0x04, IF, "if", BLOCK, "")                        \
    X(0x05, ELSE, "else", NONE, "")                     \
    X(0x0b, END, "end", NONE, "")                       \
    X(0x0c, BR, "br", INDEX, "")                        \
    X(0x0d, BR_IF, "br_if", INDEX, "")                  \
    X(0x0e, BR_TABLE, "br_table", TARGETS, "")          \
    X(0x0f, RETURN, "return", NONE, "")                 \
    X(0x10, CALL, "call", INDEX, "")                    \
    X(0x11, CALL_INDIRECT, "call_indirect", INDEX2, "") \
    X(0x1a, DROP, "drop", NONE, "")                     \
    X(0x1b, SELECT, "select", NONE, "")                 \
    X(0x1c, SELECT_TYPED, "select", TYPES, "")          \
    X(0x20, LOCAL_GET, "local.get", INDEX, "")          \
    X(0x21, LOCAL_SET, "local.set", INDEX, "")          \
    X(0x22, LOCAL_TEE, "local.tee", INDEX, "")          \
    X(0x23, GLOBAL_GET, "global.get", INDEX, "")        \
    X(0x24, GLOBAL_SET, "global.set", INDEX, "")        \
    X(0x25, TABLE_GET, "table.get", INDEX, "")          \
    X(0x26, TABLE_SET, "table.set", INDEX, "")          \
    X(0x3f, MEMORY_SIZE, "memory.size", INDEX, "")      \
    X(0x40, MEMORY_GROW, "memory.grow", INDEX, "")      \
    X(0x41, I32_CONST, "i32.const", I32, ":i")          \
    X(0x42, I64_CONST, "i64.const", I64, ":I")          \
    X(0x43, F32_CONST, "f32.const", F32, ":f")          \
    X(0x44, F64_CONST, "f64.const", F64, ":F")          \
    X(0xd0, REF_NULL, "ref.null", REF_TYPE, "")         \
    X(0xd1, REF_IS_NULL, "ref.is_null", NONE, "")       \
    X(0xd2, REF_FUNC, "ref.func", INDEX, "")            \
    X(0xfc08, MEMORY_INIT, "memory.init", INDEX2, "")   \
    X(0xfc09, DATA_DROP, "data.drop", INDEX, "")        \
    X(0xfc0a, MEMORY_COPY, "memory.copy", INDEX2, "")   \
    X(0xfc0b, MEMORY_FILL, "memory.fill", INDEX, "")    \
    X(0xfc0c, TABLE_INIT, "table.init", INDEX2, "")     \
    X(0xfc0d, ELEM_DROP, "elem.drop", INDEX, "")        \
    X(0xfc0e, TABLE_COPY, "table.copy", INDEX2, "")     \
    X(0xfc0f, TABLE_GROW, "table.grow", INDEX, "")      \
    X(0xfc10, TABLE_SIZE, "table.size", INDEX, "")      \
    X(0xfc11, TABLE_FILL, "table.fill", INDEX, "")

#define WASM_MEMORY_OPCODES(X)                           \
    X(0x28, I32_LOAD, "i32.load", MEMARG, "i:i")         \
    X(0x29, I64_LOAD, "i64.load", MEMARG, "i:I")         \
    X(0x2a, F32_LOAD, "f32.load", MEMARG, "i:f")         \
    X(0x2b, F64_LOAD, "f64.load", MEMARG, "i:F")         \
    X(0x2c, I32_LOAD8_S, "i32.load8_s", MEMARG, "i:i")   \
    X(0x2d, I32_LOAD8_U, "i32.load8_u", MEMARG, "i:i")   \
    X(0x2e, I32_LOAD16_S, "i32.load16_s", MEMARG, "i:i") \
    X(0x2f, I32_LOAD16_U, "i32.load16_u", MEMARG, "i:i") \
    X(0x30, I64_LOAD8_S, "i64.load8_s", MEMARG, "i:I")   \
    X(0x31, I64_LOAD8_U, "i64.load8_u", MEMARG, "i:I")   \
    X(0x32, I64_LOAD16_S, "i64.load16_s", MEMARG, "i:I") \
    X(0x33, I64_LOAD16_U, "i64.load16_u", MEMARG, "i:I") \
    X(0x34, I64_LOAD32_S, "i64.load32_s", MEMARG, "i:I") \
    X(0x35, I64_LOAD32_U, "i64.load32_u", MEMARG, "i:I") \
    X(0x36, I32_STORE, "i32.store", MEMARG, "ii:")       \
    X(0x37, I64_STORE, "i64.store", MEMARG, "iI:")       \
    X(0x38, F32_STORE, "f32.store", MEMARG, "if:")       \
    X(0x39, F64_STORE, "f64.store", MEMARG, "iF:")       \
    X(0x3a, I32_STORE8, "i32.store8", MEMARG, "ii:")     \
    X(0x3b, I32_STORE16, "i32.store16", MEMARG, "ii:")   \
    X(0x3c, I64_STORE8, "i64.store8", MEMARG, "iI:")     \
    X(0x3d, I64_STORE16, "i64.store16", MEMARG, "iI:")   \
    X(0x3e, I64_STORE32, "i64.store32", MEMARG, "iI:")

#define WASM_NUMERIC_OPCODES(X)                                        \
    X(0x45, I32_EQZ, "i32.eqz", NONE, "i:i")                           \
    X(0x46, I32_EQ, "i32.eq", NONE, "ii:i")                            \
    X(0x47, I32_NE, "i32.ne", NONE, "ii:i")                            \
    X(0x48, I32_LT_S, "i32.lt_s", NONE, "ii:i")                        \
    X(0x49, I32_LT_U, "i32.lt_u", NONE, "ii:i")                        \
    X(0x4a, I32_GT_S, "i32.gt_s", NONE, "ii:i")                        \
    X(0x4b, I32_GT_U, "i32.gt_u", NONE, "ii:i")                        \
    X(0x4c, I32_LE_S, "i32.le_s", NONE, "ii:i")                        \
    X(0x4d, I32_LE_U, "i32.le_u", NONE, "ii:i")                        \
    X(0x4e, I32_GE_S, "i32.ge_s", NONE, "ii:i")                        \
    X(0x4f, I32_GE_U, "i32.ge_u", NONE, "ii:i")                        \
    X(0x50, I64_EQZ, "i64.eqz", NONE, "I:i")                           \
    X(0x51, I64_EQ, "i64.eq", NONE, "II:i")                            \
    X(0x52, I64_NE, "i64.ne", NONE, "II:i")                            \
    X(0x53, I64_LT_S, "i64.lt_s", NONE, "II:i")                        \
    X(0x54, I64_LT_U, "i64.lt_u", NONE, "II:i")                        \
    X(0x55, I64_GT_S, "i64.gt_s", NONE, "II:i")                        \
    X(0x56, I64_GT_U, "i64.gt_u", NONE, "II:i")                        \
    X(0x57, I64_LE_S, "i64.le_s", NONE, "II:i")                        \
    X(0x58, I64_LE_U, "i64.le_u", NONE, "II:i")                        \
    X(0x59, I64_GE_S, "i64.ge_s", NONE, "II:i")                        \
    X(0x5a, I64_GE_U, "i64.ge_u", NONE, "II:i")                        \
    X(0x5b, F32_EQ, "f32.eq", NONE, "ff:i")                            \
    X(0x5c, F32_NE, "f32.ne", NONE, "ff:i")                            \
    X(0x5d, F32_LT, "f32.lt", NONE, "ff:i")                            \
    X(0x5e, F32_GT, "f32.gt", NONE, "ff:i")                            \
    X(0x5f, F32_LE, "f32.le", NONE, "ff:i")                            \
    X(0x60, F32_GE, "f32.ge", NONE, "ff:i")                            \
    X(0x61, F64_EQ, "f64.eq", NONE, "FF:i")                            \
    X(0x62, F64_NE, "f64.ne", NONE, "FF:i")                            \
    X(0x63, F64_LT, "f64.lt", NONE, "FF:i")                            \
    X(0x64, F64_GT, "f64.gt", NONE, "FF:i")                            \
    X(0x65, F64_LE, "f64.le", NONE, "FF:i")                            \
    X(0x66, F64_GE, "f64.ge", NONE, "FF:i")                            \
    X(0x67, I32_CLZ, "i32.clz", NONE, "i:i")                           \
    X(0x68, I32_CTZ, "i32.ctz", NONE, "i:i")                           \
    X(0x69, I32_POPCNT, "i32.popcnt", NONE, "i:i")                     \
    X(0x6a, I32_ADD, "i32.add", NONE, "ii:i")                          \
    X(0x6b, I32_SUB, "i32.sub", NONE, "ii:i")                          \
    X(0x6c, I32_MUL, "i32.mul", NONE, "ii:i")                          \
    X(0x6d, I32_DIV_S, "i32.div_s", NONE, "ii:i")                      \
    X(0x6e, I32_DIV_U, "i32.div_u", NONE, "ii:i")                      \
    X(0x6f, I32_REM_S, "i32.rem_s", NONE, "ii:i")                      \
    X(0x70, I32_REM_U, "i32.rem_u", NONE, "ii:i")                      \
    X(0x71, I32_AND, "i32.and", NONE, "ii:i")                          \
    X(0x72, I32_OR, "i32.or", NONE, "ii:i")                            \
    X(0x73, I32_XOR, "i32.xor", NONE, "ii:i")                          \
    X(0x74, I32_SHL, "i32.shl", NONE, "ii:i")                          \
    X(0x75, I32_SHR_S, "i32.shr_s", NONE, "ii:i")                      \
    X(0x76, I32_SHR_U, "i32.shr_u", NONE, "ii:i")                      \
    X(0x77, I32_ROTL, "i32.rotl", NONE, "ii:i")                        \
    X(0x78, I32_ROTR, "i32.rotr", NONE, "ii:i")                        \
    X(0x79, I64_CLZ, "i64.clz", NONE, "I:I")                           \
    X(0x7a, I64_CTZ, "i64.ctz", NONE, "I:I")                           \
    X(0x7b, I64_POPCNT, "i64.popcnt", NONE, "I:I")                     \
    X(0x7c, I64_ADD, "i64.add", NONE, "II:I")                          \
    X(0x7d, I64_SUB, "i64.sub", NONE, "II:I")                          \
    X(0x7e, I64_MUL, "i64.mul", NONE, "II:I")                          \
    X(0x7f, I64_DIV_S, "i64.div_s", NONE, "II:I")                      \
    X(0x80, I64_DIV_U, "i64.div_u", NONE, "II:I")                      \
    X(0x81, I64_REM_S, "i64.rem_s", NONE, "II:I")                      \
    X(0x82, I64_REM_U, "i64.rem_u", NONE, "II:I")                      \
    X(0x83, I64_AND, "i64.and", NONE, "II:I")                          \
    X(0x84, I64_OR, "i64.or", NONE, "II:I")                            \
    X(0x85, I64_XOR, "i64.xor", NONE, "II:I")                          \
    X(0x86, I64_SHL, "i64.shl", NONE, "II:I")                          \
    X(0x87, I64_SHR_S, "i64.shr_s", NONE, "II:I")                      \
    X(0x88, I64_SHR_U, "i64.shr_u", NONE, "II:I")                      \
    X(0x89, I64_ROTL, "i64.rotl", NONE, "II:I")                        \
    X(0x8a, I64_ROTR, "i64.rotr", NONE, "II:I")                        \
    X(0x8b, F32_ABS, "f32.abs", NONE, "f:f")                           \
    X(0x8c, F32_NEG, "f32.neg", NONE, "f:f")                           \
    X(0x8d, F32_CEIL, "f32.ceil", NONE, "f:f")                         \
    X(0x8e, F32_FLOOR, "f32.floor", NONE, "f:f")                       \
    X(0x8f, F32_TRUNC, "f32.trunc", NONE, "f:f")                       \
    X(0x90, F32_NEAREST, "f32.nearest", NONE, "f:f")                   \
    X(0x91, F32_SQRT, "f32.sqrt", NONE, "f:f")                         \
    X(0x92, F32_ADD, "f32.add", NONE, "ff:f")                          \
    X(0x93, F32_SUB, "f32.sub", NONE, "ff:f")                          \
    X(0x94, F32_MUL, "f32.mul", NONE, "ff:f")                          \
    X(0x95, F32_DIV, "f32.div", NONE, "ff:f")                          \
    X(0x96, F32_MIN, "f32.min", NONE, "ff:f")                          \
    X(0x97, F32_MAX, "f32.max", NONE, "ff:f")                          \
    X(0x98, F32_COPYSIGN, "f32.copysign", NONE, "ff:f")                \
    X(0x99, F64_ABS, "f64.abs", NONE, "F:F")                           \
    X(0x9a, F64_NEG, "f64.neg", NONE, "F:F")                           \
    X(0x9b, F64_CEIL, "f64.ceil", NONE, "F:F")                         \
    X(0x9c, F64_FLOOR, "f64.floor", NONE, "F:F")                       \
    X(0x9d, F64_TRUNC, "f64.trunc", NONE, "F:F")                       \
    X(0x9e, F64_NEAREST, "f64.nearest", NONE, "F:F")                   \
    X(0x9f, F64_SQRT, "f64.sqrt", NONE, "F:F")                         \
    X(0xa0, F64_ADD, "f64.add", NONE, "FF:F")                          \
    X(0xa1, F64_SUB, "f64.sub", NONE, "FF:F")                          \
    X(0xa2, F64_MUL, "f64.mul", NONE, "FF:F")                          \
    X(0xa3, F64_DIV, "f64.div", NONE, "FF:F")                          \
    X(0xa4, F64_MIN, "f64.min", NONE, "FF:F")                          \
    X(0xa5, F64_MAX, "f64.max", NONE, "FF:F")                          \
    X(0xa6, F64_COPYSIGN, "f64.copysign", NONE, "FF:F")                \
    X(0xa7, I32_WRAP_I64, "i32.wrap_i64", NONE, "I:i")                 \
    X(0xa8, I32_TRUNC_F32_S, "i32.trunc_f32_s", NONE, "f:i")           \
    X(0xa9, I32_TRUNC_F32_U, "i32.trunc_f32_u", NONE, "f:i")           \
    X(0xaa, I32_TRUNC_F64_S, "i32.trunc_f64_s", NONE, "F:i")           \
    X(0xab, I32_TRUNC_F64_U, "i32.trunc_f64_u", NONE, "F:i")           \
    X(0xac, I64_EXTEND_I32_S, "i64.extend_i32_s", NONE, "i:I")         \
    X(0xad, I64_EXTEND_I32_U, "i64.extend_i32_u", NONE, "i:I")         \
    X(0xae, I64_TRUNC_F32_S, "i64.trunc_f32_s", NONE, "f:I")           \
    X(0xaf, I64_TRUNC_F32_U, "i64.trunc_f32_u", NONE, "f:I")           \
    X(0xb0, I64_TRUNC_F64_S, "i64.trunc_f64_s", NONE, "F:I")           \
    X(0xb1, I64_TRUNC_F64_U, "i64.trunc_f64_u", NONE, "F:I")           \
    X(0xb2, F32_CONVERT_I32_S, "f32.convert_i32_s", NONE, "i:f")       \
    X(0xb3, F32_CONVERT_I32_U, "f32.convert_i32_u", NONE, "i:f")       \
    X(0xb4, F32_CONVERT_I64_S, "f32.convert_i64_s", NONE, "I:f")       \
    X(0xb5, F32_CONVERT_I64_U, "f32.convert_i64_u", NONE, "I:f")       \
    X(0xb6, F32_DEMOTE_F64, "f32.demote_f64", NONE, "F:f")             \
    X(0xb7, F64_CONVERT_I32_S, "f64.convert_i32_s", NONE, "i:F")       \
    X(0xb8, F64_CONVERT_I32_U, "f64.convert_i32_u", NONE, "i:F")       \
    X(0xb9, F64_CONVERT_I64_S, "f64.convert_i64_s", NONE, "I:F")       \
    X(0xba, F64_CONVERT_I64_U, "f64.convert_i64_u", NONE, "I:F")       \
    X(0xbb, F64_PROMOTE_F32, "f64.promote_f32", NONE, "f:F")           \
    X(0xbc, I32_REINTERPRET_F32, "i32.reinterpret_f32", NONE, "f:i")   \
    X(0xbd, I64_REINTERPRET_F64, "i64.reinterpret_f64", NONE, "F:I")   \
    X(0xbe, F32_REINTERPRET_I32, "f32.reinterpret_i32", NONE, "i:f")   \
    X(0xbf, F64_REINTERPRET_I64, "f64.reinterpret_i64", NONE, "I:F")   \
    X(0xc0, I32_EXTEND8_S, "i32.extend8_s", NONE, "i:i")               \
    X(0xc1, I32_EXTEND16_S, "i32.extend16_s", NONE, "i:i")             \
    X(0xc2, I64_EXTEND8_S, "i64.extend8_s", NONE, "I:I")               \
    X(0xc3, I64_EXTEND16_S, "i64.extend16_s", NONE, "I:I")             \
    X(0xc4, I64_EXTEND32_S, "i64.extend32_s", NONE, "I:I")             \
    X(0xfc00, I32_TRUNC_SAT_F32_S, "i32.trunc_sat_f32_s", NONE, "f:i") \
    X(0xfc01, I32_TRUNC_SAT_F32_U, "i32.trunc_sat_f32_u", NONE, "f:i") \
    X(0xfc02, I32_TRUNC_SAT_F64_S, "i32.trunc_sat_f64_s", NONE, "F:i") \
    X(0xfc03, I32_TRUNC_SAT_F64_U, "i32.trunc_sat_f64_u", NONE, "F:i") \
    X(0xfc04, I64_TRUNC_SAT_F32_S, "i64.trunc_sat_f32_s", NONE, "f:I") \
    X(0xfc05, I64_TRUNC_SAT_F32_U, "i64.trunc_sat_f32_u", NONE, "f:I") \
    X(0xfc06, I64_TRUNC_SAT_F64_S, "i64.trunc_sat_f64_s", NONE, "F:I") \
    X(0xfc07, I64_TRUNC_SAT_F64_U, "i64.trunc_sat_f64_u", NONE, "F:I")

#define WASM_OPCODES(X)     \
    WASM_CONTROL_OPCODES(X) \
    WASM_MEMORY_OPCODES(X)  \
    WASM_NUMERIC_OPCODES(X)

enum wasm_opcode {
#define X(code, id, name, immediates, signature) WASM_OP_##id = code,
    WASM_OPCODES(X)
#undef X
};

enum wasm_immediates {
    WASM_IMM_ILLEGAL, /* no such instruction */
    WASM_IMM_NONE,
    WASM_IMM_BLOCK,    /* type, index */
    WASM_IMM_INDEX,    /* index: label, function, local, global, table, memory or segment */
    WASM_IMM_INDEX2,   /* index, index2 in the order of the binary */
    WASM_IMM_TARGETS,  /* index: how many, without the default; targets */
    WASM_IMM_TYPES,    /* index: how many; type: the first */
    WASM_IMM_REF_TYPE, /* type */
    WASM_IMM_MEMARG,   /* align, offset; index: the memory */
    WASM_IMM_I32,      /* bits, zero-extended */
    WASM_IMM_I64,      /* bits */
    WASM_IMM_F32,      /* bits, zero-extended */
    WASM_IMM_F64,      /* bits */
};

/* For the block type that is a type index, and the one without results. */
enum { WASM_BLOCK_INDEXED = 0, WASM_BLOCK_EMPTY = 0x40 };

/*
 * One instruction, read. Which members hold something depends on the kind of immediates, see there.
 * A block's type: `type` is WASM_BLOCK_EMPTY, a value type (the one result), or WASM_BLOCK_INDEXED
 * and `index` is the type's.
 */
struct wasm_instr {
    uint16_t op; /* enum wasm_opcode */
    uint8_t immediates;
    uint8_t type;
    uint32_t index, index2;
    uint32_t align, offset; /* align is the exponent */
    uint64_t bits;
    struct reader targets; /* index + 1 labels, each an u32 in LEB128 */
};

/* Why an instruction could not be read. */
struct wasm_instr_fault {
    bool unsupported;    /* `message` names a feature that is not there */
    const char *message; /* else it is the specification's */
};

/* Reads one instruction. On failure returns false with *fault filled, the reader somewhere in it.
 */
bool wasm_instr_read(
    struct reader *r, struct wasm_instr *ret_instr, struct wasm_instr_fault *fault);
/* The next label of a br_table, in validated code. */
uint32_t wasm_instr_target(struct reader *targets);

/* A value type's byte. Returns false with *fault filled. */
bool wasm_value_type_read(struct reader *r, uint8_t *ret_type, struct wasm_instr_fault *fault);

/* What is known of an opcode; immediates is WASM_IMM_ILLEGAL if there is none. */
struct wasm_opcode_info {
    const char *name;
    const char *signature;
    uint8_t immediates;
};

const struct wasm_opcode_info *wasm_opcode_info(uint16_t op);

#endif
