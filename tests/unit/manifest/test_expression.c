#include "../unit.h"

#include "manifest/expression.h"

/* "text|{name}|text" of what was parsed. */
static const char *show(struct arena *a, const char *text)
{
    struct expression e;
    const char *problem = expression_parse(a, str_of(text), &e);
    if (problem)
        return problem;
    char *shown = arena_printf(a, "%s", "");
    for (size_t i = 0; i < e.count; i++)
        shown = arena_printf(a, "%s%s%s%" STR_FMT "%s", shown, i ? "|" : "",
            e.parts[i].is_variable ? "{" : "", STR_ARG(e.parts[i].text),
            e.parts[i].is_variable ? "}" : "");
    return shown;
}

static void parts(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"{{a}}", "{a}"},
        {"{{ a }}", "{a}"},
        {"{{\ta_b2\n}}", "{a_b2}"},
        {"x{{a}}y{{ b }}z", "x|{a}|y|{b}|z"},
        {"{{a}}{{b}}", "{a}|{b}"},
        {"{ not }", "{ not }"},
        {"a }} b", "a }} b"},
        {"{{a}}}", "{a}|}"},
        {"{{a", "a template's `{{` has no `}}`"},
        {"{{a}", "a template's `{{` has no `}}`"},
        {"{{}}", "a template's `{{ }}` names no variable"},
        {"{{  }}", "a template's `{{ }}` names no variable"},
        {"{{{a}}}",
            "`{{ {a }}` names no variable: '_'-separated words must start with an ASCII letter; "
            "got '{'"},
        {"{{a-b}}", "`{{ a-b }}` names no variable: words must be separated with '_', not '-'"},
        {"{{A}}",
            "`{{ A }}` names no variable: Lower-case identifiers must be all lowercase; got \"A\""},
    };
    struct arena a = ARENA_INIT(1 << 20);
    for (size_t i = 0; i < countof(rows); i++)
        assert_string_equal(show(&a, rows[i][0]), rows[i][1]);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
