#include "../unit.h"

#include "wasm/lower.h"

/* Lowers a body of a function with one i32 parameter and `results` results i32; compares words. */
static void expect(
    struct str body, uint32_t results, uint32_t slots, const uint32_t *words, size_t count)
{
    static const uint8_t types[] = {WASM_I32, WASM_I32};
    const struct wasm_func_type type = {1, results, types, types};
    const struct wasm_func_type *type_list[] = {&type};
    const struct wasm_module m = {.type_count = 1, .types = type_list};
    const uint8_t *bytes = (const uint8_t *)body.ptr;
    const struct wasm_func_def func = {.type = &type, .body = {bytes, bytes + body.len}};
    struct lowered *lowered = wasm_lower(&m, &func);
    assert_non_null(lowered);
    assert_int_equal(lowered->slot_count, slots);
    for (size_t i = 0; i < count; i++)
        if (lowered->words[i] != words[i])
            fail_msg("word %zu is %u instead of %u", i, lowered->words[i], words[i]);
    free(lowered);
}

#define EXPECT(body, results, slots, ...)                           \
    do {                                                            \
        static const uint32_t words_[] = {__VA_ARGS__};             \
        expect(STR(body), results, slots, words_, countof(words_)); \
    } while (0)

static void straight_code(void **state)
{
    (void)state;
    EXPECT("\x01\x20\0\x41\5\x6a\x0b", 1, 3, WASM_OP_LOCAL_GET, 0, WASM_OP_I32_CONST, 5,
        WASM_OP_I32_ADD, LOWERED_RETURN);
    EXPECT("\x42\x7f\x1a\xfc\x0d\3\x0b", 0, 2, WASM_OP_I64_CONST, UINT32_MAX, UINT32_MAX,
        WASM_OP_DROP, LOWERED_OP(WASM_OP_ELEM_DROP), 3, LOWERED_RETURN);
}

static void a_loop_polls_at_its_head(void **state)
{
    (void)state;
    /* loop (br_if 0 (local.get 0)) end */
    EXPECT("\x03\x40\x20\0\x0d\0\x0b\x0b", 0, 2, LOWERED_POLL, WASM_OP_LOCAL_GET, 0,
        LOWERED_JUMP_IF, 0, LOWERED_RETURN);
}

static void branches_move_only_what_they_must(void **state)
{
    (void)state;
    /* block (result i32) (br 0 (i32.const 1)) end: nothing lies below the value */
    EXPECT("\x02\x7f\x41\1\x0c\0\x0b\x0b", 1, 2, WASM_OP_I32_CONST, 1, LOWERED_JUMP, 4,
        LOWERED_RETURN);
    /* the same with a value below it */
    EXPECT("\x02\x7f\x41\2\x41\1\x0c\0\x0b\x0b", 1, 3, WASM_OP_I32_CONST, 2, WASM_OP_I32_CONST, 1,
        LOWERED_BR, 8, 1, 1, LOWERED_RETURN);
}

static void both_arms_of_an_if(void **state)
{
    (void)state;
    /* if (result i32) (local.get 0) 1 else 2 end */
    EXPECT("\x20\0\x04\x7f\x41\1\x05\x41\2\x0b\x0b", 1, 2, WASM_OP_LOCAL_GET, 0,
        LOWERED_JUMP_UNLESS, 8, WASM_OP_I32_CONST, 1, LOWERED_JUMP, 10, WASM_OP_I32_CONST, 2,
        LOWERED_RETURN);
}

static void unreachable_code_is_gone(void **state)
{
    (void)state;
    /* block (br 0) (block (drop) (loop (br 2) end) end) end; unreachable; i64.add */
    EXPECT("\x02\x40\x0c\0\x02\x40\x1a\x03\x40\x0c\2\x0b\x0b\x0b\x00\x7c\x0b", 0, 1, LOWERED_JUMP,
        2, WASM_OP_UNREACHABLE, LOWERED_RETURN);
    /* if (br 1) else nop end: the second arm is reachable again */
    EXPECT("\x20\0\x04\x40\x0c\1\x1a\x05\x41\1\x1a\x0b\x0b", 0, 2, WASM_OP_LOCAL_GET, 0,
        LOWERED_JUMP_UNLESS, 6, LOWERED_JUMP, 9, WASM_OP_I32_CONST, 1, WASM_OP_DROP,
        LOWERED_RETURN);
}

static void tables_of_labels(void **state)
{
    (void)state;
    /* block (br_table 0 1 (local.get 0)) end */
    EXPECT("\x02\x40\x20\0\x0e\1\0\1\x0b\x0b", 0, 2, WASM_OP_LOCAL_GET, 0, LOWERED_BR_TABLE, 1, 10,
        0, 1, 10, 0, 1, LOWERED_RETURN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight_code),
        cmocka_unit_test(a_loop_polls_at_its_head),
        cmocka_unit_test(branches_move_only_what_they_must),
        cmocka_unit_test(both_arms_of_an_if),
        cmocka_unit_test(unreachable_code_is_gone),
        cmocka_unit_test(tables_of_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
