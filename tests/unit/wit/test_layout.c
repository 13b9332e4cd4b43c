#include "../unit.h"

#include "wit/type.h"

/* Types are written out by hand here, so that a mistake of the resolver cannot hide one of layout.
 */
#define PRIM(kind) wit_primitive(kind)

static struct wit_type laid_out(struct wit_type type)
{
    assert_true(wit_type_layout(&type));
    return type;
}

static struct wit_type cases(enum wit_kind kind, const struct wit_field *fields, uint32_t count)
{
    return laid_out((struct wit_type){.kind = kind, .fields = fields, .count = count});
}

static void primitives_have_their_natural_layout(void **state)
{
    (void)state;
    static const struct {
        enum wit_kind kind;
        uint32_t size, align, flat;
    } expected[] = {{WIT_BOOL, 1, 1, 1}, {WIT_S16, 2, 2, 1}, {WIT_U64, 8, 8, 1}, {WIT_F32, 4, 4, 1},
        {WIT_CHAR, 4, 4, 1}, {WIT_STRING, 8, 4, 2}};
    for (size_t i = 0; i < countof(expected); i++) {
        const struct wit_type *type = wit_primitive(expected[i].kind);
        assert_int_equal(type->size, expected[i].size);
        assert_int_equal(type->align, expected[i].align);
        assert_int_equal(type->flat_count, expected[i].flat);
    }
    assert_null(wit_primitive(WIT_LIST));
}

static void records_are_padded_as_in_c(void **state)
{
    (void)state;
    const struct wit_field fields[] = {{STR("a"), PRIM(WIT_U8)}, {STR("b"), PRIM(WIT_U64)},
        {STR("c"), PRIM(WIT_U16)}, {STR("d"), PRIM(WIT_STRING)}};
    struct wit_type record = cases(WIT_RECORD, fields, 4);
    assert_int_equal(record.size, 32);
    assert_int_equal(record.align, 8);
    assert_int_equal(record.flat_count, 5);
    assert_int_equal(wit_field_offset(&record, 1), 8);
    assert_int_equal(wit_field_offset(&record, 2), 16);
    assert_int_equal(wit_field_offset(&record, 3), 20);
}

static void variants_share_room_and_join_core_types(void **state)
{
    (void)state;
    const struct wit_field fields[] = {{STR("none"), NULL}, {STR("f"), PRIM(WIT_F32)},
        {STR("u"), PRIM(WIT_U32)}, {STR("d"), PRIM(WIT_F64)}, {STR("s"), PRIM(WIT_STRING)}};
    struct wit_type narrow = cases(WIT_VARIANT, fields, 3);
    uint8_t core[16];
    assert_int_equal(wit_type_flatten(&narrow, core), 2);
    assert_int_equal(core[1], 0x7f);
    struct wit_type wide = cases(WIT_VARIANT, fields, 5);
    assert_int_equal(wit_type_flatten(&wide, core), 3);
    assert_int_equal(core[0], 0x7f);
    assert_int_equal(core[1], 0x7e);
    assert_int_equal(core[2], 0x7f);
    assert_int_equal(wide.size, 16);
    assert_int_equal(wide.align, 8);
    assert_int_equal(wit_payload_offset(&wide), 8);
}

static void results_and_options_are_variants(void **state)
{
    (void)state;
    struct wit_type option =
        laid_out((struct wit_type){.kind = WIT_OPTION, .element = PRIM(WIT_U64)});
    assert_int_equal(option.size, 16);
    assert_int_equal(option.flat_count, 2);
    struct wit_type result = laid_out((struct wit_type){.kind = WIT_RESULT});
    assert_int_equal(result.size, 1);
    assert_int_equal(result.align, 1);
    assert_int_equal(result.flat_count, 1);
    assert_null(wit_case_type(&result, 0));
    assert_ptr_equal(wit_case_type(&option, 1), PRIM(WIT_U64));
}

