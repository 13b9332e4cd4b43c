#include "folder.h"

#include <archive.h>
#include <archive_entry.h>

#include "template/files.h"

static struct archive *writer_new(const char *path)
{
    struct archive *w = archive_write_new();
    archive_write_set_format_pax_restricted(w);
    archive_write_add_filter_gzip(w);
    assert_int_equal(archive_write_open_filename(w, path), ARCHIVE_OK);
    return w;
}

static void add(struct archive *w, const char *path, unsigned type, unsigned mode, struct str text)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, (mode_t)mode);
    archive_entry_set_size(entry, (la_int64_t)text.len);
    if (type == AE_IFLNK)
        archive_entry_set_symlink(entry, "/etc/passwd");
    assert_int_equal(archive_write_header(w, entry), ARCHIVE_OK);
    if (text.len)
        assert_int_equal(archive_write_data(w, text.ptr, text.len), text.len);
    archive_entry_free(entry);
}

static void unpacking(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_files files;
    const char *path = folder_path(&f, "a.tar");
    struct archive *w = writer_new(path);
    add(w, "./", AE_IFDIR, 0755, STR_EMPTY);
    add(w, "./b/", AE_IFDIR, 0755, STR_EMPTY);
    add(w, "./b/two", AE_IFREG, 0755, STR("2"));
    add(w, "a", AE_IFREG, 0644, STR("\0"));
    add(w, "link", AE_IFLNK, 0777, STR_EMPTY);
    add(w, "pipe", AE_IFIFO, 0666, STR_EMPTY);
    archive_write_free(w);
    assert_int_equal(template_files_unpack(&f.arena, path, &files, &err), 0);
    assert_int_equal(files.count, 4);
    assert_true(str_is(files.items[0].path, "a") && !files.items[0].executable);
    assert_true(str_is(files.items[1].path, "b/two") && files.items[1].executable);
    assert_true(str_is(files.items[1].bytes, "2"));
    assert_int_equal(files.items[2].kind, TEMPLATE_LINK);
    assert_int_equal(files.items[3].kind, TEMPLATE_SPECIAL);
    folder_release(&f);
}

static void refuse_path(const char *name)
{
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_files files;
    const char *path = folder_path(&f, "a.tar");
    struct archive *w = writer_new(path);
    add(w, name, AE_IFREG, 0644, STR("x"));
    archive_write_free(w);
    assert_int_equal(template_files_unpack(&f.arena, path, &files, &err), -1);
    assert_int_equal(err.kind, ERROR_INVALID);
    error_release(&err);
    folder_release(&f);
}

static void paths_that_leave(void **state)
{
    (void)state;
    refuse_path("../a");
    refuse_path("/a");
    refuse_path("a/../../b");
    refuse_path("a//b");
}

static void one_path_twice(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_files files;
    const char *path = folder_path(&f, "a.tar");
    struct archive *w = writer_new(path);
    add(w, "a", AE_IFREG, 0644, STR("x"));
    add(w, "./a", AE_IFREG, 0644, STR("y"));
    archive_write_free(w);
    assert_int_equal(template_files_unpack(&f.arena, path, &files, &err), -1);
    assert_int_equal(err.kind, ERROR_INVALID);
    error_release(&err);
    folder_release(&f);
}

static void folders_without_end(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct error err = ERROR_INIT;
    struct template_files files;
    const char *path = folder_path(&f, "a.tar");
    struct archive *w = writer_new(path);
    for (int i = 0; i < 2 * LIMIT_TEMPLATE_FILES + 1; i++)
        add(w, "a/", AE_IFDIR, 0755, STR_EMPTY);
    archive_write_free(w);
    assert_int_equal(template_files_unpack(&f.arena, path, &files, &err), -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    folder_release(&f);
}

/* Every cut and every changed byte of an archive is an error or files, never a crash. */
static void damaged(void **state)
{
    (void)state;
    struct folder f = folder_new();
    struct buf whole = BUF_INIT(0);
    struct error err = ERROR_INIT;
    const char *path = folder_path(&f, "a.tar");
    struct archive *w = archive_write_new();
    archive_write_set_format_pax(w);
    assert_int_equal(archive_write_open_filename(w, path), ARCHIVE_OK);
    add(w, "a/b", AE_IFREG, 0644, STR("some text"));
    archive_write_free(w);
    assert_int_equal(file_read(path, MIB, &whole, &err), 0);
    for (size_t i = 0; i < 1600 && i < whole.len; i++) {
        struct arena a = ARENA_INIT(GIB);
        struct template_files files;
        uint8_t kept = whole.data[i];
        whole.data[i] ^= 0x55;
        size_t len = i % 2 ? whole.len : i;
        assert_int_equal(file_write(path, str_make(whole.data, len), 0666, &err), 0);
        if (template_files_unpack(&a, path, &files, &err) < 0)
            error_release(&err);
        whole.data[i] = kept;
        arena_release(&a);
    }
    buf_release(&whole);
    folder_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacking),
        cmocka_unit_test(paths_that_leave),
        cmocka_unit_test(one_path_twice),
        cmocka_unit_test(folders_without_end),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
