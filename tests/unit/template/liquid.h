/*
 * What the tests of Liquid share.
 */
#ifndef SPINDLE_TESTS_LIQUID_H
#define SPINDLE_TESTS_LIQUID_H

#include "../unit.h"

#include "base/limits.h"
#include "template/liquid.h"

static const struct liquid_variable liquid_test_values[] = {
    {STR("name"), STR("My-First app_2")},
    {STR("http-path"), STR("/hello")},
    {STR("text"), STR("a \"b\" \\ \n")},
    {STR("list"), STR("b,a,c")},
    {STR("nothing"), STR("")},
    {STR("number"), STR("41")},
};

static inline int liquid_test_render(const char *text, const struct map *partials,
    enum liquid_output output, struct buf *out, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(32 * MIB);
    const struct liquid_template *t;
    struct liquid_globals globals = {
        .count = countof(liquid_test_values),
        .variables = liquid_test_values,
        .partials = partials,
    };
    if (liquid_parse(&a, "t", str_of(text), &t, err) < 0)
        return -1;
    return liquid_render(&a, t, &globals, output, out, err);
}

/* The text becomes `expected`. */
static inline void liquid_check(const char *text, const char *expected)
{
    struct buf out = BUF_INIT(MIB);
    struct error err = ERROR_INIT;
    if (liquid_test_render(text, NULL, LIQUID_PLAIN, &out, &err) < 0)
        fail_msg("%s: %s", text, error_message(&err));
    assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
}

/* The text fails with the message. */
static inline void liquid_refuse(const char *text, enum error_kind kind, const char *message)
{
    struct buf out = BUF_INIT(MIB);
    struct error err = ERROR_INIT;
    if (liquid_test_render(text, NULL, LIQUID_PLAIN, &out, &err) == 0)
        fail_msg("%s: became %s", text, buf_cstr(&out));
    assert_string_equal(error_message(&err), message);
    assert_int_equal(err.kind, kind);
    error_release(&err);
    buf_release(&out);
}

#endif