static void a_discriminant_grows_with_the_number_of_cases(void **state)
{
    (void)state;
    struct wit_field *fields = calloc(65537, sizeof(*fields));
    assert_int_equal(cases(WIT_ENUM, fields, 256).size, 1);
    assert_int_equal(cases(WIT_ENUM, fields, 257).size, 2);
    assert_int_equal(cases(WIT_ENUM, fields, 65536).size, 2);
    struct wit_type big = cases(WIT_ENUM, fields, 65537);
    assert_int_equal(big.size, 4);
    assert_int_equal(big.align, 4);
    free(fields);
}

static void flags_use_bytes_then_words(void **state)
{
    (void)state;
    static const uint32_t expected[][3] = {
        {1, 1, 1}, {8, 1, 1}, {9, 2, 1}, {17, 4, 1}, {32, 4, 1}, {33, 8, 2}};
    for (size_t i = 0; i < countof(expected); i++) {
        struct wit_type flags = cases(WIT_FLAGS, NULL, expected[i][0]);
        assert_int_equal(flags.size, expected[i][1]);
        assert_int_equal(flags.flat_count, expected[i][2]);
    }
}

static void a_type_too_large_for_memory_is_refused(void **state)
{
    (void)state;
    struct wit_type levels[33];
    struct wit_field fields[33][2];
    levels[0] = *PRIM(WIT_U8);
    for (int i = 1; i <= 31; i++) {
        fields[i][0] = fields[i][1] = (struct wit_field){STR("x"), &levels[i - 1]};
        levels[i] = (struct wit_type){.kind = WIT_RECORD, .fields = fields[i], .count = 2};
        assert_true(wit_type_layout(&levels[i]));
    }
    assert_int_equal(levels[31].flat_count, WIT_FLAT_MANY);
    fields[32][0] = fields[32][1] = (struct wit_field){STR("x"), &levels[31]};
    levels[32] = (struct wit_type){.kind = WIT_TUPLE, .fields = fields[32], .count = 2};
    assert_false(wit_type_layout(&levels[32]));
}

static void seventeen_parameters_go_through_memory(void **state)
{
    (void)state;
    struct wit_field params[17];
    for (size_t i = 0; i < countof(params); i++)
        params[i] = (struct wit_field){STR("p"), PRIM(WIT_F64)};
    struct wit_core_type core;
    wit_core_type_lower(&(struct wit_func_type){.param_count = 16, .params = params}, &core);
    assert_int_equal(core.param_count, 16);
    assert_int_equal(core.params[15], 0x7c);
    assert_false(core.params_in_memory);
    wit_core_type_lift(&(struct wit_func_type){.param_count = 17, .params = params}, &core);
    assert_true(core.params_in_memory);
    assert_int_equal(core.param_count, 1);
    assert_int_equal(core.params[0], 0x7f);
}

static void a_wide_result_is_a_pointer_in_or_out(void **state)
{
    (void)state;
    struct wit_field param = {STR("p"), PRIM(WIT_U64)};
    struct wit_func_type type = {1, &param, PRIM(WIT_STRING)};
    struct wit_core_type core;
    wit_core_type_lower(&type, &core);
    assert_int_equal(core.param_count, 2);
    assert_int_equal(core.result_count, 0);
    assert_true(core.result_in_memory);
    wit_core_type_lift(&type, &core);
    assert_int_equal(core.param_count, 1);
    assert_int_equal(core.result_count, 1);
    assert_int_equal(core.results[0], 0x7f);
    type.result = PRIM(WIT_F32);
    wit_core_type_lower(&type, &core);
    assert_false(core.result_in_memory);
    assert_int_equal(core.results[0], 0x7d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(primitives_have_their_natural_layout),
        cmocka_unit_test(records_are_padded_as_in_c),
        cmocka_unit_test(variants_share_room_and_join_core_types),
        cmocka_unit_test(results_and_options_are_variants),
        cmocka_unit_test(a_discriminant_grows_with_the_number_of_cases),
        cmocka_unit_test(flags_use_bytes_then_words),
        cmocka_unit_test(a_type_too_large_for_memory_is_refused),
        cmocka_unit_test(seventeen_parameters_go_through_memory),
        cmocka_unit_test(a_wide_result_is_a_pointer_in_or_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
