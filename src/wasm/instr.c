#include "wasm/instr.h"

/* Opcodes of one byte first, then those behind the prefix 0xfc. */
enum { PLAIN_COUNT = 256, PREFIXED_COUNT = 18, PREFIX = 0xfc };

#define SLOT(code) ((code) < 256 ? (code) : PLAIN_COUNT + ((code) & 0xff))

static const struct wasm_opcode_info opcodes[PLAIN_COUNT + PREFIXED_COUNT] = {
#define X(code, id, name, immediates, signature) \
    [SLOT(code)] = {name, signature, WASM_IMM_##immediates},
    WASM_OPCODES(X)
#undef X
};

const struct wasm_opcode_info *wasm_opcode_info(uint16_t op)
{
    return &opcodes[SLOT(op)];
}

static bool malformed(struct wasm_instr_fault *fault, const char *message)
{
    *fault = (struct wasm_instr_fault){.message = message};
    return false;
}

static bool unsupported(struct wasm_instr_fault *fault, const char *feature)
{
    *fault = (struct wasm_instr_fault){.unsupported = true, .message = feature};
    return false;
}

static bool read_failed(struct wasm_instr_fault *fault, enum read_result result)
{
    return malformed(fault,
        result == READ_END ? "unexpected end of section or function" : read_result_message(result));
}

static bool read_u32(struct reader *r, uint32_t *ret, struct wasm_instr_fault *fault)
{
    if (likely(r->pos < r->end && *r->pos < 0x80)) {
        *ret = *r->pos++;
        return true;
    }
    uint64_t value;
    enum read_result result = reader_uleb(r, 32, &value);
    if (result != READ_OK)
        return read_failed(fault, result);
    *ret = (uint32_t)value;
    return true;
}

static bool read_signed(
    struct reader *r, unsigned bits, int64_t *ret, struct wasm_instr_fault *fault)
{
    enum read_result result = reader_sleb(r, bits, ret);
    return result == READ_OK || read_failed(fault, result);
}

static bool read_fixed(struct reader *r, size_t size, uint64_t *ret, struct wasm_instr_fault *fault)
{
    const uint8_t *bytes;
    if (!reader_bytes(r, size, &bytes))
        return read_failed(fault, READ_END);
    *ret = 0;
    memcpy(ret, bytes, size); /* little-endian host: checked in translate.c's target */
    return true;
}

/* The feature that brings a type's byte, or NULL if there is no such type. */
static const char *feature_of_type(uint8_t byte)
{
    switch (byte) {
    case 0x7b:
        return "fixed-width SIMD";
    case 0x63:
    case 0x64:
        return "typed function references";
    case 0x69:
    case 0x74:
        return "exception handling";
    case 0x65:
    case 0x6a:
    case 0x6b:
    case 0x6c:
    case 0x6d:
    case 0x6e:
    case 0x71:
    case 0x72:
    case 0x73:
        return "garbage collection";
    default:
        return NULL;
    }
}

static bool is_value_type(uint8_t byte)
{
    return (byte >= WASM_F64 && byte <= WASM_I32) || byte == WASM_FUNCREF || byte == WASM_EXTERNREF;
}

bool wasm_value_type_read(struct reader *r, uint8_t *ret_type, struct wasm_instr_fault *fault)
{
    uint8_t byte;
    if (!reader_byte(r, &byte))
        return read_failed(fault, READ_END);
    if (!is_value_type(byte)) {
        const char *feature = feature_of_type(byte);
        r->pos--;
        return feature ? unsupported(fault, feature) : malformed(fault, "malformed value type");
    }
    *ret_type = byte;
    return true;
}

static bool read_ref_type(struct reader *r, uint8_t *ret_type, struct wasm_instr_fault *fault)
{
    uint8_t type;
    if (r->pos < r->end && *r->pos < 0x40)
        return unsupported(fault, "typed function references");
    if (!wasm_value_type_read(r, &type, fault))
        return false;
    if (type != WASM_FUNCREF && type != WASM_EXTERNREF)
        return malformed(fault, "malformed reference type");
    *ret_type = type;
    return true;
}

static bool read_block_type(
    struct reader *r, struct wasm_instr *instr, struct wasm_instr_fault *fault)
{
    if (r->pos < r->end && (*r->pos == WASM_BLOCK_EMPTY || is_value_type(*r->pos))) {
        instr->type = *r->pos++;
        return true;
    }
    int64_t index;
    const uint8_t *start = r->pos;
    if (!read_signed(r, 33, &index, fault))
        return false;
    if (index < 0) {
        const char *feature = feature_of_type(*start);
        return feature ? unsupported(fault, feature) : malformed(fault, "malformed block type");
    }
    instr->type = WASM_BLOCK_INDEXED;
    instr->index = (uint32_t)index;
    return true;
}

/* Bit 6 of the alignment says that a memory index follows (multiple memories). */
static bool read_memarg(struct reader *r, struct wasm_instr *instr, struct wasm_instr_fault *fault)
{
    uint32_t flags;
    if (!read_u32(r, &flags, fault))
        return false;
    instr->index = 0;
    if (flags >= 128)
        return malformed(fault, "malformed memop flags");
    instr->align = flags & 63;
    if (flags & 64 && !read_u32(r, &instr->index, fault))
        return false;
    return read_u32(r, &instr->offset, fault);
}

static bool read_targets(struct reader *r, struct wasm_instr *instr, struct wasm_instr_fault *fault)
{
    if (!read_u32(r, &instr->index, fault))
        return false;
    if (instr->index >= reader_left(r))
        return read_failed(fault, READ_END);
    instr->targets = *r;
    for (uint64_t i = 0; i <= instr->index; i++) {
        uint32_t label;
        if (!read_u32(r, &label, fault))
            return false;
    }
    instr->targets.end = r->pos;
    return true;
}

static bool read_types(struct reader *r, struct wasm_instr *instr, struct wasm_instr_fault *fault)
{
    if (!read_u32(r, &instr->index, fault))
        return false;
    for (uint32_t i = 0; i < instr->index; i++) {
        uint8_t type;
        if (!wasm_value_type_read(r, &type, fault))
            return false;
        if (i == 0)
            instr->type = type;
    }
    return true;
}

static bool read_immediates(
    struct reader *r, struct wasm_instr *instr, struct wasm_instr_fault *fault)
{
    int64_t number;
    switch ((enum wasm_immediates)instr->immediates) {
    case WASM_IMM_NONE:
        return true;
    case WASM_IMM_BLOCK:
        return read_block_type(r, instr, fault);
    case WASM_IMM_INDEX:
        return read_u32(r, &instr->index, fault);
    case WASM_IMM_INDEX2:
        return read_u32(r, &instr->index, fault) && read_u32(r, &instr->index2, fault);
    case WASM_IMM_TARGETS:
        return read_targets(r, instr, fault);
    case WASM_IMM_TYPES:
        return read_types(r, instr, fault);
    case WASM_IMM_REF_TYPE:
        return read_ref_type(r, &instr->type, fault);
    case WASM_IMM_MEMARG:
        return read_memarg(r, instr, fault);
    case WASM_IMM_I32:
        if (!read_signed(r, 32, &number, fault))
            return false;
        instr->bits = (uint32_t)number;
        return true;
    case WASM_IMM_I64:
        if (!read_signed(r, 64, &number, fault))
            return false;
        instr->bits = (uint64_t)number;
        return true;
    case WASM_IMM_F32:
        return read_fixed(r, 4, &instr->bits, fault);
    case WASM_IMM_F64:
        return read_fixed(r, 8, &instr->bits, fault);
    case WASM_IMM_ILLEGAL:
        break;
    }
    BUG("immediates of kind %u", instr->immediates);
}

/* The feature that brings an opcode, or NULL if there is no such instruction. */
static const char *feature_of_opcode(uint8_t byte)
{
    switch (byte) {
    case 0x08:
    case 0x0a:
    case 0x1f:
        return "exception handling";
    case 0x12:
    case 0x13:
        return "tail calls";
    case 0x14:
    case 0x15:
    case 0xd4:
    case 0xd5:
    case 0xd6:
        return "typed function references";
    case 0xd3:
    case 0xfb:
        return "garbage collection";
    case 0xfd:
        return "fixed-width SIMD";
    case 0xfe:
        return "threads";
    default:
        return NULL;
    }
}

static bool read_prefixed(struct reader *r, uint16_t *ret_op, struct wasm_instr_fault *fault)
{
    uint32_t number;
    if (!read_u32(r, &number, fault))
        return false;
    if (number >= PREFIXED_COUNT)
        return malformed(fault, "illegal opcode");
    *ret_op = (uint16_t)(PREFIX << 8 | number);
    return true;
}

bool wasm_instr_read(struct reader *r, struct wasm_instr *ret_instr, struct wasm_instr_fault *fault)
{
    uint8_t byte;
    if (unlikely(!reader_byte(r, &byte)))
        return read_failed(fault, READ_END);
    ret_instr->op = byte;
    if (unlikely(byte == PREFIX) && !read_prefixed(r, &ret_instr->op, fault))
        return false;
    ret_instr->immediates = opcodes[SLOT(ret_instr->op)].immediates;
    if (ret_instr->immediates == WASM_IMM_NONE)
        return true;
    if (unlikely(ret_instr->immediates == WASM_IMM_ILLEGAL)) {
        const char *feature = feature_of_opcode(byte);
        r->pos--;
        return feature ? unsupported(fault, feature) : malformed(fault, "illegal opcode");
    }
    return read_immediates(r, ret_instr, fault);
}

uint32_t wasm_instr_target(struct reader *targets)
{
    uint32_t label;
    struct wasm_instr_fault fault;
    bool valid = read_u32(targets, &label, &fault);
    BUG_IF(!valid);
    return label;
}
