#include "../unit.h"

#include "base/limits.h"
#include "template/store.h"

#define FIELDS                                                    \
    "manifest_version = \"1\"\nid = \"t\"\ndescription = \"D\"\n" \
    "tags = [\"Http\", \"PY\"]\n"

static int read_text(struct arena *a, struct str text, struct template *ret, struct error *err)
{
    struct template_file *items = arena_alloc(a, 2 * sizeof *items);
    items[0] = (struct template_file){.path = STR("metadata/snippets/c.txt")};
    items[1] = (struct template_file){.path = STR("metadata/spin-template.toml"), .bytes = text};
    struct template_files files = {2, items};
    return template_read(a, "t", &files, ret, err);
}

static void every_field(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct error err = ERROR_INIT;
    struct template t;
    assert_int_equal(
        read_text(&a,
            STR(FIELDS
                "trigger_type = \"http\"\n"
                "[new_application]\nsupported = false\n"
                "[add_component]\nskip_files = [\"a\", \"b\"]\nskip_parameters = [\"z\"]\n"
                "[add_component.snippets]\ncomponent = \"c.txt\"\n"
                "[add_component.conditions.one]\n"
                "condition = { manifest_entry_exists = \"a.b\" }\nskip_snippets = [\"component\"]\n"
                "[parameters]\n"
                "z = { type = \"string\", prompt = \"Z\" }\n"
                "y = { type = \"string\", prompt = \"Y\", default = \"\", "
                "allowed_values = [\"1\", \"2\"] }\n"
                "[outputs]\nd = { action = \"create_dir\", path = \"x\", at = \"manifest\" }\n"),
            &t, &err),
        0);
    assert_true(str_is(t.id, "t") && str_is(t.description, "D"));
    assert_false(t.variants[TEMPLATE_NEW_APPLICATION].supported);
    const struct template_variant *add = &t.variants[TEMPLATE_ADD_COMPONENT];
    assert_true(add->supported);
    assert_int_equal(add->skip_files.count, 2);
    assert_true(str_is(add->snippets[SNIPPET_COMPONENT], "c.txt"));
    assert_int_equal(add->snippets[SNIPPET_VARIABLES].len, 0);
    assert_true(str_is(add->conditions[0].entry, "a.b"));
    assert_int_equal(t.parameter_count, 2);
    assert_true(str_is(t.parameters[0].name, "z") && !t.parameters[0].has_default);
    assert_true(t.parameters[1].has_default);
    assert_ptr_equal(template_parameter(&t, STR("y")), &t.parameters[1]);
    assert_null(template_parameter(&t, STR("x")));
    assert_true(t.outputs[0].beside_manifest);
    arena_release(&a);
}

static void tags(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct error err = ERROR_INIT;
    struct template t;
    struct str both[] = {STR("HTTP"), STR("py")}, other[] = {STR("http"), STR("rust")};
    assert_int_equal(read_text(&a, STR(FIELDS), &t, &err), 0);
    assert_true(t.variants[TEMPLATE_NEW_APPLICATION].supported);
    assert_false(t.variants[TEMPLATE_ADD_COMPONENT].supported);
    assert_true(template_has_tags(&t, &(struct template_strings){2, both}));
    assert_true(template_has_tags(&t, &(struct template_strings){0, NULL}));
    assert_false(template_has_tags(&t, &(struct template_strings){2, other}));
    arena_release(&a);
}

static void values(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct str allowed[] = {STR("/a"), STR("b")};
    struct template_parameter p = {.pattern = STR("^/"), .allowed = {2, allowed}};
    assert_int_equal(template_check_value(&p, STR("/a"), &err), 0);
    assert_int_equal(template_check_value(&p, STR("/c"), &err), -1);
    assert_string_equal(error_message(&err), "Input '/c' is not one of the allowed values (/a, b)");
    error_release(&err);
    assert_int_equal(template_check_value(&p, STR("b"), &err), -1);
    assert_string_equal(error_message(&err), "Input 'b' does not match pattern '^/'");
    error_release(&err);
    assert_int_equal(template_check_value(&p, STR("/\xff"), &err), -1);
    assert_string_equal(error_message(&err), "the value is not UTF-8 text");
    error_release(&err);
}

static void links(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct error err = ERROR_INIT;
    struct template t;
    struct template_file link = {.path = STR("content/x"), .kind = TEMPLATE_LINK};
    struct template_files files = {1, &link};
    assert_int_equal(template_read(&a, "t", &files, &t, &err), -1);
    assert_string_equal(
        error_message(&err), "'t/content/x' is a link; a template holds plain files only");
    error_release(&err);
    arena_release(&a);
}

static void what_is_no_text(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(MIB);
    struct error err = ERROR_INIT;
    struct template t;
    assert_int_equal(read_text(&a, STR("\xff"), &t, &err), -1);
    assert_int_equal(err.kind, ERROR_INVALID);
    error_release(&err);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(tags),
        cmocka_unit_test(values),
        cmocka_unit_test(links),
        cmocka_unit_test(what_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
