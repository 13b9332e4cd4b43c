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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_places),
        cmocka_unit_test(tables_keep_the_documents_order),
        cmocka_unit_test(errors_show_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
