/*
 * What the linker accepts of a component's imports: names, versions and types must fit the host.
 */
#include "fixture.h"

#define COUNTER "(export \"counter\" (type $c (sub resource)))"

static void links(const char *wat)
{
    struct fixture f;
    if (fixture_link(&f, wat) < 0)
        fail_msg("%s: %s", error_message(&f.err), f.err.messages[0]);
    fixture_end(&f);
}

static void does_not_link(const char *wat, const char *expected)
{
    struct fixture f;
    struct buf line = BUF_INIT(4096);
    assert_int_equal(fixture_link(&f, wat), -1);
    assert_int_equal(f.err.kind, ERROR_LINK);
    error_append_line(&f.err, &line);
    if (!strstr(buf_cstr(&line), expected))
        fail_msg("'%s' instead of '%s'", buf_cstr(&line), expected);
    buf_release(&line);
    fixture_end(&f);
}

static void compatible_versions_link(void **state)
{
    (void)state;
    static const char *const names[] = {"@0.2.0", "@0.2.1", "@0.2.17"};
    for (size_t i = 0; i < countof(names); i++) {
        char wat[500];
        snprintf(wat, sizeof(wat),
            "(component (import \"test:host/counters%s\" (instance " COUNTER
            "(export \"take\" (func (param \"c\" (own $c)) (result u32))))))",
            names[i]);
        links(wat);
    }
}

static void other_names_do_not(void **state)
{
    (void)state;
    static const char *const names[] = {"test:host/counters@0.3.0", "test:host/counters@1.2.0",
        "test:host/counters@0.2.1-rc.1", "test:host/counters", "test:host/counter@0.2.0",
        "counters"};
    for (size_t i = 0; i < countof(names); i++) {
        char wat[300], expected[100];
        snprintf(wat, sizeof(wat), "(component (import \"%s\" (instance (export \"f\" (func)))))",
            names[i]);
        snprintf(expected, sizeof(expected), "imports '%s', which is not there", names[i]);
        does_not_link(wat, expected);
    }
    does_not_link("(component (import \"f\" (func)))", "imports function 'f', which is not there");
}

/* The host's wrappers trust these types, so that each difference must be found. */
static void differing_types_do_not_link(void **state)
{
    (void)state;
    static const struct {
        const char *func, *expected;
    } cases[] = {
        {"(export \"nothing\" (func))", "missing expected export `nothing`"},
        {"(export \"take\" (func (param \"c\" (borrow $c)) (result u32)))", "parameter `c`"},
        {"(export \"take\" (func (param \"d\" (own $c)) (result u32)))", "parameter named `d`"},
        {"(export \"take\" (func (param \"c\" (own $c)) (result u64)))", "result type"},
        {"(export \"take\" (func (param \"c\" (own $c))))", "result type"},
        {"(export \"take\" (func (result u32)))", "expected 0 parameters"},
        {"(export \"twice\" (func (param \"text\" (list u8)) (result string)))",
            "parameter `text`"},
        {"(export \"take\" (type (sub resource)))", "expected type, found function"},
        {"(export \"thing\" (type (sub resource)))", "missing expected export `thing`"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        char wat[500];
        snprintf(wat, sizeof(wat),
            "(component (import \"test:host/counters@0.2.0\" (instance " COUNTER "%s)))",
            cases[i].func);
        does_not_link(wat, cases[i].expected);
    }
}

static void a_type_used_elsewhere_must_be_the_same_resource(void **state)
{
    (void)state;
    links("(component"
          " (import \"test:host/counters@0.2.0\" (instance $h " COUNTER "))"
          " (alias export $h \"counter\" (type $c))"
          " (component $C (import \"c\" (type $x (sub resource)))"
          "  (import \"d\" (type (eq $x))))"
          " (instance (instantiate $C (with \"c\" (type $c)) (with \"d\" (type $c)))))");
    /* The host has one counter: an alias of something else cannot pass for it. */
    does_not_link("(component (import \"test:host/counters@0.2.0\" (instance"
                  " (type $t (tuple u32)) (export \"counter\" (type (eq $t))))))",
        "expected defined type, found resource");
}

static void strings_of_hosts_are_utf8(void **state)
{
    (void)state;
    struct fixture f;
    assert_int_equal(
        fixture_link(&f,
            "(component"
            " (import \"test:host/counters@0.2.0\" (instance $h"
            "  (export \"twice\" (func (param \"text\" string) (result string)))))"
            " (core module $M (memory (export \"m\") 1)"
            "  (func (export \"r\") (param i32 i32 i32 i32) (result i32) (i32.const 0)))"
            " (core instance $m (instantiate $M))"
            " (core func (canon lower (func $h \"twice\") string-encoding=utf16"
            "  (memory (core memory $m \"m\")) (realloc (core func $m \"r\")))))"),
        -1);
    assert_int_equal(f.err.kind, ERROR_UNSUPPORTED);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compatible_versions_link),
        cmocka_unit_test(other_names_do_not),
        cmocka_unit_test(differing_types_do_not_link),
        cmocka_unit_test(a_type_used_elsewhere_must_be_the_same_resource),
        cmocka_unit_test(strings_of_hosts_are_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
