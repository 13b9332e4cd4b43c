#include "../unit.h"

#include "base/str.h"

static void compares_by_bytes_then_length(void **state)
{
    (void)state;
    assert_true(str_compare(STR("a"), STR("b")) < 0);
    assert_true(str_compare(STR("ab"), STR("a")) > 0);
    assert_true(str_compare(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_compare(STR_EMPTY, (struct str){NULL, 0}), 0);
    assert_true(str_equal((struct str){NULL, 0}, STR("")));
    assert_false(str_equal(STR("a"), STR("A")));
    assert_true(str_equal_ignore_case(STR("Content-Type"), STR("content-type")));
    assert_false(str_equal_ignore_case(STR("a["), STR("a{")));
}

static void finds_and_cuts(void **state)
{
    (void)state;
    assert_int_equal(str_find_byte(STR("key=value=x"), '='), 3);
    assert_int_equal(str_find_byte(STR("key"), '='), -1);
    assert_int_equal(str_find_byte((struct str){NULL, 0}, '='), -1);
    assert_true(str_is(str_skip(STR("abc"), 1), "bc"));
    assert_true(str_is(str_skip(STR("abc"), 99), ""));
    assert_true(str_is(str_trim(STR(" \t\r\n a b \v")), "a b"));
    assert_true(str_is(str_trim(STR(" \t ")), ""));
    assert_true(str_starts_with(STR("wasi:io"), STR("wasi:")));
    assert_false(str_starts_with(STR("wasi"), STR("wasi:")));
    assert_true(str_ends_with(STR("app.wasm"), STR(".wasm")));
    assert_false(str_ends_with(STR("wasm"), STR(".wasm")));
}

static void numbers_are_digits_only(void **state)
{
    (void)state;
    uint64_t n = 42;
    assert_true(str_to_u64(STR("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_true(str_to_u64(STR("007"), &n));
    assert_int_equal(n, 7);
    static const char *const wrong[] = {
        "", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999"};
    for (size_t i = 0; i < countof(wrong); i++) {
        assert_false(str_to_u64(str_of(wrong[i]), &n));
        assert_int_equal(n, 7);
    }
}

static void distance_counts_edits(void **state)
{
    (void)state;
    assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
    assert_int_equal(str_distance(STR(""), STR("abc")), 3);
    assert_int_equal(str_distance(STR("build"), STR("build")), 0);
    assert_int_equal(str_distance(STR("biuld"), STR("build")), 2);
    char longer[65];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(str_distance(str_make(longer, sizeof longer), STR("a")), 64);
}

static void duplicates_are_terminated(void **state)
{
    (void)state;
    char *copy = str_dup(str_skip(STR("xyz"), 1));
    assert_string_equal(copy, "yz");
    free(copy);
    copy = str_dup((struct str){NULL, 0});
    assert_string_equal(copy, "");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_by_bytes_then_length),
        cmocka_unit_test(finds_and_cuts),
        cmocka_unit_test(numbers_are_digits_only),
        cmocka_unit_test(distance_counts_edits),
        cmocka_unit_test(duplicates_are_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
