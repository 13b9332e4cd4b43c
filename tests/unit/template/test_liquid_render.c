#include "liquid.h"

static void conditions(void **state)
{
    (void)state;
    liquid_check("{% if name %}y{% else %}n{% endif %}", "y");
    liquid_check("{% if nothing == '' %}y{% endif %}", "y");
    liquid_check("{% if nothing == empty %}y{% endif %}", "y");
    liquid_check("{% if unknown %}y{% else %}n{% endif %}", "n");
    liquid_check("{% unless name == 'x' %}y{% endunless %}", "y");
    liquid_check("{% unless true %}a{% elsif true %}b{% endunless %}", "b");
    liquid_check("{% if 1 > 2 %}a{% elsif 2 >= 2 %}b{% else %}c{% endif %}", "b");
    liquid_check("{% if name contains 'First' and 1 < 2 %}y{% endif %}", "y");
    liquid_check("{% if false and false or true %}y{% endif %}", "y");
    liquid_check("{% if 1 == 1.0 %}y{% endif %}{% if '1' == 1 %}z{% endif %}", "y");
    liquid_check("{% if nil == unknown %}y{% endif %}", "y");
    liquid_check("{% if true %}{% if false %}a{% endif %}b{% endif %}", "b");
}

static void cases(void **state)
{
    (void)state;
    const char *text = "{% assign v = name | size %}{% case v %}ignored"
                       "{% when 1, 2 %}small{% when 3 or 14 %}right{% else %}other{% endcase %}";
    liquid_check(text, "right");
    liquid_check("{% case 'z' %}{% when 'a' %}a{% else %}e{% endcase %}", "e");
    liquid_check("{% case 'z' %}{% when 'a' %}a{% endcase %}", "");
}

static void loops(void **state)
{
    (void)state;
    liquid_check("{% for i in (1..3) %}{{ i }}{% endfor %}", "123");
    liquid_check("{% for i in (3..1) %}{{ i }}{% else %}none{% endfor %}", "none");
    liquid_check("{% for i in (1..9) limit:2 offset:3 reversed %}{{ i }},{% endfor %}", "5,4,");
    liquid_check("{% assign l = list | split: ',' %}{% for x in l %}{{ forloop.index }}{{ x }}"
                 "{% unless forloop.last %}-{% endunless %}{% endfor %} {{ l[1] }}{{ l.first }}"
                 "{{ l.size }}{{ l[-1] }}{{ l[9] }}",
        "1b-2a-3c ab3c");
    liquid_check("{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% endif %}"
                 "{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}!",
        "13!");
    liquid_check("{% for i in (1..2) %}{% for j in (1..2) %}{{ i }}{{ j }}{{ forloop.rindex }} "
                 "{% endfor %}{{ forloop.first }} {% endfor %}",
        "112 121 true 212 221 false ");
    liquid_refuse(
        "{% for i in name %}{% endfor %}", ERROR_INVALID, "t:1:13: a list is needed here");
    liquid_refuse("{% for i in (1..'x') %}{% endfor %}", ERROR_INVALID,
        "t:1:17: a whole number is needed here");
}

static void variables(void **state)
{
    (void)state;
    liquid_check("{% assign a = name | upcase %}{{ a }}", "MY-FIRST APP_2");
    liquid_check("{% assign name = 'new' %}{{ name }}", "new");
    liquid_check("{% capture c %}<{{ name }}>{% endcapture %}{{ c }}{{ c }}",
        "<My-First app_2><My-First app_2>");
    liquid_check("{% for i in (1..2) %}{% assign x = i %}{% endfor %}{{ x }}", "2");
    liquid_check("{{ unknown | default: 'd' }}{{ nothing | default: 'e' }}", "de");
    liquid_check("{{ true }}{{ nil }}{{ empty }}", "true");
    liquid_refuse("a {{ unknown }}", ERROR_INVALID, "t:1:6: there is no value for 'unknown'");
    liquid_refuse("{{ name | append: who }}", ERROR_INVALID, "t:1:19: there is no value for 'who'");
    liquid_refuse("{{ name | plus: 1 }}", ERROR_INVALID, "t:1:11: filter 'plus' needs numbers");
}

static void toml(void **state)
{
    (void)state;
    struct buf out = BUF_INIT(MIB);
    struct error err = ERROR_INIT;
    const char *text = "x = \"{{text}}\" {{ text | strip_newlines }} {{ '\"' }}";
    assert_int_equal(liquid_test_render(text, NULL, LIQUID_TOML, &out, &err), 0);
    assert_string_equal(buf_cstr(&out), "x = \"a \\\"b\\\" \\\\ \\u000a\" a \"b\" \\  \"");
    buf_release(&out);
}

struct partials {
    struct arena arena;
    struct map map;
};

