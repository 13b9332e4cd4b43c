#include "../unit.h"

#include "component/names.h"

static void labels_are_kebab_case(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a-b-c", "a1-2-3", "A", "A-B", "m1x3d-4CR0NYMS"};
    static const char *const bad[] = {"", "1", "1-a", "a-", "-a", "a--b", "aB", "a_b", "a b", "é"};
    for (size_t i = 0; i < countof(good); i++)
        if (!name_is_label(str_of(good[i])))
            fail_msg("'%s' refused", good[i]);
    for (size_t i = 0; i < countof(bad); i++)
        if (name_is_label(str_of(bad[i])))
            fail_msg("'%s' accepted", bad[i]);
}

static void versions_are_semantic(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0.2.0", "1.2.3-rc.1", "1.2.3+build.05", "0.0.0-a-b.1+c", "123456.7890.488"};
    static const char *const bad[] = {"", "1", "1.2", "1.2.", "01.2.3", "1.2.3-", "1.2.3+",
        "1.2.3-01", "1.2.3-a..b", "1.2.3x", "99999999999999999999.0.0"};
    for (size_t i = 0; i < countof(good) + countof(bad); i++) {
        const char *text = i < countof(good) ? good[i] : bad[i - countof(good)];
        struct error err = ERROR_INIT;
        bool accepted = name_parse_version(str_of(text), &err) == 0;
        if (accepted != (i < countof(good)))
            fail_msg("'%s' %s", text, accepted ? "accepted" : "refused");
        error_release(&err);
    }
}

static void annotations_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum name_kind kind;
        const char *resource, *label;
    } cases[] = {{"handle", NAME_LABEL, "", "handle"},
        {"[constructor]fields", NAME_CONSTRUCTOR, "fields", "fields"},
        {"[method]fields.get", NAME_METHOD, "fields", "get"},
        {"[static]fields.from-list", NAME_STATIC, "fields", "from-list"},
        {"wasi:http/types@0.2.0", NAME_INTERFACE, "", ""}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct error err = ERROR_INIT;
        struct extern_name name = {0};
        assert_int_equal(name_parse(str_of(cases[i].text), &name, &err), 0);
        assert_int_equal(name.kind, cases[i].kind);
        assert_true(str_is(name.resource, cases[i].resource));
        assert_true(str_is(name.label, cases[i].label));
    }
}

/* The specification's own examples of strong uniqueness. */
static void names_must_differ_strongly(void **state)
{
    (void)state;
    static const char *const together[] = {
        "foo", "foo-bar", "[constructor]foo", "[method]foo.bar", "[static]foo.baz", "foo:bar/baz"};
    static const char *const clash[] = {"foo", "FOO", "foo-BAR", "[constructor]FOO",
        "[method]foo.BAR", "[static]foo.bar", "[method]foo.baz", "[method]foo.foo",
        "[static]foo-BAR.FOO-bar", "foo:bar/BAZ"};
    struct arena a = ARENA_INIT(1 << 20);
    struct map set;
    map_init(&set, &a);
    for (size_t i = 0; i < countof(together); i++) {
        struct error err = ERROR_INIT;
        assert_int_equal(name_set_add(&set, &a, str_of(together[i]), "name", &err), 0);
    }
    for (size_t i = 0; i < countof(clash); i++) {
        struct error err = ERROR_INIT;
        if (name_set_add(&set, &a, str_of(clash[i]), "name", &err) == 0)
            fail_msg("'%s' accepted", clash[i]);
        error_release(&err);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_kebab_case),
        cmocka_unit_test(versions_are_semantic),
        cmocka_unit_test(annotations_are_taken_apart),
        cmocka_unit_test(names_must_differ_strongly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
