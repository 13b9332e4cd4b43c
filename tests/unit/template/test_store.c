#include "folder.h"

#include <dirent.h>
#include <unistd.h>

#include "template/store.h"

static struct template make(struct arena *a, const char *id, const char *content)
{
    struct error err = ERROR_INIT;
    struct template t;
    struct template_file *items = arena_alloc(a, 2 * sizeof *items);
    items[0] = (struct template_file){.path = STR("content/a"), .bytes = str_of(content)};
    items[1] = (struct template_file){.path = STR("metadata/spin-template.toml"),
        .bytes = str_of(arena_printf(a, "manifest_version = \"1\"\nid = \"%s\"\n", id))};
    struct template_files files = {2, items};
    assert_int_equal(template_read(a, "t", &files, &t, &err), 0);
    t.origin = STR("https://x/\"y\"");
    t.origin_is_git = true;
    return t;
}

static void check_content(
    struct folder *f, const struct template_store *s, const char *id, const char *expected)
{
    struct error err = ERROR_INIT;
    struct template t;
    assert_int_equal(template_store_get(&f->arena, s, str_of(id), &t, &err), 0);
    const struct template_file *file = template_files_find(&t.files, STR("content/a"));
    assert_non_null(file);
    assert_true(str_is(file->bytes, expected));
    assert_true(str_is(t.origin, "https://x/\"y\""));
    assert_true(t.origin_is_git);
}

/* The name of the one template's folder. */
static const char *only_folder(struct folder *f, const struct template_store *s)
{
    const char *name = NULL;
    DIR *dir = opendir(s->folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            name = arena_printf(&f->arena, "%s", entry->d_name);
    closedir(dir);
    assert_non_null(name);
    return name;
}

static void put_get_remove(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_store s = {.folder = folder_path(&f, "store")};
    struct template t, one = make(&f.arena, "one/../x", "1"), two = make(&f.arena, "one/../x", "2");
    int lock = template_store_lock(&s, &err);
    assert_true(lock >= 0);
    assert_int_equal(template_store_put(&s, &one, &err), 0);
    check_content(&f, &s, "one/../x", "1");
    /* What an interrupted change left is no hindrance. */
    const char *stage = arena_printf(&f.arena, "store/%s.stage/content/a", only_folder(&f, &s));
    folder_write(&f, stage, STR("old"));
    assert_int_equal(template_store_put(&s, &two, &err), 0);
    check_content(&f, &s, "one/../x", "2");
    assert_true(template_store_has(&f.arena, &s, STR("one/../x")));
    assert_int_equal(template_store_remove(&s, STR("one/../x"), &err), 0);
    assert_int_equal(template_store_get(&f.arena, &s, STR("one/../x"), &t, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    error_release(&err);
    assert_int_equal(template_store_remove(&s, STR("one/../x"), &err), -1);
    error_release(&err);
    fd_close(&lock);
    folder_release(&f);
}

static void an_installed_template_again(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_store s = {.folder = folder_path(&f, "store")};
    struct template one = make(&f.arena, "one", "1"), got;
    int lock = template_store_lock(&s, &err);
    assert_int_equal(template_store_put(&s, &one, &err), 0);
    assert_int_equal(template_store_get(&f.arena, &s, STR("one"), &got, &err), 0);
    assert_int_equal(template_store_put(&s, &got, &err), 0);
    check_content(&f, &s, "one", "1");
    fd_close(&lock);
    folder_release(&f);
}

static void listing(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_store s = {.folder = folder_path(&f, "store")};
    struct template_listing list;
    struct template z = make(&f.arena, "z", "1"), a = make(&f.arena, "a", "1");
    assert_int_equal(template_store_list(&f.arena, &s, &list, &err), 0);
    assert_int_equal(list.count, 1); /* there is no store: what is built in */
    int lock = template_store_lock(&s, &err);
    assert_int_equal(template_store_put(&s, &z, &err), 0);
    assert_int_equal(template_store_put(&s, &a, &err), 0);
    folder_write(&f, "store/broken/x", STR(""));
    folder_write(&f, "store/.hidden/x", STR(""));
    folder_write(&f, "store/y.stage/x", STR(""));
    folder_write(&f, "store/file", STR(""));
    assert_int_equal(template_store_list(&f.arena, &s, &list, &err), 0);
    assert_int_equal(list.count, 3);
    assert_true(str_is(list.items[0].id, "a"));
    assert_true(str_is(list.items[1].id, "http-py"));
    assert_true(str_is(list.items[2].id, "z"));
    assert_int_equal(list.fault_count, 1);
    assert_true(str_is(list.faults[0].name, "broken"));
    fd_close(&lock);
    folder_release(&f);
}

static void built_in(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_store s = {.folder = folder_path(&f, "store")};
    struct template t;
    assert_int_equal(template_store_get(&f.arena, &s, STR("http-py"), &t, &err), 0);
    assert_int_equal(t.parameter_count, 2);
    assert_true(str_is(t.parameters[1].value, "/..."));
    assert_non_null(template_files_find(&t.files, STR("content/.gitignore")));
    struct template mine = make(&f.arena, "http-py", "mine");
    int lock = template_store_lock(&s, &err);
    assert_int_equal(template_store_put(&s, &mine, &err), 0);
    check_content(&f, &s, "http-py", "mine");
    fd_close(&lock);
    folder_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_get_remove),
        cmocka_unit_test(an_installed_template_again),
        cmocka_unit_test(listing),
        cmocka_unit_test(built_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
