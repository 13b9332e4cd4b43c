#include "base/toml_keys.h"

#include "../unit.h"
#include "base/limits.h"

#define DOTS "................................"

_Static_assert(sizeof DOTS > LIMIT_TOML_KEY_PARTS, "more than a key may have");

static void long_keys(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a" DOTS "a = 1",
        "[a" DOTS "]",
        "x = 1\na" DOTS,
        "x = { a" DOTS,
        "x = [ { a" DOTS,
        "x = '''\n'''''\na" DOTS,
        "x = \"\"\"\\\"\"\"\"\na" DOTS,
        "x = '\\'\na" DOTS,
        "x = ''\na" DOTS,
        "x = 1 # '\na" DOTS,
        "'a' . \"b\" . c" DOTS,
    };
    for (size_t i = 0; i < countof(texts); i++) {
        size_t at = 0;
        if (toml_keys_are_short(str_of(texts[i]), &at))
            fail_msg("%s", texts[i]);
        assert_true(at > LIMIT_TOML_KEY_PARTS && at <= strlen(texts[i]));
    }
}

static void the_longest_key(void **state)
{
    (void)state;
    char text[4 * LIMIT_TOML_KEY_PARTS] = "k";
    size_t at;
    for (unsigned i = 1; i < LIMIT_TOML_KEY_PARTS; i++)
        memcpy(text + 2 * i - 1, ".k", 2);
    assert_true(toml_keys_are_short(str_of(text), &at));
    memcpy(text + strlen(text), ".k", 2);
    assert_false(toml_keys_are_short(str_of(text), &at));
    assert_int_equal(at, strlen(text) - 1);
}

static void dots_elsewhere(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "x = '" DOTS "'",
        "x = \"\\\"" DOTS "\"",
        "x = '''\n' '' " DOTS "'''",
        "x = \"\"\"" DOTS "\\\"\"\" " DOTS "\"\"\"\"\"",
        "# " DOTS,
        "x = [" /* of floats */
        "1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0,"
        "1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]",
    };
    for (size_t i = 0; i < countof(texts); i++) {
        size_t at;
        if (!toml_keys_are_short(str_of(texts[i]), &at))
            fail_msg("%s", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_keys),
        cmocka_unit_test(the_longest_key),
        cmocka_unit_test(dots_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
