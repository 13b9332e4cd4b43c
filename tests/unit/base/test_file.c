#include "../unit.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

struct fixture {
    struct arena arena;
    char folder[32];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = ARENA_INIT(1 * MIB);
    snprintf(f->folder, sizeof f->folder, "spindle-file-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    file_remove_tree(f->folder);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static size_t count_entries(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

static void writes_and_reads_back(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct buf bytes = BUF_INIT(0);
    char *path = path_join(&f->arena, f->folder, "file");
    assert_int_equal(file_write(path, STR("first"), 0600, &err), 0);
    assert_int_equal(file_write(path, STR("second\0half"), 0600, &err), 0);
    assert_int_equal(file_read(path, 100, &bytes, &err), 0);
    assert_int_equal(bytes.len, 11);
    assert_memory_equal(bytes.data, "second\0half", 11);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_entries(f->folder), 1);
    buf_release(&bytes);
}

static void a_failed_write_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char *target = path_join(&f->arena, f->folder, "taken");
    assert_int_equal(file_make_dirs(path_join(&f->arena, target, "inner"), 0755, &err), 0);
    assert_int_equal(file_write(target, STR("x"), 0600, &err), -1);
    assert_int_equal(err.kind, ERROR_IO);
    error_release(&err);
    assert_int_equal(count_entries(f->folder), 1);
    assert_true(file_is_dir(target));
}

static void the_maximum_is_exact(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct buf bytes = BUF_INIT(0);
    char *path = path_join(&f->arena, f->folder, "ten");
    assert_int_equal(file_write(path, STR("0123456789"), 0600, &err), 0);
    assert_int_equal(file_read(path, 10, &bytes, &err), 0);
    assert_int_equal(file_read(path, 9, &bytes, &err), -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    /* A file that does not tell its size. */
    assert_int_equal(file_read("/proc/self/status", 10, &bytes, &err), -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    assert_int_equal(file_read("/proc/self/status", 64 * KIB, &bytes, &err), 0);
    assert_true(str_starts_with(buf_str(&bytes), STR("Name:")));
    buf_release(&bytes);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct buf bytes = BUF_INIT(0);
    char *absent = path_join(&f->arena, f->folder, "absent");
    assert_int_equal(file_read(absent, 10, &bytes, &err), -1);
    assert_int_equal(err.os_errno, ENOENT);
    assert_non_null(strstr(error_message(&err), "absent"));
    error_release(&err);
    assert_int_equal(file_read(f->folder, 10, &bytes, &err), -1);
    assert_int_equal(err.os_errno, EISDIR);
    error_release(&err);
    buf_release(&bytes);
}

static void makes_folders_with_their_parents(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char *deep = path_join(&f->arena, f->folder, "a/b/c");
    assert_int_equal(file_make_dirs(deep, 0700, &err), 0);
    assert_int_equal(file_make_dirs(deep, 0700, &err), 0);
    assert_true(file_is_dir(deep));
    char *file = path_join(&f->arena, f->folder, "file");
    assert_int_equal(file_write(file, STR(""), 0600, &err), 0);
    assert_true(file_exists(file) && !file_is_dir(file));
    assert_int_equal(file_make_dirs(file, 0700, &err), -1);
    error_release(&err);
    assert_int_equal(file_make_dirs(path_join(&f->arena, file, "x"), 0700, &err), -1);
    error_release(&err);
}

static void paths_are_joined_and_split(void **state)
{
    struct fixture *f = *state;
    struct arena *a = &f->arena;
    assert_string_equal(path_join(a, "a", "b"), "a/b");
    assert_string_equal(path_join(a, "a/", "b"), "a/b");
    assert_string_equal(path_join(a, "", "b"), "b");
    assert_string_equal(path_join(a, "a", "/b"), "/b");
    assert_string_equal(path_dir(a, "a/b/c"), "a/b");
    assert_string_equal(path_dir(a, "a"), ".");
    assert_string_equal(path_dir(a, "/a"), "/");
    assert_string_equal(path_name("a/b"), "b");
    assert_string_equal(path_name("b"), "b");
}

static void the_cache_follows_the_environment(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char *path = NULL;
    setenv("HOME", "/somewhere", 1);
    setenv("XDG_CACHE_HOME", "/cache", 1);
    assert_int_equal(path_user_cache(&f->arena, &path, &err), 0);
    assert_string_equal(path, "/cache/spindle");
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_int_equal(path_user_cache(&f->arena, &path, &err), 0);
    assert_string_equal(path, "/somewhere/.cache/spindle");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_int_equal(path_user_cache(&f->arena, &path, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    error_release(&err);
}

static void the_program_knows_its_folder(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char *folder = NULL;
    assert_int_equal(path_of_program(&f->arena, &folder, &err), 0);
    assert_true(file_exists(path_join(&f->arena, folder, "unit-base-test_file")));
}

static void copies(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct buf text = BUF_INIT(4 * MIB);
    struct stat st;
    const char *from = path_join(&f->arena, f->folder, "from");
    const char *to = path_join(&f->arena, f->folder, "to");
    char *large = malloc(3 * MIB);
    memset(large, 'x', 3 * MIB);
    assert_int_equal(file_write(from, str_make(large, 3 * MIB), 0644, &err), 0);
    assert_int_equal(file_write(to, STR("old"), 0444, &err), 0);
    assert_int_equal(file_copy(from, to, 0444, &err), 0);
    assert_int_equal(file_read(to, 4 * MIB, &text, &err), 0);
    assert_true(str_equal(buf_str(&text), str_make(large, 3 * MIB)));
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0444);
    buf_release(&text);
    free(large);
    assert_int_equal(file_copy("none", to, 0644, &err), -1);
    assert_string_equal(error_message(&err), "cannot open 'none': No such file or directory");
    error_release(&err);
    assert_true(file_exists(to));
}

/* What a link leads to is not the folder's. */
static void removes_a_folder_with_all_in_it(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    const char *kept = path_join(&f->arena, f->folder, "kept");
    const char *inner = path_join(&f->arena, f->folder, "tree/a/b");
    assert_int_equal(file_make_dirs(kept, 0755, &err), 0);
    assert_int_equal(file_make_dirs(inner, 0755, &err), 0);
    assert_int_equal(file_write(path_join(&f->arena, kept, "x"), STR("x"), 0644, &err), 0);
    assert_int_equal(file_write(path_join(&f->arena, inner, "x"), STR("x"), 0444, &err), 0);
    assert_int_equal(symlink("../../kept", path_join(&f->arena, f->folder, "tree/a/link")), 0);
    file_remove_tree(path_join(&f->arena, f->folder, "tree"));
    assert_int_equal(count_entries(f->folder), 1);
    assert_int_equal(count_entries(kept), 1);
    file_remove_tree("none");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(writes_and_reads_back),
        TEST(a_failed_write_leaves_nothing),
        TEST(the_maximum_is_exact),
        TEST(what_cannot_be_read_is_named),
        TEST(makes_folders_with_their_parents),
        TEST(copies),
        TEST(removes_a_folder_with_all_in_it),
        TEST(paths_are_joined_and_split),
        TEST(the_cache_follows_the_environment),
        TEST(the_program_knows_its_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