static void add_partial(struct partials *p, const char *name, const char *text)
{
    const struct liquid_template *t;
    struct error err = ERROR_INIT;
    assert_int_equal(liquid_parse(&p->arena, name, str_of(text), &t, &err), 0);
    assert_true(map_put(&p->map, str_of(name), (void *)t));
}

static void check_partials(struct partials *p, const char *text, const char *expected)
{
    struct buf out = BUF_INIT(MIB);
    struct error err = ERROR_INIT;
    int result = liquid_test_render(text, &p->map, LIQUID_PLAIN, &out, &err);
    assert_string_equal(result < 0 ? error_message(&err) : buf_cstr(&out), expected);
    error_release(&err);
    buf_release(&out);
}

static void including(void **state)
{
    (void)state;
    struct partials p = {.arena = ARENA_INIT(MIB)};
    map_init(&p.map, &p.arena);
    add_partial(&p, "hi", "hi {{ who }}{% assign seen = 1 %}");
    add_partial(&p, "loop", "{% include 'loop' %}");
    add_partial(&p, "bad", "\n {{ nowhere }}");
    check_partials(&p, "{% include 'hi', who: name %} {{ seen }}", "hi My-First app_2 1");
    check_partials(&p, "{% assign n = 'hi' %}{% render n, who: 'x' %}", "hi x");
    check_partials(
        &p, "{% render 'hi' who: 'x' %}{{ seen }}", "t:1:30: there is no value for 'seen'");
    check_partials(&p, "{% assign who = 1 %}{% include 'hi' %}", "hi 1");
    check_partials(
        &p, "{% assign who = 1 %}{% render 'hi' %}", "hi:1:7: there is no value for 'who'");
    check_partials(&p, "{% include 'bad' %}", "bad:2:5: there is no value for 'nowhere'");
    check_partials(&p, "{% include 'none' %}", "t:1:12: there is no partial 'none'");
    check_partials(
        &p, "{% include 'loop' %}", "loop:1:3: more than 64 levels inside of each other");
    arena_release(&p.arena);
}

static void work_is_bounded(void **state)
{
    (void)state;
    liquid_refuse("{% for i in (1..9999999999) %}{% endfor %}", ERROR_LIMIT,
        "t:1:3: the template takes more than 1000000 steps");
    liquid_refuse("{% for i in (1..2000) %}{% for j in (1..2000) %}{% endfor %}{% endfor %}",
        ERROR_LIMIT, "t:1:27: the template takes more than 1000000 steps");
    liquid_refuse("{% for i in (1..200000) %}0123456789{% endfor %}", ERROR_LIMIT,
        "t:1:27: the text becomes larger than 1048576 bytes");
    liquid_refuse("{% assign a = '0123456789' %}{% for i in (1..100) %}"
                  "{% assign a = a | append: a %}{% endfor %}",
        ERROR_LIMIT, "t:1:71: the values are too large");
    liquid_check("{% for i in (9223372036854775806..9223372036854775807) %}{{ i }} {% endfor %}",
        "9223372036854775806 9223372036854775807 ");
}

/* Every cut and every changed byte of a template is an error or a text, never a crash. */
static void damaged(void **state)
{
    (void)state;
    static const char whole[] =
        "a {{- name | replace: 'a', \"b\" | truncate: 5 -}} {% assign l = list | split: ',' %}"
        "{% for x in l limit:2 offset:1 reversed %}{{ forloop.index0 }}{{ x[0].size }}{% else %}-"
        "{% endfor %}{% for i in (1..9) %}{% break %}{% endfor %}{% case number %}{% when 1 or "
        "'41' "
        "%}w{% else %}e{% endcase %}{% capture c %}{{ 1.5 | times: -3 }}{% endcapture %}{% raw %}{{"
        "{% endraw %}{% comment %}{%{% endcomment %}{% unless a == nil and b contains c or 1 <> 2 "
        "%}u{% elsif true %}v{% endunless %}{% include 'p', q: name %}{{ text | slice: -2, 1 }}";
    static const char changes[] = "\0{}%|'\"-.:,()[]<=19a\xff";
    for (size_t i = 0; i < sizeof whole - 1; i++)
        for (size_t j = 0; j < sizeof changes; j++) {
            struct buf out = BUF_INIT(MIB);
            struct error err = ERROR_INIT;
            char *text = strdup(whole);
            text[i] = j + 1 < sizeof changes ? changes[j] : '\0';
            if (liquid_test_render(text, NULL, LIQUID_TOML, &out, &err) < 0)
                error_release(&err);
            free(text);
            buf_release(&out);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions),
        cmocka_unit_test(cases),
        cmocka_unit_test(loops),
        cmocka_unit_test(variables),
        cmocka_unit_test(toml),
        cmocka_unit_test(including),
        cmocka_unit_test(work_is_bounded),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
