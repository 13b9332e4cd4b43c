#include "../unit.h"

#include "wasm/instr.h"

static bool read(struct str bytes, struct wasm_instr *instr, struct wasm_instr_fault *fault)
{
    struct reader r = reader_make(bytes.ptr, bytes.len);
    *instr = (struct wasm_instr){0};
    bool valid = wasm_instr_read(&r, instr, fault);
    if (valid)
        assert_int_equal(reader_left(&r), 0);
    return valid;
}

static void immediates_are_read(void **state)
{
    (void)state;
    struct wasm_instr i;
    struct wasm_instr_fault fault;
    assert_true(read(STR("\x41\x7f"), &i, &fault));
    assert_int_equal(i.op, WASM_OP_I32_CONST);
    assert_int_equal(i.bits, 0xffffffff);
    assert_true(read(STR("\x42\x7f"), &i, &fault));
    assert_true(i.bits == UINT64_MAX);
    assert_true(read(STR("\x44\0\0\0\0\0\0\xf8\x7f"), &i, &fault));
    assert_true(i.bits == 0x7ff8000000000000);
    assert_true(read(STR("\x28\2\x80\1"), &i, &fault));
    assert_int_equal(i.align, 2);
    assert_int_equal(i.offset, 128);
    assert_int_equal(i.index, 0);
    assert_true(read(STR("\x28\x42\3\5"), &i, &fault)); /* bit 6: a memory's index follows */
    assert_int_equal(i.align, 2);
    assert_int_equal(i.index, 3);
    assert_int_equal(i.offset, 5);
    assert_true(read(STR("\xfc\x8a\x80\0\1\2"), &i, &fault)); /* an overlong prefixed number */
    assert_int_equal(i.op, WASM_OP_MEMORY_COPY);
    assert_int_equal(i.index, 1);
    assert_int_equal(i.index2, 2);
    assert_true(read(STR("\xd0\x6f"), &i, &fault));
    assert_int_equal(i.type, WASM_EXTERNREF);
}

static void block_types_have_three_forms(void **state)
{
    (void)state;
    struct wasm_instr i;
    struct wasm_instr_fault fault;
    assert_true(read(STR("\x02\x40"), &i, &fault));
    assert_int_equal(i.type, WASM_BLOCK_EMPTY);
    assert_true(read(STR("\x03\x7c"), &i, &fault));
    assert_int_equal(i.type, WASM_F64);
    assert_true(read(STR("\x04\xff\0"), &i, &fault)); /* 127, not i32: a type index is signed */
    assert_int_equal(i.type, WASM_BLOCK_INDEXED);
    assert_int_equal(i.index, 127);
    assert_false(read(STR("\x04\x77"), &i, &fault));
    assert_string_equal(fault.message, "malformed block type");
}

static void tables_of_labels_are_read_twice(void **state)
{
    (void)state;
    struct wasm_instr i;
    struct wasm_instr_fault fault;
    assert_true(read(STR("\x0e\2\5\x80\1\7"), &i, &fault));
    assert_int_equal(i.index, 2);
    assert_int_equal(wasm_instr_target(&i.targets), 5);
    assert_int_equal(wasm_instr_target(&i.targets), 128);
    assert_int_equal(wasm_instr_target(&i.targets), 7);
    assert_int_equal(reader_left(&i.targets), 0);
    assert_false(read(STR("\x0e\xff\xff\xff\xff\x0f\0"), &i, &fault));
    assert_false(read(STR("\x0e\2\5\6"), &i, &fault));
}

/* Each opcode without its immediates, or with the first byte only, must end in a message. */
static void cut_instructions_are_malformed(void **state)
{
    (void)state;
    for (unsigned op = 0; op < 256; op++) {
        char bytes[1] = {(char)op};
        struct wasm_instr i;
        struct wasm_instr_fault fault = {0};
        struct reader r = reader_make(bytes, 1);
        const struct wasm_opcode_info *info = wasm_opcode_info((uint16_t)op);
        bool valid = wasm_instr_read(&r, &i, &fault);
        assert_int_equal(valid, info->immediates == WASM_IMM_NONE);
        if (!valid)
            assert_non_null(fault.message);
    }
}

static void opcodes_have_names_and_signatures(void **state)
{
    (void)state;
    assert_string_equal(wasm_opcode_info(WASM_OP_I64_EXTEND32_S)->name, "i64.extend32_s");
    assert_string_equal(wasm_opcode_info(WASM_OP_I64_EXTEND32_S)->signature, "I:I");
    assert_string_equal(wasm_opcode_info(WASM_OP_TABLE_FILL)->name, "table.fill");
    assert_string_equal(wasm_opcode_info(WASM_OP_F32_STORE)->signature, "if:");
    assert_int_equal(wasm_opcode_info(0x27)->immediates, WASM_IMM_ILLEGAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(immediates_are_read),
        cmocka_unit_test(block_types_have_three_forms),
        cmocka_unit_test(tables_of_labels_are_read_twice),
        cmocka_unit_test(cut_instructions_are_malformed),
        cmocka_unit_test(opcodes_have_names_and_signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
