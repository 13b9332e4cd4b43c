#include "../unit.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "wasm/module.h"

/*
 * A module with one function of type [i32] -> [i64], one memory, one mutable global i32 (0), one
 * immutable global (1), one table of functions, and the given body (locals first).
 */
static void build(struct buf *out, struct str body)
{
    buf_append_str(out, STR("\0asm\1\0\0\0"
                            "\1\6\1\x60\1\x7f\1\x7e"
                            "\3\2\1\0"
                            "\4\4\1\x70\0\1"
                            "\5\3\1\0\1"
                            "\6\x0b\2\x7f\1\x41\0\x0b\x7f\0\x41\0\x0b"));
    struct buf code = BUF_INIT(MIB);
    buf_append_uleb(&code, 1);
    buf_append_uleb(&code, body.len);
    buf_append_str(&code, body);
    buf_append_byte(out, 10);
    buf_append_uleb(out, code.len);
    buf_append_str(out, buf_str(&code));
    buf_release(&code);
}

/* Returns the error's kind; its line goes to `message`. */
static enum error_kind check(struct str body, bool shell, char message[200])
{
    struct buf bytes = BUF_INIT(MIB);
    struct arena a = ARENA_INIT(MIB);
    struct error err = ERROR_INIT;
    struct wasm_module *m;
    build(&bytes, body);
    assert_int_equal(wasm_decode(buf_str(&bytes), &a, &m, &err), 0);
    if (shell)
        wasm_validate_shell(m, &err);
    else
        wasm_validate(m, &err);
    enum error_kind kind = err.kind;
    snprintf(message, 200, "%s", error_message(&err));
    error_release(&err);
    arena_release(&a);
    buf_release(&bytes);
    return kind;
}

struct invalid {
    struct str body;
    const char *message;
};

#define INVALID(text, message) {STR("\0" text), message}

static const struct invalid cases[] = {
    INVALID("\x0b", "type mismatch: expected i64, found nothing"),
    INVALID("\x41\0\x0b", "type mismatch: expected i64, found i32"),
    INVALID("\x42\0\x42\0\x0b", "type mismatch: values remain"),
    INVALID("\x20\1\x0b", "unknown local 1"),
    INVALID("\x23\2\x0b", "unknown global 2"),
    INVALID("\x41\0\x24\1\x42\0\x0b", "immutable global"),
    INVALID("\x0c\1\x0b", "unknown label 1"),
    INVALID("\x41\0\x10\1\x0b", "unknown function 1"),
    INVALID("\x41\0\x11\1\0\x0b", "unknown type 1"),
    INVALID("\x41\0\x41\0\x11\0\1\x0b", "unknown table 1"),
    INVALID("\x41\0\x29\4\0\x0b", "alignment must not be larger than natural"),
    INVALID("\x41\0\x29\x43\1\0\x0b", "unknown memory 1"),
    INVALID("\x02\5\x0b\x0b", "unknown type 5"),
    INVALID("\x41\0\x04\x7e\x42\0\x0b\x0b", "type mismatch: an if without else"),
    INVALID("\x05\x0b", "else without if"),
    INVALID("\x42\0\x0b\x0b", "instructions after the body's end"),
    INVALID("\x02\x40\x0b", "unexpected end"),
    INVALID("\xd2\0\x1a\x42\0\x0b", "undeclared function reference"),
    INVALID("\xfc\x09\0\x42\0\x0b", "data count section required"),
    INVALID("\xfc\x0d\0\x42\0\x0b", "unknown elem segment 0"),
    INVALID("\x1c\0\x0b", "invalid result arity"),
    INVALID("\x06\x0b", "illegal opcode"),
    INVALID("\xfc\x20\x0b", "illegal opcode"),
    /* polymorphic, but not of any type */
    INVALID("\x00\x41\0\x0b", "type mismatch: expected i64, found i32"),
    INVALID("\x00\x7a\x8b\x1a\x42\0\x0b", "type mismatch: expected f32, found i64"),
};

