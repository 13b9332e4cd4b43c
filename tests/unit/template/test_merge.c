#include "../unit.h"

#include "base/limits.h"
#include "template/merge.h"

static void appending(void **state)
{
    (void)state;
    struct buf out = BUF_INIT(MIB);
    merge_append(STR("a = 1\r\n\n  \n"), STR("b = 2\n"), &out);
    assert_string_equal(buf_cstr(&out), "a = 1\n\nb = 2\n");
    buf_release(&out);
}

static void check(const char *manifest, const char *snippet, const char *expected)
{
    struct buf out = BUF_INIT(MIB);
    struct error err = ERROR_INIT;
    if (merge_variables("m", str_of(manifest), "s", str_of(snippet), &out, &err) < 0)
        fail_msg("%s", error_message(&err));
    assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
}

static void into_the_table(void **state)
{
    (void)state;
    check("[variables]\na = { default = \"x\" }\n\n[b]\n", "c = { required = true }",
        "[variables]\na = { default = \"x\" }\nc = { required = true }\n\n[b]\n");
    check("[variables]\n[b]\n", "c = {}\nd = {}\n", "[variables]\nc = {}\nd = {}\n[b]\n");
    check("[ variables ] # mine\na = {}", "c = {}", "[ variables ] # mine\na = {}\nc = {}\n");
    check("[variables]", "c = {}", "[variables]\nc = {}\n");
}

static void values_of_several_lines(void **state)
{
    (void)state;
    const char *manifest =
        "[variables]\na = '''\n[variables]\n[b]\n'''\nl = [\n  1,\n\n  2 ]\n[b]\n";
    check(manifest, "c = '''\n1\n\n2'''\nd = 4\n",
        "[variables]\na = '''\n[variables]\n[b]\n'''\nl = [\n  1,\n\n  2 ]\nc = '''\n1\n\n2'''\nd "
        "= "
        "4\n[b]\n");
}

static void what_is_there_stays(void **state)
{
    (void)state;
    check("[variables]\na = 1\n", "a = 2\nb = 3\n", "[variables]\na = 1\nb = 3\n");
    check("[variables]\na = 1", "a = 2\n", "[variables]\na = 1");
    check("[variables]\nz = 1\n[variables.a]\nx = 1\n", "a = 2\nb = 3\n",
        "[variables]\nz = 1\nb = 3\n[variables.a]\nx = 1\n");
}

static void a_new_table(void **state)
{
    (void)state;
    check("[b]\n\n", "c = {}\n", "[b]\n\n[variables]\nc = {}\n");
    check("", "c = {}\n", "\n\n[variables]\nc = {}\n");
    check("[variables.a]\nx = 1\n", "c = {}\n", "[variables.a]\nx = 1\n\n[variables]\nc = {}\n");
    check("[b]\n", "# nothing\n", "[b]\n");
}

static void refuse(const char *manifest, const char *snippet, const char *start)
{
    struct buf out = BUF_INIT(MIB);
    struct error err = ERROR_INIT;
    assert_int_equal(merge_variables("m", str_of(manifest), "s", str_of(snippet), &out, &err), -1);
    assert_true(str_starts_with(str_of(error_message(&err)), str_of(start)));
    error_release(&err);
    buf_release(&out);
}

static void what_is_no_toml(void **state)
{
    (void)state;
    refuse("a = \n", "", "m:1:5: ");
    refuse("", "\n[", "s:2:2: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending),
        cmocka_unit_test(into_the_table),
        cmocka_unit_test(values_of_several_lines),
        cmocka_unit_test(what_is_there_stays),
        cmocka_unit_test(a_new_table),
        cmocka_unit_test(what_is_no_toml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
