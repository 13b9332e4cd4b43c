#include "folder.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "template/files_int.h"

static void paths(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a/b", ".a", "..a", "a/...", "a b"};
    static const char *const bad[] = {
        "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "./a", "a/."};
    char longest[PATH_MAX + 1];
    for (size_t i = 0; i < countof(good); i++)
        assert_true(template_path_is_inside(str_of(good[i])));
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(template_path_is_inside(str_of(bad[i])));
    assert_false(template_path_is_inside(STR("a\0b")));
    memset(longest, 'a', sizeof longest);
    assert_true(template_path_is_inside(str_make(longest, PATH_MAX - 1)));
    assert_false(template_path_is_inside(str_make(longest, PATH_MAX)));
}

static void a_folder(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_files files;
    folder_write(&f, "b/two", STR("2"));
    folder_write(&f, "b.txt", STR("\0\1"));
    folder_write(&f, "b/deep/er/three", STR(""));
    assert_int_equal(chmod(folder_path(&f, "b/two"), 0755), 0);
    assert_int_equal(symlink("/etc/passwd", folder_path(&f, "link")), 0);
    assert_int_equal(symlink("b", folder_path(&f, "folder-link")), 0);
    assert_int_equal(mkfifo(folder_path(&f, "pipe"), 0666), 0);
    assert_int_equal(template_files_read(&f.arena, f.path, &files, &err), 0);
    static const char *const expected[] = {
        "b.txt", "b/deep/er/three", "b/two", "folder-link", "link", "pipe"};
    assert_int_equal(files.count, countof(expected));
    for (size_t i = 0; i < files.count; i++)
        assert_true(str_is(files.items[i].path, expected[i]));
    assert_true(str_equal(files.items[0].bytes, STR("\0\1")));
    assert_false(files.items[0].executable);
    assert_true(files.items[2].executable);
    assert_int_equal(files.items[3].kind, TEMPLATE_LINK);
    assert_int_equal(files.items[4].kind, TEMPLATE_LINK);
    assert_int_equal(files.items[4].bytes.len, 0);
    assert_int_equal(files.items[5].kind, TEMPLATE_SPECIAL);
    struct template_files below = template_files_below(&f.arena, &files, STR("b"));
    assert_int_equal(below.count, 2);
    assert_true(str_is(below.items[1].path, "two"));
    assert_non_null(template_files_find(&below, STR("deep/er/three")));
    assert_null(template_files_find(&below, STR("deep")));
    folder_release(&f);
}

static void writing(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    const struct template_file items[] = {
        {.path = STR("a/b"), .bytes = STR("1"), .executable = true},
        {.path = STR("c"), .bytes = STR("2")},
    };
    struct template_files files = {countof(items), items}, again;
    const char *out = folder_path(&f, "out");
    assert_int_equal(template_files_write(&files, out, &err), 0);
    assert_int_equal(template_files_read(&f.arena, out, &again, &err), 0);
    assert_int_equal(again.count, 2);
    assert_true(again.items[0].executable && !again.items[1].executable);
    folder_check(&f, "out/a/b", "1");
    folder_release(&f);
}

static void limits(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_files files;
    folder_write(&f, "large/x", STR(""));
    assert_int_equal(truncate(folder_path(&f, "large/x"), LIMIT_TEMPLATE_BYTES + 1), 0);
    assert_int_equal(template_files_read(&f.arena, folder_path(&f, "large"), &files, &err), -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    char *deep = folder_path(&f, "deep");
    for (int i = 0; i < LIMIT_TEMPLATE_DEPTH + 2; i++)
        deep = path_join(&f.arena, deep, "d");
    assert_int_equal(file_make_dirs(deep, 0777, &err), 0);
    assert_int_equal(template_files_read(&f.arena, folder_path(&f, "deep"), &files, &err), -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    struct collecting c = {.arena = &f.arena, .from = "x"};
    struct template_file file = {.path = STR("x")};
    for (int i = 0; i < LIMIT_TEMPLATE_FILES; i++)
        assert_int_equal(collecting_add(&c, &file, &err), 0);
    assert_int_equal(collecting_add(&c, &file, &err), -1);
    assert_string_equal(error_message(&err), "'x' has more than 10000 files or 64 MiB");
    error_release(&err);
    assert_int_equal(collecting_finish(&c, &files, &err), -1);
    assert_string_equal(error_message(&err), "'x' has 'x' twice");
    error_release(&err);
    folder_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(a_folder),
        cmocka_unit_test(writing),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
