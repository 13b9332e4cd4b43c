#include "../unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/glob.h"

static const struct {
    const char *pattern, *path;
    bool stops, crosses; /* does it match, by what a star may take */
} rows[] = {
    {"a.py", "a.py", true, true},
    {"a.py", "a.pyc", false, false},
    {"*.py", "a.py", true, true},
    {"*.py", ".py", true, true},
    {"*.py", "x/a.py", false, true},
    {"*", "a/b", false, true},
    {"*/b", "a/b", true, true},
    {"*/b", "a/x/b", false, true},
    {"a*b*c", "aXbYbZc", true, true},
    {"a*b*c", "aXbYbZ", false, false},
    {"?", "a", true, true},
    {"?", "/", false, true},
    {"?", "", false, false},
    {"[ab]x", "bx", true, true},
    {"[a-c]x", "cx", true, true},
    {"[a-c]x", "dx", false, false},
    {"[!a-c]x", "dx", true, true},
    {"[!a-c]x", "ax", false, false},
    {"[]]", "]", true, true},
    {"[a", "[a", false, false},
    {"**", "a", true, true},
    {"**", "a/b/c", true, true},
    {"a/**", "a/b/c", true, true},
    {"a/**", "b/c", false, false},
    {"**/c", "c", true, true},
    {"**/c", "a/b/c", true, true},
    {"**/c", "a/bc", false, false},
    {"a/**/c", "a/c", true, true},
    {"a/**/c", "a/x/y/c", true, true},
    {"a/**/c", "ax/c", false, false},
    {"**/*.py", "a.py", true, true},
    {"**/*.py", "x/y/a.py", true, true},
    {"**/x/*.py", "a/x/b/x/c.py", true, true},
    {"**/x/*.py", "a/x/b/c.py", false, true},
    {"a/**/b/**/c", "a/b/b/x/b/c", true, true},
    {"", "", true, true},
    {"", "a", false, false},
};

static void matching(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str pattern = str_of(rows[i].pattern), path = str_of(rows[i].path);
        if (glob_match(pattern, path, GLOB_STAR_STOPS) != rows[i].stops ||
            glob_match(pattern, path, GLOB_STAR_CROSSES) != rows[i].crosses)
            fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].path);
    }
}

/* A pattern that tries every way would not end. */
static void many_stars(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'a', sizeof text);
    assert_false(glob_match(
        STR("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), str_make(text, sizeof text), GLOB_STAR_STOPS));
    for (size_t i = 1; i < sizeof text; i += 2)
        text[i] = '/';
    assert_false(glob_match(STR("**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b"),
        str_make(text, sizeof text), GLOB_STAR_STOPS));
}

static void problems(void **state)
{
    (void)state;
    assert_null(glob_problem(STR("a/**/[!x]*")));
    assert_null(glob_problem(STR("**")));
    assert_string_equal(glob_problem(STR("a[b")), "a `[` is not closed");
    assert_string_equal(
        glob_problem(STR("a**")), "`**` must be a whole part of the path, as in `a/**/b`");
    assert_string_equal(
        glob_problem(STR("**a")), "`**` must be a whole part of the path, as in `a/**/b`");
    assert_true(glob_is_pattern(STR("a?")));
    assert_false(glob_is_pattern(STR("a/b.c")));
}

/* ---- files ---- */

static char root[] = "/tmp/spindle-glob-XXXXXX";

static void put(const char *name)
{
    struct arena a = ARENA_INIT(1 << 20);
    struct error err = ERROR_INIT;
    const char *path = path_join(&a, root, name);
    assert_int_equal(file_make_dirs(path_dir(&a, path), 0755, &err), 0);
    assert_int_equal(file_write(path, STR("x"), 0644, &err), 0);
    arena_release(&a);
}

static int collect(void *data, struct str path, struct error *err)
{
    struct buf *found = data;
    if (str_is(path, "stop"))
        return error_set(err, ERROR_INVALID, "stopped");
    buf_printf(found, "%s%" STR_FMT, found->len ? " " : "", STR_ARG(path));
    return 0;
}

static void assert_found(const char *pattern, const char *expected)
{
    struct buf found = BUF_INIT(4096);
    struct error err = ERROR_INIT;
    assert_int_equal(glob_each(root, str_of(pattern), collect, &found, &err), 0);
    assert_string_equal(buf_cstr(&found), expected);
    buf_release(&found);
}

static int collect_folder(void *data, struct str path, struct error *err)
{
    (void)err;
    struct buf *found = data;
    buf_printf(found, "%s<%" STR_FMT ">", found->len ? " " : "", STR_ARG(path));
    return 0;
}

static void assert_folders(const char *pattern, const char *expected)
{
    struct buf found = BUF_INIT(4096);
    struct error err = ERROR_INIT;
    assert_int_equal(glob_each_folder(root, str_of(pattern), collect_folder, &found, &err), 0);
    assert_string_equal(buf_cstr(&found), expected);
    buf_release(&found);
}

static void files(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_non_null(mkdtemp(root));
    put("b.py");
    put("a.py");
    put(".hidden.py");
    put("d/e/f.py");
    put("d/g.txt");
    char path[64];
    snprintf(path, sizeof path, "%s/link", root);
    assert_int_equal(symlink("d", path), 0);
    snprintf(path, sizeof path, "%s/link.py", root);
    assert_int_equal(symlink("a.py", path), 0);
    snprintf(path, sizeof path, "%s/dangling.py", root);
    assert_int_equal(symlink("none", path), 0);
    assert_found("*.py", ".hidden.py a.py b.py link.py");
    assert_found("**/*.py", ".hidden.py a.py b.py d/e/f.py link.py");
    assert_found("d/**", "d/e/f.py d/g.txt");
    assert_found("d/*", "d/g.txt");
    assert_found("a.py", "a.py");
    assert_found("none/*", "");
    assert_folders("*.py", "<>");
    assert_folders("**/*.py", "<> <d> <d/e>");
    assert_folders("d/*", "<d>");
    assert_folders("d/*/f", "<d> <d/e>");
    assert_folders("none/*", "");
    put("stop");
    struct buf found = BUF_INIT(4096);
    assert_int_equal(glob_each(root, STR("*"), collect, &found, &err), -1);
    assert_string_equal(error_message(&err), "stopped");
    error_release(&err);
    buf_release(&found);
    file_remove_tree(root);
    assert_false(file_exists(root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matching),
        cmocka_unit_test(many_stars),
        cmocka_unit_test(problems),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
