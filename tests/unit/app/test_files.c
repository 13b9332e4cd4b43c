#include "../unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "app/files.h"
#include "base/file.h"

static char folder[] = "/tmp/spindle-files-XXXXXX";
static struct arena arena = ARENA_INIT(1 << 24);

static void put(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    const char *path = path_join(&arena, folder, name);
    assert_int_equal(file_make_dirs(path_dir(&arena, path), 0755, &err), 0);
    assert_int_equal(file_write(path, str_of(text), 0644, &err), 0);
}

/* A manifest whose component has these lines. */
static struct manifest *manifest_of(const char *lines)
{
    struct manifest *m;
    struct error err = ERROR_INIT;
    put("spin.toml", arena_printf(&arena,
                         "spin_manifest_version = 2\n[application]\nname = \"a\"\n"
                         "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"c\"\n"
                         "[component.c]\nsource = \"x\"\n%s\n",
                         lines));
    assert_int_equal(
        manifest_load(path_join(&arena, folder, "spin.toml"), MANIFEST_FOR_RUNNING, &m, &err), 0);
    return m;
}

static bool is_there(const char *root, const char *path)
{
    return file_exists(path_join(&arena, root, path));
}

static void copies(void **state)
{
    (void)state;
    struct manifest *m =
        manifest_of("files = [\"one\", \"d/*\", { source = \"d\", destination = \"/e\" }]\n"
                    "exclude_files = [\"d/no*\"]");
    struct app_options options = {.manifest = m, .temp_folder = path_join(&arena, folder, "t")};
    struct app_files files = {0};
    const struct wasi_preopen *preopens;
    size_t count;
    struct stat st;
    struct error err = ERROR_INIT;
    assert_int_equal(
        app_files_mount(&files, &options, &m->components[0], &arena, &preopens, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_string_equal(preopens[0].guest_path, "/");
    assert_false(preopens[0].writable);
    const char *root = preopens[0].host_path;
    assert_true(is_there(root, "one") && is_there(root, "d/yes") && is_there(root, "e/yes"));
    assert_true(is_there(root, "e/deep/x"));
    assert_false(is_there(root, "d/deep/x") || is_there(root, "d/no") || is_there(root, "e/no"));
    assert_int_equal(stat(path_join(&arena, root, "one"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0444);
    app_files_release(&files);
    assert_false(file_exists(root));
    assert_true(file_exists(options.temp_folder));
    manifest_free(m);
}

static void nothing_and_direct(void **state)
{
    (void)state;
    struct app_files files = {0};
    const struct wasi_preopen *preopens = NULL;
    size_t count = 7;
    struct error err = ERROR_INIT;
    struct manifest *m = manifest_of("");
    struct app_options options = {.manifest = m};
    assert_int_equal(
        app_files_mount(&files, &options, &m->components[0], &arena, &preopens, &count, &err), 0);
    assert_int_equal(count, 0);
    assert_null(files.folder);
    manifest_free(m);
    m = manifest_of("files = [\"d\", { source = \"d/deep\", destination = \"/x/\" }]");
    options = (struct app_options){.manifest = m, .direct_mounts = true};
    assert_int_equal(
        app_files_mount(&files, &options, &m->components[0], &arena, &preopens, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_string_equal(preopens[0].guest_path, "/d");
    assert_string_equal(preopens[1].guest_path, "/x");
    assert_string_equal(preopens[1].host_path, path_join(&arena, folder, "d/deep"));
    assert_null(files.folder);
    manifest_free(m);
}

static void what_leads_out(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "files = [\"../x\"]",
        "files = [\"d/../../x\"]",
        "files = [\"/etc/*\"]",
        "files = [{ source = \"d\", destination = \"/../x\" }]",
        "files = [{ source = \"d\", destination = \"/a/../../x\" }]",
        "files = [{ source = \"one\", destination = \"..\" }]",
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct app_files files = {0};
        const struct wasi_preopen *preopens;
        size_t count;
        struct error err = ERROR_INIT;
        struct manifest *m = manifest_of(rows[i]);
        struct app_options options = {.manifest = m, .temp_folder = folder};
        assert_int_equal(
            app_files_mount(&files, &options, &m->components[0], &arena, &preopens, &count, &err),
            -1);
        assert_non_null(strstr(error_message(&err), "spin.toml:9:"));
        error_release(&err);
        app_files_release(&files);
        manifest_free(m);
    }
}

static int start(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    put("one", "1");
    put("d/yes", "y");
    put("d/no", "n");
    put("d/deep/x", "x");
    return 0;
}

static int end(void **state)
{
    (void)state;
    file_remove_tree(folder);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies),
        cmocka_unit_test(nothing_and_direct),
        cmocka_unit_test(what_leads_out),
    };
    return cmocka_run_group_tests(tests, start, end);
}
