#include "folder.h"

#include "template/generate.h"

#define METADATA                                                                          \
    "manifest_version = \"1\"\nid = \"t\"\n[add_component]\nskip_files = [\"skipped\"]\n" \
    "[add_component.snippets]\ncomponent = \"c\"\napplication_trigger = \"t\"\n"          \
    "[add_component.conditions.x]\ncondition = { manifest_entry_exists = \"a.b\" }\n"     \
    "skip_files = [\"first\"]\nskip_snippets = [\"application_trigger\"]\n"

static const struct template_file items[] = {
    {.path = STR("content/.gitignore"), .bytes = STR("x")},
    {.path = STR("content/bad"), .bytes = STR("{{ }} {{ n }}")},
    {.path = STR("content/binary"), .bytes = STR("\xff{{ n }}")},
    {.path = STR("content/first"), .bytes = STR("")},
    {.path = STR("content/note.toml.tmpl"), .bytes = STR("a = \"{{ n }}\"")},
    {.path = STR("content/skipped"), .bytes = STR("{{ n }}")},
    {.path = STR("content/sub/text"), .bytes = STR("{% render 'p' %}{{ n }}")},
    {.path = STR("metadata/partials/p"), .bytes = STR("<p>")},
    {.path = STR("metadata/snippets/c"), .bytes = STR("[component.{{ id }}]\n")},
    {.path = STR("metadata/snippets/t"), .bytes = STR("[a]\nb = 1\n")},
    {.path = STR("metadata/spin-template.toml"), .bytes = STR(METADATA)},
};

static const struct liquid_variable values[] = {{STR("n"), STR("\"v\"")}, {STR("id"), STR("one")}};

struct fixture {
    struct folder folder;
    struct template template;
    struct template_manifest manifest;
    struct template_job job;
};

/* `manifest`: the text of spin.toml; NULL: a new application. */
static struct fixture *fixture_new(const char *manifest)
{
    struct fixture *x = calloc(1, sizeof *x);
    struct error err = ERROR_INIT;
    struct template_files files = {countof(items), items};
    assert_non_null(x);
    x->folder = folder_new();
    assert_int_equal(template_read(&x->folder.arena, "t", &files, &x->template, &err), 0);
    x->job = (struct template_job){
        .template = &x->template,
        .folder = folder_path(&x->folder, "out"),
        .value_count = countof(values),
        .values = values,
    };
    if (manifest) {
        folder_write(&x->folder, "spin.toml", str_of(manifest));
        assert_int_equal(template_manifest_load(&x->folder.arena,
                             folder_path(&x->folder, "spin.toml"), &x->manifest, &err),
            0);
        x->job.manifest = &x->manifest;
    }
    x->job.variant = template_variant_for(&x->folder.arena, &x->template,
        manifest ? TEMPLATE_ADD_COMPONENT : TEMPLATE_NEW_APPLICATION, x->job.manifest);
    return x;
}

static void fixture_free(struct fixture *x)
{
    if (x->job.manifest)
        template_manifest_release(&x->manifest);
    folder_release(&x->folder);
    free(x);
}

static void generate(struct fixture *x)
{
    struct error err = ERROR_INIT;
    if (template_generate(&x->job, &err) < 0)
        fail_msg("%s", error_message(&err));
}

static bool exists(struct fixture *x, const char *name)
{
    return file_exists(folder_path(&x->folder, name));
}

static void a_new_folder(void **state)
{
    (void)state;
    struct fixture *x = fixture_new(NULL);
    generate(x);
    folder_check(&x->folder, "out/bad", "{{ }} {{ n }}");
    folder_check(&x->folder, "out/binary", "\xff{{ n }}");
    folder_check(&x->folder, "out/note.toml", "a = \"\\\"v\\\"\"");
    folder_check(&x->folder, "out/skipped", "\"v\"");
    folder_check(&x->folder, "out/sub/text", "<p>\"v\"");
    assert_true(exists(x, "out/.gitignore"));
    fixture_free(x);
}

static void into_a_folder(void **state)
{
    (void)state;
    struct fixture *x = fixture_new(NULL);
    folder_write(&x->folder, "out/mine", STR("mine"));
    folder_write(&x->folder, "out/skipped", STR("old"));
    x->job.no_vcs = true;
    generate(x);
    folder_check(&x->folder, "out/mine", "mine");
    folder_check(&x->folder, "out/skipped", "\"v\"");
    assert_false(exists(x, "out/.gitignore"));
    fixture_free(x);
}

static void into_a_manifest(void **state)
{
    (void)state;
    struct fixture *x = fixture_new("[z]\n");
    generate(x);
    folder_check(&x->folder, "spin.toml", "[z]\n\n[component.one]\n\n[a]\nb = 1\n");
    assert_true(exists(x, "out/first") && !exists(x, "out/skipped"));
    fixture_free(x);
}

static void with_a_condition(void **state)
{
    (void)state;
    struct fixture *x = fixture_new("[a]\nb = 1\n");
    generate(x);
    folder_check(&x->folder, "spin.toml", "[a]\nb = 1\n\n[component.one]\n");
    assert_false(exists(x, "out/first") || exists(x, "out/skipped"));
    fixture_free(x);
}

static void nothing_is_written_when_it_fails(void **state)
{
    (void)state;
    const char *manifest = "[component.one]\n";
    struct fixture *x = fixture_new(manifest);
    struct error err = ERROR_INIT;
    assert_int_equal(template_generate(&x->job, &err), -1);
    error_release(&err);
    folder_check(&x->folder, "spin.toml", manifest);
    assert_false(exists(x, "out"));
    fixture_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_folder),
        cmocka_unit_test(into_a_folder),
        cmocka_unit_test(into_a_manifest),
        cmocka_unit_test(with_a_condition),
        cmocka_unit_test(nothing_is_written_when_it_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
