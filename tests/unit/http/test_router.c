#include "../unit.h"

#include "base/limits.h"
#include "http/router.h"

struct expectation {
    const char *path, *route, *rest, *value; /* route NULL: none */
};

static void check(const char *const *routes, const struct expectation *list, size_t count)
{
    struct arena a = ARENA_INIT(MIB);
    struct router r;
    router_init(&r, &a);
    for (; *routes; routes++)
        assert_null(router_add(&r, str_of(*routes), NULL));
    for (size_t i = 0; i < count; i++) {
        struct route_match match = {0};
        bool found = router_find(&r, str_of(list[i].path), &match);
        assert_int_equal(found, list[i].route != NULL);
        if (!found)
            continue;
        assert_true(str_is(match.route->raw, list[i].route));
        assert_true(str_is(match.rest, list[i].rest));
        if (list[i].value)
            assert_true(str_is(match.values[0], list[i].value));
    }
    arena_release(&a);
}

static void exact_and_wildcard(void **state)
{
    (void)state;
    static const char *const routes[] = {"/foo/...", "/bar", "/", NULL};
    static const struct expectation list[] = {
        {"/", "/", "", NULL},
        {"/foo", "/foo/...", "", NULL},
        {"/foo/", "/foo/...", "/", NULL},
        {"/foo/bar/baz", "/foo/...", "/bar/baz", NULL},
        {"/foo/bar/", "/foo/...", "/bar/", NULL},
        {"/foobar", NULL, "", NULL},
        {"/bar", "/bar", "", NULL},
        {"/bar/", "/bar", "", NULL},
        {"/bar/x", NULL, "", NULL},
        {"/x", NULL, "", NULL},
    };
    check(routes, list, countof(list));
}

static void precedence(void **state)
{
    (void)state;
    static const char *const routes[] = {
        "/...", "/users/...", "/users/:id", "/users/me", "/users/:id/posts/...", "/:any/x", NULL};
    static const struct expectation list[] = {
        {"/", "/...", "/", NULL},
        {"/other", "/...", "/other", NULL},
        {"/users", "/users/...", "", NULL},
        {"/users/me", "/users/me", "", NULL},
        {"/users/42", "/users/:id", "", "42"},
        {"/users/42/", "/users/:id", "", "42"},
        {"/users/42/posts", "/users/:id/posts/...", "", "42"},
        {"/users/me/posts/7", "/users/:id/posts/...", "/7", "me"},
        {"/users/42/other", "/users/...", "/42/other", NULL},
        {"/a/x", "/:any/x", "", "a"},
        {"//x", "/...", "//x", NULL},
    };
    check(routes, list, countof(list));
}

static void parameter_and_wildcard(void **state)
{
    (void)state;
    static const char *const routes[] = {"/users/:id/...", NULL};
    static const struct expectation list[] = {
        {"/users/42", "/users/:id/...", "", "42"},
        {"/users/42/", "/users/:id/...", "/", "42"},
        {"/users/", NULL, "", NULL},
    };
    check(routes, list, countof(list));
}

static void names_of_a_route(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct router r;
    struct route_match match;
    router_init(&r, &a);
    router_add(&r, STR("base/:Path_Seg/*"), NULL);
    router_add(&r, STR("/"), NULL);
    router_add(&r, STR("/end/"), NULL);
    assert_true(router_find(&r, STR("/base/x/y"), &match));
    assert_true(str_is(match.route->raw, "base/:Path_Seg/*"));
    assert_true(str_is(match.route->matched, "/base/:Path_Seg/..."));
    assert_true(str_is(match.route->prefix, "/base/:Path_Seg"));
    assert_true(str_is(match.route->parameters[0], "Path_Seg"));
    assert_true(router_find(&r, STR("/"), &match));
    assert_true(str_is(match.route->matched, ""));
    assert_true(router_find(&r, STR("/end"), &match));
    assert_true(str_is(match.route->matched, "/end"));
    arena_release(&a);
}

static void the_last_of_two_wins(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct router r;
    struct route_match match;
    int first, second;
    router_init(&r, &a);
    assert_null(router_add(&r, STR("/a/..."), &first));
    const struct route *replaced = router_add(&r, STR("/a/..."), &second);
    assert_non_null(replaced);
    assert_ptr_equal(replaced->value, &first);
    assert_true(router_find(&r, STR("/a/b"), &match));
    assert_ptr_equal(match.route->value, &second);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_and_wildcard),
        cmocka_unit_test(precedence),
        cmocka_unit_test(parameter_and_wildcard),
        cmocka_unit_test(names_of_a_route),
        cmocka_unit_test(the_last_of_two_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