static void invalid_bodies_are_refused_by_name(void **state)
{
    (void)state;
    char message[200];
    for (size_t i = 0; i < countof(cases); i++) {
        if (check(cases[i].body, false, message) != ERROR_INVALID ||
            !strstr(message, cases[i].message))
            fail_msg("case %zu: '%s' instead of '%s'", i, message, cases[i].message);
    }
}

static void the_message_says_where(void **state)
{
    (void)state;
    char message[200];
    check(STR("\0\x20\1\x0b"), false, message);
    assert_string_equal(message, "invalid module: unknown local 1 in function 0 at offset 0x31");
}

static void the_shell_leaves_bodies_out(void **state)
{
    (void)state;
    char message[200];
    assert_int_equal(check(STR("\0\x0b"), false, message), ERROR_INVALID);
    assert_int_equal(check(STR("\0\x0b"), true, message), ERROR_NONE);
}

static void valid_bodies_are_accepted(void **state)
{
    (void)state;
    static const struct str bodies[] = {
        STR("\0\x42\0\x0b"),
        STR("\0\x00\x0b"),
        STR("\0\x20\0\xad\x0b"),
        STR("\0\x02\x7e\x42\1\x0c\0\x0b\x0b"),
        STR("\0\x03\x40\x0c\0\x0b\x00\x0b"),
        STR("\0\x41\0\x04\x7e\x42\0\x05\x42\1\x0b\x0b"),
        STR("\0\x42\7\x20\0\x0e\1\0\0\x0b"),
    };
    char message[200];
    for (size_t i = 0; i < countof(bodies); i++)
        if (check(bodies[i], false, message) != ERROR_NONE)
            fail_msg("body %zu: %s", i, message);
}

static void features_that_are_not_there_are_named(void **state)
{
    (void)state;
    char message[200];
    assert_int_equal(check(STR("\0\xfd\x0c\x0b"), false, message), ERROR_UNSUPPORTED);
    assert_non_null(strstr(message, "fixed-width SIMD"));
    assert_int_equal(check(STR("\0\x12\0\x0b"), false, message), ERROR_UNSUPPORTED);
    assert_non_null(strstr(message, "tail calls"));
}

/* Nesting takes heap, not stack: half a million blocks. */
static void deep_nesting_is_no_recursion(void **state)
{
    (void)state;
    enum { DEPTH = 500000 };
    struct buf bytes = BUF_INIT(4 * MIB), body = BUF_INIT(2 * MIB);
    struct arena a = ARENA_INIT(MIB);
    struct error err = ERROR_INIT;
    struct wasm_module *m;
    buf_append_byte(&body, 0);
    for (int i = 0; i < DEPTH; i++)
        buf_append_str(&body, STR("\x02\x40"));
    for (int i = 0; i < DEPTH; i++)
        buf_append_byte(&body, 0x0b);
    buf_append_str(&body, STR("\x42\0\x0b"));
    buf_append_str(&bytes, STR("\0asm\1\0\0\0\1\6\1\x60\1\x7f\1\x7e\3\2\1\0\x0a"));
    buf_append_uleb(&bytes, body.len + 5);
    buf_append_byte(&bytes, 1);
    /* the size in four bytes, so that the section's length is known */
    for (unsigned shift = 0; shift < 28; shift += 7)
        buf_append_byte(&bytes, (uint8_t)((body.len >> shift & 0x7f) | (shift < 21 ? 0x80 : 0)));
    buf_append_str(&bytes, buf_str(&body));
    assert_int_equal(wasm_decode(buf_str(&bytes), &a, &m, &err), 0);
    assert_int_equal(wasm_validate(m, &err), 0);
    arena_release(&a);
    buf_release(&bytes);
    buf_release(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_bodies_are_refused_by_name),
        cmocka_unit_test(the_message_says_where),
        cmocka_unit_test(the_shell_leaves_bodies_out),
        cmocka_unit_test(valid_bodies_are_accepted),
        cmocka_unit_test(features_that_are_not_there_are_named),
        cmocka_unit_test(deep_nesting_is_no_recursion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
