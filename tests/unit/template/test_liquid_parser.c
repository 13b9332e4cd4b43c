#include "liquid.h"

static void blocks_end(void **state)
{
    (void)state;
    liquid_refuse("x {% if true %}", ERROR_INVALID, "t:1:5: there is no 'endif' for this tag");
    liquid_refuse("{% for a in b %}{% endif %}", ERROR_INVALID, "t:1:20: unknown tag 'endif'");
    liquid_refuse("{% case 1 %}", ERROR_INVALID, "t:1:3: there is no 'endcase' for this tag");
    liquid_refuse("{% tablerow x in y %}", ERROR_INVALID, "t:1:4: unknown tag 'tablerow'");
    liquid_refuse("{% %}", ERROR_INVALID, "t:1:4: unknown tag ''");
}

static void what_is_expected(void **state)
{
    (void)state;
    liquid_refuse("{{ }}", ERROR_INVALID, "t:1:4: expected a value, found the end");
    liquid_refuse("{{ name name }}", ERROR_INVALID, "t:1:9: expected '|' or '}}', found 'name'");
    liquid_refuse("{% assign 1 = 2 %}", ERROR_INVALID, "t:1:11: expected a name, found '1'");
    liquid_refuse("{% assign a 2 %}", ERROR_INVALID, "t:1:13: expected '=', found '2'");
    liquid_refuse(
        "{% for a of b %}{% endfor %}", ERROR_INVALID, "t:1:10: expected 'in', found 'of'");
    liquid_refuse("{% if true x %}{% endif %}", ERROR_INVALID,
        "t:1:12: expected the end of the tag, found 'x'");
}

static void filters_are_known(void **state)
{
    (void)state;
    liquid_refuse("ab {{ name | shout }}", ERROR_NOT_FOUND, "t:1:14: unknown filter 'shout'");
    liquid_refuse("{{ name | append }}", ERROR_INVALID,
        "t:1:11: filter 'append' takes 1 to 1 arguments, not 0");
    liquid_refuse("{{ name | upcase: 1, 2, 3, 4 }}", ERROR_INVALID,
        "t:1:11: filter 'upcase' has too many arguments");
}

static char *repeated(const char *before, const char *after, size_t times)
{
    struct buf text = BUF_INIT(64 * MIB);
    for (size_t i = 0; i < times; i++)
        buf_append_cstr(&text, before);
    for (size_t i = 0; i < times; i++)
        buf_append_cstr(&text, after);
    return buf_detach(&text);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char *deep = repeated("{% if true %}", "{% endif %}", 100000);
    liquid_refuse(deep, ERROR_LIMIT, "t:1:836: more than 64 levels inside of each other");
    free(deep);
    char *brackets = repeated("{{ a[", "", 1);
    char *inner = repeated("a[", "]", 100000);
    char *whole;
    assert_true(asprintf(&whole, "%s%s] }}", brackets, inner) > 0);
    liquid_refuse(whole, ERROR_LIMIT, "t:1:132: more than 64 levels inside of each other");
    free(whole);
    free(inner);
    free(brackets);
    char *chain = repeated("true and ", "", 100000);
    assert_true(asprintf(&whole, "{%% if %strue %%}{%% endif %%}", chain) > 0);
    liquid_refuse(whole, ERROR_LIMIT, "t:1:592: more than 64 conditions in a chain");
    free(whole);
    free(chain);
}

static void size_is_bounded(void **state)
{
    (void)state;
    char *text = repeated("{{a}}", "", 800000);
    liquid_refuse(text, ERROR_LIMIT, "t:1:873748: the template is too large");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_end),
        cmocka_unit_test(what_is_expected),
        cmocka_unit_test(filters_are_known),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(size_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
