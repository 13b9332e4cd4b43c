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

static void remove_tree(struct arena *a, const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        char *inner = path_join(a, path, entry->d_name);
        if (unlink(inner) < 0)
            remove_tree(a, inner);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    remove_tree(&f->arena, f->folder);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(writes_and_reads_back),
        TEST(a_failed_write_leaves_nothing),
        TEST(the_maximum_is_exact),
        TEST(what_cannot_be_read_is_named),
        TEST(makes_folders_with_their_parents),
        TEST(paths_are_joined_and_split),
        TEST(the_cache_follows_the_environment),
        TEST(the_program_knows_its_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
