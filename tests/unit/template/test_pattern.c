#include "../unit.h"

#include "template/pattern.h"

static void check(const char *pattern, struct str text, bool expected)
{
    struct error err = ERROR_INIT;
    bool matches;
    assert_int_equal(pattern_matches(str_of(pattern), text, &matches, &err), 0);
    assert_int_equal(matches, expected);
}

static void matching(void **state)
{
    (void)state;
    check("^/\\S*$", STR("/a/..."), true);
    check("^/\\S*$", STR("/a b"), false);
    check("^/\\S*$", STR("/a\n"), false);
    check("b", STR("abc"), true);
    check("^\\d+$", STR("042"), true);
    check("^.$", STR("\xc3\xa9"), true);
    check("^$", (struct str){0}, true);
    check("", STR("x"), true);
}

static void refuse(const char *pattern, struct str text, const char *message)
{
    struct error err = ERROR_INIT;
    bool matches;
    assert_int_equal(pattern_matches(str_of(pattern), text, &matches, &err), -1);
    assert_string_equal(error_message(&err), message);
    error_release(&err);
}

static void refusing(void **state)
{
    (void)state;
    refuse("[a", STR(""),
        "the pattern '[a' is wrong at character 3: missing terminating ] for character class");
    refuse("^(a+)+$", STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
        "the pattern '^(a+)+$' cannot be matched: match limit exceeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(matching), cmocka_unit_test(refusing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
