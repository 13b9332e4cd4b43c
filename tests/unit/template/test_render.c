#include "../unit.h"

#include "base/limits.h"
#include "template/template.h"

static const struct template_value values[] = {
    {STR("name"), STR("My-First app_2")},
    {STR("text"), STR("a \"b\" \\ \n")},
};

static void check(const char *text, bool toml_escape, const char *expected)
{
    struct buf out = BUF_INIT(MIB);
    struct error err = ERROR_INIT;
    int result = template_render(str_of(text), values, countof(values), toml_escape, &out, &err);
    assert_int_equal(result, expected ? 0 : -1);
    if (expected)
        assert_string_equal(buf_cstr(&out), expected);
    error_release(&err);
    buf_release(&out);
}

static void names_and_filters(void **state)
{
    (void)state;
    check("", false, "");
    check("plain { } }} text", false, "plain { } }} text");
    check("<{{name}}> <{{ name }}>", false, "<My-First app_2> <My-First app_2>");
    check("{{name | kebab_case}}", false, "my-first-app-2");
    check("{{ name|snake_case }}", false, "my_first_app_2");
    check("{{ name | pascal_case }}", false, "MyFirstApp2");
    check("{{ open", false, "{{ open");
}

static void values_in_toml_strings(void **state)
{
    (void)state;
    check("x = \"{{text}}\"", true, "x = \"a \\\"b\\\" \\\\ \\u000a\"");
    check("{{text}}", false, "a \"b\" \\ \n");
}

static void what_is_refused(void **state)
{
    (void)state;
    check("{{ nothing }}", false, NULL);
    check("{{ name | shout }}", false, NULL);
}

static void the_built_in_template(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct error err = ERROR_INIT;
    struct template *list;
    size_t count;
    assert_int_equal(template_list(&a, &list, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_true(str_is(list[0].id, "http-py"));
    assert_int_equal(list[0].parameter_count, 2);
    const struct template_parameter *path = &list[0].parameters[1];
    assert_true(str_is(path->name, "http-path"));
    assert_true(str_is(path->value, "/..."));
    assert_int_equal(template_check_value(path, STR("/a/..."), &err), 0);
    assert_int_equal(template_check_value(path, STR("a"), &err), -1);
    assert_string_equal(error_message(&err), "Input 'a' does not match pattern '^/\\S*$'");
    error_release(&err);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_filters),
        cmocka_unit_test(values_in_toml_strings),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(the_built_in_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
