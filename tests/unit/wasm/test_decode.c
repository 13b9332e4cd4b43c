#include "../unit.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "wasm/module.h"

#define HEADER "\0asm\1\0\0\0"

/* A module that is malformed in one way, and the specification's name for it. */
struct malformed {
    struct str bytes;
    const char *message;
};

#define MALFORMED(text, message) {STR(text), message}

static const struct malformed cases[] = {
    MALFORMED("", "unexpected end"),
    MALFORMED("\0as", "unexpected end"),
    MALFORMED("\0asn\1\0\0\0", "magic header not detected"),
    MALFORMED("\0asm\1\0\0", "unexpected end"),
    MALFORMED("\0asm\2\0\0\0", "unknown binary version"),
    MALFORMED("\0asm\x0d\0\1\0", "unknown binary version"),
    MALFORMED(HEADER "\x0e\0", "malformed section id"),
    MALFORMED(HEADER "\x7f\0", "malformed section id"),
    MALFORMED(HEADER "\1", "unexpected end"),
    MALFORMED(HEADER "\1\5\0", "length out of bounds"),
    MALFORMED(HEADER "\1\x80\x80\x80\x80\x80\0", "integer representation too long"),
    MALFORMED(HEADER "\1\xff\xff\xff\xff\x1f", "integer too large"),
    /* a section's contents end before the section */
    MALFORMED(HEADER "\1\2\0\0", "section size mismatch"),
    /* or after it */
    MALFORMED(HEADER "\1\3\1\x60\1", "length out of bounds"),
    /* the order of sections */
    MALFORMED(HEADER "\3\1\0\1\1\0", "unexpected content after last section"),
    MALFORMED(HEADER "\1\1\0\1\1\0", "unexpected content after last section"),
    MALFORMED(HEADER "\x0a\1\0\x0c\1\0", "unexpected content after last section"),
    /* types */
    MALFORMED(HEADER "\1\2\1\x61", "malformed type form"),
    MALFORMED(HEADER "\1\5\1\x60\1\x61\0", "malformed value type"),
    MALFORMED(HEADER "\1\6\xff\xff\xff\xff\x0f\x60", "length out of bounds"),
    /* imports: name, kind, limits */
    MALFORMED(HEADER "\2\6\1\1\xff\1b\0", "malformed UTF-8 encoding"),
    MALFORMED(HEADER "\2\6\1\1a\1b\5", "malformed import kind"),
    MALFORMED(HEADER "\2\x8\1\1a\1b\2\x8\0", "malformed limits flags"),
    MALFORMED(HEADER "\2\x8\1\1a\1b\3\x7f\2", "malformed mutability"),
    MALFORMED(HEADER "\2\7\1\1a\1b\0\0", "unknown type"),
    MALFORMED(HEADER "\2\6\1\x7f"
                     "a\1b",
        "length out of bounds"),
    /* functions and their bodies */
    MALFORMED(HEADER "\1\4\1\x60\0\0\3\2\1\0", "function and code section"),
    MALFORMED(HEADER "\x0a\4\1\2\0\x0b", "function and code section"),
    MALFORMED(HEADER "\1\4\1\x60\0\0\3\2\1\0\x0a\4\1\2\0\1", "END opcode expected"),
    MALFORMED(HEADER "\1\4\1\x60\0\0\3\2\1\0\x0a\3\1\1\0", "END opcode expected"),
    MALFORMED(HEADER "\1\4\1\x60\0\0\3\2\1\0\x0a\4\1\x09\0\x0b", "length out of bounds"),
    MALFORMED(HEADER "\1\4\1\x60\0\0\3\2\1\0\x0a\x11\1\x0f\2\xff\xff\xff\xff\x0f\x7f"
                     "\xff\xff\xff\xff\x0f\x7f\x0b\0",
        "too many locals"),
    /* data */
    MALFORMED(HEADER "\x0c\1\1", "data count and data section"),
    MALFORMED(HEADER "\x0c\1\2\x0b\3\1\1\0", "data count and data section"),
    MALFORMED(HEADER "\x0b\2\1\3", "malformed data segment kind"),
    MALFORMED(HEADER "\x0b\5\1\0\x41\0\x0b", "unexpected end"),
    /* constant expressions */
    MALFORMED(HEADER "\6\5\1\x7f\0\xff\x0b", "illegal opcode"),
    MALFORMED(HEADER "\6\5\1\x7f\0\x41\0", "unexpected end"),
    MALFORMED(HEADER "\6\x0b\1\x7f\0\x41\x80\x80\x80\x80\x80\0\x0b", "integer representation too"),
    /* elements */
    MALFORMED(HEADER "\x09\2\1\x08", "malformed elements segment kind"),
    MALFORMED(HEADER "\x09\4\1\1\1\0", "malformed element kind"),
    MALFORMED(HEADER "\x09\4\1\5\x7f\0", "malformed reference type"),
    /* a custom section without a name */
    MALFORMED(HEADER "\0\0", "unexpected end"),
};

static int decode(struct str bytes, struct arena *a, struct wasm_module **m, struct error *err)
{
    *a = ARENA_INIT(64 * MIB);
    return wasm_decode(bytes, a, m, err);
}

static void malformed_modules_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct arena a;
        struct wasm_module *m;
        struct error err = ERROR_INIT;
        if (decode(cases[i].bytes, &a, &m, &err) == 0)
            fail_msg("case %zu was accepted, instead of: %s", i, cases[i].message);
        if (err.kind != ERROR_INVALID || !strstr(error_message(&err), cases[i].message))
            fail_msg("case %zu: '%s' instead of '%s'", i, error_message(&err), cases[i].message);
        error_release(&err);
        arena_release(&a);
    }
}

