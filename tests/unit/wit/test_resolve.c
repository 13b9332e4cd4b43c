#include "../unit.h"

#include "wit/resolve.h"

static const char text[] = "package a:b@1.0.0;\n"
                           "interface types {\n"
                           "  resource file { open: static func(name: string) -> file; }\n"
                           "  type handle = file;\n"
                           "  record pair { one: u8, two: u64 }\n"
                           "  type bytes = list<u8>;\n"
                           "}\n"
                           "interface user {\n"
                           "  use types.{file, pair as two};\n"
                           "  give: func(f: file, by: borrow<file>) -> two;\n"
                           "  @unstable(feature = new) later: func();\n"
                           "}\n"
                           "world w { import user; }\n"
                           "world v { export user; }\n";

struct fixture {
    struct arena arena;
    struct wit_resolve resolve;
    const struct wit_package *package;
    struct error err;
};

static void resolve_text(struct fixture *f, const char *source, struct wit_features features)
{
    *f = (struct fixture){.arena = ARENA_INIT((size_t)64 << 20)};
    wit_resolve_init(&f->resolve, &f->arena, features);
    assert_int_equal(
        wit_resolve_add_text(&f->resolve, "t.wit", str_of(source), &f->package, &f->err), 0);
}

static void release(struct fixture *f)
{
    error_release(&f->err);
    arena_release(&f->arena);
}

static void uses_share_the_type_that_they_name(void **state)
{
    (void)state;
    struct fixture f;
    resolve_text(&f, text, (struct wit_features){0});
    const struct wit_interface *types = wit_resolve_interface(&f.resolve, STR("a:b/types@1.0.0"));
    const struct wit_interface *user = wit_resolve_interface(&f.resolve, STR("a:b/user@1.0.0"));
    assert_non_null(types);
    const struct wit_definition *file = types->types[0], *used = user->types[0];
    assert_int_equal(file->kind, WIT_DEFINES);
    assert_int_equal(used->kind, WIT_USES);
    assert_ptr_equal(used->type, file->type);
    assert_ptr_equal(used->resource, file->resource);
    assert_ptr_equal(wit_resolve_definition(&f.resolve, used->type), file);
    assert_ptr_equal(file->interface, types);
    const struct wit_func_type *give = &user->funcs[0]->type;
    assert_int_equal(give->params[0].type->kind, WIT_OWN);
    assert_int_equal(give->params[1].type->kind, WIT_BORROW);
    assert_ptr_equal(give->params[1].type->resource, file->resource);
    assert_ptr_equal(give->result, user->types[1]->target->type);
    assert_int_equal(give->result->size, 16);
    release(&f);
}

static void a_feature_switches_its_items_on(void **state)
{
    (void)state;
    static const char *const names[] = {"new"};
    struct fixture off, on;
    resolve_text(&off, text, (struct wit_features){0});
    resolve_text(&on, text, (struct wit_features){.names = names, .count = 1});
    struct str user = STR("a:b/user@1.0.0");
    assert_int_equal(wit_resolve_interface(&off.resolve, user)->func_count, 1);
    assert_int_equal(wit_resolve_interface(&on.resolve, user)->func_count, 2);
    release(&off);
    release(&on);
}

static void worlds_list_what_their_items_need(void **state)
{
    (void)state;
    struct fixture f;
    resolve_text(&f, text, (struct wit_features){0});
    const struct wit_world *world;
    assert_int_equal(wit_resolve_world(&f.resolve, f.package, STR("v"), &world, &f.err), 0);
    assert_int_equal(world->import_count, 1);
    assert_int_equal(world->export_count, 1);
    assert_string_equal(world->imports[0].name.ptr, "a:b/types@1.0.0");
    release(&f);
}

static void worlds_are_found_by_each_form_of_name(void **state)
{
    (void)state;
    static const char *const names[] = {"w", "a:b/w", "a:b/w@1.0.0"};
    struct fixture f;
    resolve_text(&f, text, (struct wit_features){0});
    const struct wit_world *world = NULL;
    for (size_t i = 0; i < countof(names); i++) {
        assert_int_equal(
            wit_resolve_world(&f.resolve, f.package, str_of(names[i]), &world, &f.err), 0);
        assert_string_equal(world->name.ptr[0] == 'w' ? "w" : "", "w");
    }
    release(&f);
}

static void a_world_that_is_not_there_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *message;
    } expected[] = {
        {"x", "World `x` not found in package `a:b@1.0.0`"},
        {"c:d/w", "unknown package `c:d`"},
        {"a:b/w@2.0.0", "unknown package `a:b@2.0.0`"},
        {"", "There are multiple worlds in `a:b@1.0.0`; one must be explicitly chosen:"
             "\n  a:b/w@1.0.0\n  a:b/v@1.0.0"},
        {"a:b:c", "world name:1:4: expected `/`, found `:`"},
    };
    struct fixture f;
    resolve_text(&f, text, (struct wit_features){0});
    for (size_t i = 0; i < countof(expected); i++) {
        const struct wit_world *world;
        assert_int_equal(
            wit_resolve_world(&f.resolve, f.package, str_of(expected[i].name), &world, &f.err), -1);
        assert_string_equal(error_message(&f.err), expected[i].message);
        error_release(&f.err);
    }
    release(&f);
}

static void versions_must_be_given_where_two_are_there(void **state)
{
    (void)state;
    struct fixture f;
    const struct wit_package *second;
    const struct wit_world *world;
    resolve_text(&f, text, (struct wit_features){0});
    assert_int_equal(wit_resolve_add_text(&f.resolve, "u.wit",
                         STR("package a:b@2.0.0; world w { import f: func(); }"), &second, &f.err),
        0);
    assert_int_equal(wit_resolve_world(&f.resolve, second, STR("a:b/w"), &world, &f.err), -1);
    assert_string_equal(error_message(&f.err), "package name `a:b` is available at both versions "
                                               "1.0.0 and 2.0.0 but which is not specified");
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uses_share_the_type_that_they_name),
        cmocka_unit_test(a_feature_switches_its_items_on),
        cmocka_unit_test(worlds_list_what_their_items_need),
        cmocka_unit_test(worlds_are_found_by_each_form_of_name),
        cmocka_unit_test(a_world_that_is_not_there_is_refused),
        cmocka_unit_test(versions_must_be_given_where_two_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
