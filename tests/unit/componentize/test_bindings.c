/* Every function that a world imports has a number; the encoder gets those that are wanted. */
#include "../unit.h"

#include "base/limits.h"
#include "componentize/bindings.h"

static const char text[] = "package a:b@1.0.0;\n"
                           "interface shapes {\n"
                           "  resource canvas { draw: func(x: u32); }\n"
                           "  area: func() -> u32;\n"
                           "}\n"
                           "interface users { use shapes.{canvas}; show: func(c: canvas); }\n"
                           "world w { import log: func(s: string); import users; }\n";

static void numbers_count_through_all_interfaces(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct arena arena = ARENA_INIT(16 * MIB);
    struct wit_resolve resolve;
    const struct wit_package *package;
    const struct wit_world *world;
    struct bindings b;
    const struct encode_binding *list;
    wit_resolve_init(&resolve, &arena, (struct wit_features){0});
    assert_int_equal(wit_resolve_add_text(&resolve, "w.wit", str_of(text), &package, &err), 0);
    assert_int_equal(wit_resolve_world(&resolve, package, STR("w"), &world, &err), 0);
    assert_int_equal(bindings_make(&arena, world, &b, &err), 0);
    assert_int_equal(b.interfaces.len, 3);
    assert_int_equal(b.count, 5);
    assert_string_equal(bindings_lines(&b, &b.interfaces.data[0]), "log\n");
    assert_true(str_is(b.interfaces.data[1].module, "a:b/shapes@1.0.0"));
    assert_string_equal(bindings_lines(&b, &b.interfaces.data[1]),
        "[method]canvas.draw\narea\n[resource-drop]canvas\n");
    assert_string_equal(bindings_lines(&b, &b.interfaces.data[2]), "show\n");
    b.interfaces.data[2].numbered = true;
    assert_int_equal(bindings_choose(&b, BINDINGS_USED, &list, &err), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(list[i].name.len, 0);
    assert_true(str_is(list[4].name, "show"));
    assert_true(str_is(list[4].module, "a:b/users@1.0.0"));
    assert_int_equal(bindings_choose(&b, BINDINGS_EARLY, &list, &err), 0);
    assert_int_equal(list[4].name.len, 0);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_count_through_all_interfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