/* Imports a function, defines another of the same type, with one local; a custom section. */
#define GOOD                                          \
    HEADER "\0\4\1xhi"                                \
           "\1\x0b\2\x60\1\x7f\1\x7e\x60\1\x7f\1\x7e" \
           "\2\7\1\1m\1f\0\0"                         \
           "\3\2\1\1"                                 \
           "\5\3\1\0\1"                               \
           "\7\5\1\1e\0\1"                            \
           "\x0a\x08\1\6\1\1\x7c\x42\5\x0b"           \
           "\x0b\7\1\0\x41\0\x0b\1z"

static void a_good_module_is_described(void **state)
{
    (void)state;
    struct arena a;
    struct wasm_module *m;
    struct error err = ERROR_INIT;
    assert_int_equal(decode(STR(GOOD), &a, &m, &err), 0);
    assert_int_equal(m->type_count, 2);
    assert_ptr_equal(m->types[0], m->types[1]); /* equal types are one */
    assert_int_equal(m->imported_funcs, 1);
    assert_int_equal(m->func_count, 2);
    assert_int_equal(m->funcs[0].local_count, 1);
    assert_int_equal(m->funcs[0].local_types[0], WASM_F64);
    assert_int_equal(m->funcs[0].body.end - m->funcs[0].body.start, 3);
    assert_int_equal(m->memories[0].min, 1);
    assert_false(m->memories[0].has_max);
    assert_true(str_is(m->customs[0].name, "x"));
    assert_true(str_is(m->customs[0].bytes, "hi"));
    assert_true(str_is(m->datas[0].bytes, "z"));
    assert_true(str_is(m->imports[0].module, "m"));
    const struct wasm_export *export = wasm_find_export(m, STR("e"));
    assert_non_null(export);
    assert_ptr_equal(wasm_export_type(m, export).func, m->types[0]);
    assert_null(wasm_find_export(m, STR("f")));
    assert_int_equal(m->sections[10].len, 8);
    assert_null(m->sections[8].ptr);
    arena_release(&a);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct str good = STR(GOOD);
    unsigned accepted = 0;
    for (size_t len = 0; len < good.len; len++) {
        struct arena a;
        struct wasm_module *m;
        struct error err = ERROR_INIT;
        /* a copy of its own, so that the sanitizer sees a read past the end */
        char *copy = malloc(len ? len : 1);
        memcpy(copy, good.ptr, len);
        accepted += decode(str_make(copy, len), &a, &m, &err) == 0;
        error_release(&err);
        arena_release(&a);
        free(copy);
    }
    /* whole sections may be missing: before and after the custom section, after the types and after
     * the imports (then there is no function left without a body), but not between 3 and 10 */
    assert_int_equal(accepted, 5);
}

static void features_that_are_not_there_are_named(void **state)
{
    (void)state;
    static const struct malformed unsupported[] = {
        MALFORMED(HEADER "\1\5\1\x60\1\x7b\0", "fixed-width SIMD"),
        MALFORMED(HEADER "\1\2\1\x5f", "garbage collection"),
        MALFORMED(HEADER "\5\3\1\4\1", "64-bit memories"),
        MALFORMED(HEADER "\5\4\1\3\1\1", "threads"),
        MALFORMED(HEADER "\x0d\3\1\0\0", "exception handling"),
    };
    for (size_t i = 0; i < countof(unsupported); i++) {
        struct arena a;
        struct wasm_module *m;
        struct error err = ERROR_INIT;
        assert_int_equal(decode(unsupported[i].bytes, &a, &m, &err), -1);
        assert_int_equal(err.kind, ERROR_UNSUPPORTED);
        assert_non_null(strstr(error_message(&err), unsupported[i].message));
        error_release(&err);
        arena_release(&a);
    }
}

/* A few bytes that ask for a million bytes of locals in each of many functions. */
static void locals_cannot_exhaust_memory(void **state)
{
    (void)state;
    struct buf bytes = BUF_INIT(MIB);
    enum { FUNCTIONS = 10000 };
    buf_append_str(&bytes, STR(HEADER "\1\4\1\x60\0\0"));
    struct buf section = BUF_INIT(MIB);
    buf_append_uleb(&section, FUNCTIONS);
    for (int i = 0; i < FUNCTIONS; i++)
        buf_append_byte(&section, 0);
    buf_append_byte(&bytes, 3);
    buf_append_uleb(&bytes, section.len);
    buf_append_str(&bytes, buf_str(&section));
    buf_clear(&section);
    buf_append_uleb(&section, FUNCTIONS);
    for (int i = 0; i < FUNCTIONS; i++) /* 50,000 locals each */
        buf_append_str(&section, STR("\6\1\xd0\x86\3\x7f\x0b"));
    buf_append_byte(&bytes, 10);
    buf_append_uleb(&bytes, section.len);
    buf_append_str(&bytes, buf_str(&section));

    struct arena a;
    struct wasm_module *m;
    struct error err = ERROR_INIT;
    assert_int_equal(decode(buf_str(&bytes), &a, &m, &err), -1);
    assert_int_equal(err.kind, ERROR_MEMORY);
    error_release(&err);
    arena_release(&a);
    buf_release(&section);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_modules_are_refused_by_name),
        cmocka_unit_test(a_good_module_is_described),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(features_that_are_not_there_are_named),
        cmocka_unit_test(locals_cannot_exhaust_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
