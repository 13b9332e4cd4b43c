/*
 * Components that are too much: what doubles at each step, what nests without end, what ends early.
 */
#include "fixture.h"

static int decode(const char *wat, struct error *err)
{
    struct buf bytes = from_wat(wat);
    struct component *component = NULL;
    int result = component_decode(buf_str(&bytes), NULL, &component, err);
    component_free(component);
    buf_release(&bytes);
    return result;
}

static void is_too_much(struct buf *wat)
{
    struct error err = ERROR_INIT;
    assert_int_equal(decode(buf_cstr(wat), &err), -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    buf_release(wat);
}

static void types_that_double_are_refused(void **state)
{
    (void)state;
    struct buf wat = BUF_INIT(1 * MIB);
    buf_append_cstr(&wat, "(component (type $t0 u8)");
    for (int i = 1; i < 60; i++)
        buf_printf(
            &wat, "(type $u%d (tuple $t%d $t%d)) (type $t%d (list $u%d))", i, i - 1, i - 1, i, i);
    buf_append_cstr(&wat, ")");
    is_too_much(&wat);
}

static void instance_types_that_double_are_refused(void **state)
{
    (void)state;
    struct buf wat = BUF_INIT(1 * MIB);
    buf_append_cstr(&wat, "(component (type $t0 (instance (export \"a\" (type (sub resource)))))");
    for (int i = 1; i < 60; i++)
        buf_printf(&wat,
            "(type $t%d (instance (alias outer 1 $t%d (type $x))"
            " (export \"a\" (instance (type $x))) (export \"b\" (instance (type $x)))))",
            i, i - 1);
    buf_append_cstr(&wat, ")");
    is_too_much(&wat);
}

static void large_types_cannot_be_used_without_end(void **state)
{
    (void)state;
    struct buf wat = BUF_INIT(1 * MIB);
    buf_append_cstr(&wat, "(component (type $t0 (instance (export \"a\" (type (sub resource)))))");
    for (int i = 1; i < 19; i++)
        buf_printf(&wat,
            "(type $t%d (instance (alias outer 1 $t%d (type $x))"
            " (export \"a\" (instance (type $x))) (export \"b\" (instance (type $x)))))",
            i, i - 1);
    for (int i = 0; i < 1000; i++)
        buf_printf(&wat, "(import \"i%d\" (instance (type $t18)))", i);
    buf_append_cstr(&wat, ")");
    is_too_much(&wat);
}

static void instances_that_double_do_not_link(void **state)
{
    (void)state;
    struct fixture f;
    struct buf wat = BUF_INIT(1 * MIB);
    buf_append_cstr(&wat, "(component (component $c0 (core module $m) (core instance "
                          "(instantiate $m)))");
    for (int i = 1; i < 40; i++)
        buf_printf(&wat,
            "(component $c%d (alias outer 1 $c%d (component $x))"
            " (instance (instantiate $x)) (instance (instantiate $x)))",
            i, i - 1);
    buf_append_cstr(&wat, "(instance (instantiate $c39)))");
    assert_int_equal(fixture_link(&f, buf_cstr(&wat)), -1);
    assert_int_equal(f.err.kind, ERROR_LIMIT);
    fixture_end(&f);
    buf_release(&wat);
}

static void components_do_not_nest_without_end(void **state)
{
    (void)state;
    /* As bytes: the text format's tools have a limit of their own. */
    static const uint8_t preamble[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    struct buf inner = BUF_INIT(1 * MIB);
    struct error err = ERROR_INIT;
    struct component *component;
    buf_append(&inner, preamble, sizeof(preamble));
    for (int depth = 0; depth < 200; depth++) {
        struct buf outer = BUF_INIT(1 * MIB);
        buf_append(&outer, preamble, sizeof(preamble));
        buf_append_byte(&outer, 4);
        buf_append_uleb(&outer, inner.len);
        buf_append(&outer, inner.data, inner.len);
        buf_release(&inner);
        inner = outer;
    }
    assert_int_equal(component_decode(buf_str(&inner), NULL, &component, &err), -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    buf_release(&inner);
}

/* Each prefix, in memory of its own so that the sanitizer sees its end. */
static void a_component_cut_short_is_refused_or_shorter(void **state)
{
    (void)state;
    struct buf bytes = from_wat(
        "(component"
        " (import \"a:b/c@1.0.0\" (instance (export \"r\" (type $r (sub resource)))"
        "  (export \"f\" (func (param \"x\" (list (tuple u8 string))) (result (own $r))))))"
        " (type (record (field \"a\" u32) (field \"b\" (option char))))"
        " (core module $m (memory (export \"m\") 1) (func (export \"f\")))"
        " (core instance $i (instantiate $m))"
        " (component $n (import \"f\" (func $f)) (export \"g\" (func $f)))"
        " (func $f (canon lift (core func $i \"f\")))"
        " (instance $o (instantiate $n (with \"f\" (func $f))))"
        " (export \"out\" (instance $o)))");
    unsigned accepted = 0;
    for (size_t len = 0; len < bytes.len; len++) {
        struct error err = ERROR_INIT;
        struct component *component = NULL;
        uint8_t *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, bytes.data, len);
        accepted += component_decode(str_make(copy, len), NULL, &component, &err) == 0;
        component_free(component);
        error_release(&err);
        free(copy);
    }
    /* Where a section ends, the rest is a component, too. */
    assert_true(accepted > 3 && accepted < 20);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_that_double_are_refused),
        cmocka_unit_test(instance_types_that_double_are_refused),
        cmocka_unit_test(large_types_cannot_be_used_without_end),
        cmocka_unit_test(instances_that_double_do_not_link),
        cmocka_unit_test(components_do_not_nest_without_end),
        cmocka_unit_test(a_component_cut_short_is_refused_or_shorter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
