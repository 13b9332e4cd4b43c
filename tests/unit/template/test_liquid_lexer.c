#include "liquid.h"

static void text_and_marks(void **state)
{
    (void)state;
    liquid_check("", "");
    liquid_check("plain { } }} %} text", "plain { } }} %} text");
    liquid_check("<{{name}}> <{{ name }}>", "<My-First app_2> <My-First app_2>");
    liquid_check("{{ '}}' }}{{ \"%}\" }}", "}}%}");
    liquid_check("{", "{");
    liquid_check("{{-1}}", "1"); /* the '-' belongs to the mark */
}

static void white_space(void **state)
{
    (void)state;
    liquid_check("a \n {{- 1 -}} \n b", "a1b");
    liquid_check("a {%- if true -%} x {%- endif -%} b", "axb");
    liquid_check("a {{ 1 -}} {{- 2 }} b", "a 12 b");
    liquid_check("a {%- comment -%} x {%- endcomment -%} b", "ab");
}

static void raw_and_comment(void **state)
{
    (void)state;
    liquid_check("{% raw %}{{ x }} {% if %}{% endraw %}!", "{{ x }} {% if %}!");
    liquid_check("a{% comment %} don't {{ {% endif %} {% endcomment %}b", "ab");
    liquid_check("[{% raw -%} {{ x }} {%- endraw %}]", "[{{ x }}]");
    liquid_refuse("{% raw %} x", ERROR_INVALID, "t:1:10: there is no 'endraw' for this tag");
}

static void words(void **state)
{
    (void)state;
    liquid_check("{{ 12 }} {{ -3 }} {{ 1.5 }} {{ 2.0 }}", "12 -3 1.5 2.0");
    liquid_check("{{ http-path }}", "/hello");
    liquid_refuse("{{ 'open }}", ERROR_INVALID, "t:1:1: '{{' is never closed by '}}'");
    liquid_refuse("a\nbc {{ open", ERROR_INVALID, "t:2:4: '{{' is never closed by '}}'");
    liquid_refuse("{{ $ }}", ERROR_INVALID, "t:1:4: unexpected character '$'");
    liquid_refuse("{{ 99999999999999999999 }}", ERROR_INVALID, "t:1:4: the number is too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_marks),
        cmocka_unit_test(white_space),
        cmocka_unit_test(raw_and_comment),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
