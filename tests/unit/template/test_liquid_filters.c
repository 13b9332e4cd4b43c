#include "liquid.h"

static void names(void **state)
{
    (void)state;
    liquid_check("{{name | kebab_case}}", "my-first-app-2");
    liquid_check("{{ name|snake_case }}", "my_first_app_2");
    liquid_check("{{ name | pascal_case }}", "MyFirstApp2");
    liquid_check("{{ 'a-b.c_d' | dotted_pascal_case }}", "AB.CD");
    liquid_check("{{ 42 | kebab_case }}", "42");
}

static void http_wildcard(void **state)
{
    (void)state;
    liquid_check("{{ '/a' | http_wildcard }}", "/a/...");
    liquid_check("{{ '/a/' | http_wildcard }}", "/a/...");
    liquid_check("{{ '/a/...' | http_wildcard }}", "/a/...");
    liquid_check("{{ '/' | http_wildcard }}", "/...");
}

static void text(void **state)
{
    (void)state;
    liquid_check("{{ 'a' | append: 'b' | prepend: 1 }}", "1ab");
    liquid_check("{{ 'aBc' | upcase }}{{ 'aBc' | downcase }}{{ 'abc' | capitalize }}", "ABCabcAbc");
    liquid_check(
        "[{{ ' a ' | strip }}][{{ ' a ' | lstrip }}][{{ ' a ' | rstrip }}]", "[a][a ][ a]");
    liquid_check("[{{ '  ' | strip }}{{ '  ' | lstrip }}{{ '  ' | rstrip }}]", "[]");
    liquid_check(
        "{{ 'a-b-c' | replace: '-', '+' }} {{ 'a-b-c' | replace_first: '-', '' }}", "a+b+c ab-c");
    liquid_check("{{ 'a-b-c' | remove: '-' }} {{ 'a-b-c' | remove_first: '-' }}", "abc ab-c");
    liquid_check("{{ 'abc' | replace: '', 'x' }}", "abc");
    liquid_check("{{ '<a & \"b\">' | escape }}", "&lt;a &amp; &quot;b&quot;&gt;");
    liquid_check("{{ 'a b/\xc3\xa9' | url_encode }}", "a+b%2F%C3%A9");
    liquid_check(
        "{{ 'abcdefgh' | truncate: 5 }} {{ 'abcdefgh' | truncate: 5, '' }}", "ab... abcde");
    liquid_check(
        "{{ '\xc3\xa9t\xc3\xa9' | truncate: 2, '' }}{{ '\xc3\xa9' | size }}", "\xc3\xa9t1");
    liquid_check("{{ 'abc' | slice: 1 }}{{ 'abc' | slice: -2, 2 }}{{ 'abc' | slice: 9 }}"
                 "{{ 'abc' | slice: -9, 2 }}",
        "bbc");
}

static void numbers(void **state)
{
    (void)state;
    liquid_check("{{ number | plus: 1 }} {{ 7 | minus: 9 }} {{ 3 | times: '4' }}", "42 -2 12");
    liquid_check(
        "{{ 7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }} {{ 7 | modulo: 4 }}", "3 3.5 3");
    liquid_check("{{ -9223372036854775807 | minus: 1 | modulo: -1 }}", "0");
    liquid_refuse(
        "{{ 1 | divided_by: 0 }}", ERROR_INVALID, "t:1:8: filter 'divided_by' divides by zero");
    liquid_refuse("{{ 9223372036854775807 | plus: 1 }}", ERROR_INVALID,
        "t:1:26: filter 'plus' has a result that is too large");
    liquid_refuse("{{ -9223372036854775807 | minus: 1 | divided_by: -1 }}", ERROR_INVALID,
        "t:1:38: filter 'divided_by' has a result that is too large");
    liquid_refuse("{{ 1 | divided_by: 0.0 }}", ERROR_INVALID,
        "t:1:8: filter 'divided_by' has a result that is too large");
}

static void lists(void **state)
{
    (void)state;
    liquid_check("{{ list | split: ',' | sort | join: '+' }}", "a+b+c");
    liquid_check("{{ list | split: ',' | reverse | join }}", "c a b");
    liquid_check("{{ list | split: ',' | first }}{{ list | split: ',' | last }}", "bc");
    liquid_check("{{ list | split: ',' | size }}{{ nothing | split: ',' | size }}", "30");
    liquid_check("[{{ nothing | split: ',' | first }}]", "[]");
    liquid_refuse("{{ name | join: ',' }}", ERROR_INVALID, "t:1:11: filter 'join' needs a list");
    liquid_refuse(
        "{{ name | split: '' }}", ERROR_INVALID, "t:1:11: filter 'split' needs a separator");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(http_wildcard),
        cmocka_unit_test(text),
        cmocka_unit_test(numbers),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
