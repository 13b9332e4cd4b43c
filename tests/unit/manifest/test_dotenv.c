#include "../unit.h"

#include "manifest/dotenv.h"

static void values(void **state)
{
    (void)state;
    static const char text[] = "# a comment\n"
                               "\n"
                               "PLAIN=one\n"
                               "  SPACED =  two words  # and a comment\r\n"
                               "HASH=a#b\n"
                               "EMPTY=\n"
                               "export EXPORTED='as $it \\n is'\n"
                               "export=just a name\n"
                               "QUOTED=\"a\\nb \\\" \\\\ \\$c # no comment\" # one\n"
                               "LINES=\"1\n2\"\n"
                               "URL=redis://h?a=b\n"
                               "LAST='end'";
    static const char *const rows[][2] = {
        {"PLAIN", "one"},
        {"SPACED", "two words"},
        {"HASH", "a#b"},
        {"EMPTY", ""},
        {"EXPORTED", "as $it \\n is"},
        {"export", "just a name"},
        {"QUOTED", "a\nb \" \\ $c # no comment"},
        {"LINES", "1\n2"},
        {"URL", "redis://h?a=b"},
        {"LAST", "end"},
    };
    struct arena a = ARENA_INIT(1 << 20);
    struct error err = ERROR_INIT;
    struct manifest_pairs pairs;
    assert_int_equal(dotenv_parse(&a, ".env", str_of(text), &pairs, &err), 0);
    assert_int_equal(pairs.count, countof(rows));
    for (size_t i = 0; i < countof(rows); i++) {
        assert_true(str_is(pairs.items[i].name, rows[i][0]));
        assert_true(str_is(pairs.items[i].value, rows[i][1]));
    }
    assert_int_equal(pairs.items[9].place.line, 13);
    assert_int_equal(dotenv_parse(&a, ".env", STR_EMPTY, &pairs, &err), 0);
    assert_int_equal(pairs.count, 0);
    arena_release(&a);
}

static void faults(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"A=1\nB\n", ".env:2: a line must be of the form NAME=VALUE"},
        {"=1\n", ".env:1: a line must be of the form NAME=VALUE"},
        {"A B=1\n", ".env:1: a line must be of the form NAME=VALUE"},
        {"A=1\nB=\"x\ny\n", ".env:2: a quote is not closed"},
        {"A='x", ".env:1: a quote is not closed"},
        {"A=\"x\\", ".env:1: a quote is not closed"},
        {"A='x' y\n", ".env:1: nothing may follow a quoted value"},
    };
    struct arena a = ARENA_INIT(1 << 20);
    for (size_t i = 0; i < countof(rows); i++) {
        struct error err = ERROR_INIT;
        struct manifest_pairs pairs;
        assert_int_equal(dotenv_parse(&a, ".env", str_of(rows[i][0]), &pairs, &err), -1);
        assert_string_equal(error_message(&err), rows[i][1]);
        error_release(&err);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
