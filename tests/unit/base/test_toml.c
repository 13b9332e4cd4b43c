#include "../unit.h"

#include "base/limits.h"
#include "base/toml.h"

static struct toml_document parse(struct arena *a, const char *text)
{
    struct toml_document doc;
    struct error err = ERROR_INIT;
    assert_int_equal(toml_parse(a, "x.toml", str_of(text), &doc, &err), 0);
    return doc;
}

static void kinds_and_places(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct toml_document doc = parse(&a, "s = \"text\"\ni = -5\nf = 1.5\nb = true\nd = 2020-01-01\n"
                                         "  list = [1, \"two\"]\n[t.u]\nk = {x = 1}\n");
    static const struct {
        const char *key;
        enum toml_kind kind;
        uint32_t line, column; /* of the key */
    } expected[] = {{"s", TOML_STRING, 1, 1}, {"i", TOML_INTEGER, 2, 1}, {"f", TOML_FLOAT, 3, 1},
        {"b", TOML_BOOLEAN, 4, 1}, {"d", TOML_DATE, 5, 1}, {"list", TOML_ARRAY, 6, 3},
        {"t", TOML_TABLE, 7, 2}};
    assert_int_equal(doc.root->count, countof(expected));
    for (size_t i = 0; i < countof(expected); i++) {
        const struct toml_entry *entry = &doc.root->entries[i];
        assert_true(str_is(entry->key, expected[i].key));
        assert_int_equal(entry->value->kind, expected[i].kind);
        assert_int_equal(entry->line, expected[i].line);
        assert_int_equal(entry->column, expected[i].column);
    }
    assert_true(str_is(toml_get(doc.root, STR("s"))->string, "text"));
    assert_int_equal(toml_get(doc.root, STR("i"))->integer, -5);
    assert_int_equal(toml_get(doc.root, STR("b"))->integer, 1);
    assert_true(str_is(toml_get(doc.root, STR("list"))->entries[1].value->string, "two"));
    const struct toml_node *k =
        toml_get(toml_get(toml_get(doc.root, STR("t")), STR("u")), STR("k"));
    assert_int_equal(toml_get(k, STR("x"))->integer, 1);
    assert_null(toml_get(doc.root, STR("none")));
    assert_null(toml_get(k->entries[0].value, STR("not a table")));
    arena_release(&a);
}

/* Not the alphabet's. */
static void tables_keep_the_documents_order(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct toml_document doc = parse(&a, "[c.z]\nq=1\na=2\n[c.b]\n[c.m]\n[c.a]\n");
    const struct toml_node *c = toml_get(doc.root, STR("c"));
    const char *const order[] = {"z", "b", "m", "a"};
    assert_int_equal(c->count, countof(order));
    for (size_t i = 0; i < countof(order); i++)
        assert_true(str_is(c->entries[i].key, order[i]));
    assert_true(str_is(c->entries[0].value->entries[0].key, "q"));
    arena_release(&a);
}

static void errors_show_the_line(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct toml_document doc;
    struct error err = ERROR_INIT;
    assert_int_equal(toml_parse(&a, "x.toml", STR("a = 1\nb = \nc = 2\n"), &doc, &err), -1);
    assert_non_null(strstr(error_message(&err), "x.toml:2:5: TOML parse error: "));
    assert_non_null(strstr(error_message(&err), "\n  |\n2 | b = \n  |     ^"));
    error_release(&err);
    doc = parse(&a, "first = 1\nsecond = 2\n");
    assert_int_equal(toml_fail(&doc, 2, 1, 6, ERROR_INVALID, &err, "no %s", "good"), -1);
    assert_string_equal(
        error_message(&err), "x.toml:2:1: no good\n  |\n2 | second = 2\n  | ^^^^^^");
    error_release(&err);
    toml_fail(&doc, 99, 7, 6, ERROR_INVALID, &err, "past the end");
    assert_non_null(strstr(error_message(&err), "x.toml:99:7: past the end"));
    error_release(&err);
    arena_release(&a);
}

/* Where the parser's own promises to the compiler do not hold. */
static void texts_that_break_off(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[", "[\n", "[:", "a\xc3\x82", "a = 1 \xc3\x82", "[a] \xc3\x82"};
    struct arena a = ARENA_INIT(MIB);
    for (size_t i = 0; i < countof(texts); i++) {
        struct toml_document doc;
        struct error err = ERROR_INIT;
        assert_int_equal(toml_parse(&a, "x.toml", str_of(texts[i]), &doc, &err), -1);
        assert_int_equal(err.kind, ERROR_INVALID);
        error_release(&err);
    }
    arena_release(&a);
}

/* As deep as a text can make it: the parser, we and all destructors recurse. */
static void tables_in_tables(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(64 * MIB);
    struct buf text = BUF_INIT(MIB);
    struct toml_document doc;
    struct error err = ERROR_INIT;
    for (unsigned depth = 0; depth < 250; depth++) {
        for (unsigned part = 1; part < LIMIT_TOML_KEY_PARTS; part++)
            buf_append_cstr(&text, "a.");
        buf_append_cstr(&text, "a = {");
    }
    for (unsigned depth = 0; depth < 250; depth++)
        buf_append_byte(&text, '}');
    parse(&a, buf_cstr(&text));
    buf_clear(&text);
    for (unsigned part = 0; part < 300000; part++)
        buf_append_cstr(&text, "a.");
    assert_int_equal(toml_parse(&a, "x.toml", buf_str(&text), &doc, &err), -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(error_message(&err), "x.toml:1:33: a key has more than 16 parts"));
    error_release(&err);
    buf_release(&text);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_places),
        cmocka_unit_test(tables_keep_the_documents_order),
        cmocka_unit_test(errors_show_the_line),
        cmocka_unit_test(texts_that_break_off),
        cmocka_unit_test(tables_in_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
