/* guest/libc/vfs.c with an archive that guest/archive.py has made of tests/guest/files. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libc/vfs.h"

static uint8_t *archive;
static size_t archive_len;

static int read_archive(void **state)
{
    (void)state;
    FILE *file = fopen(ARCHIVE, "rb");
    assert_non_null(file);
    free(archive);
    archive = malloc(1 << 20);
    assert_non_null(archive);
    archive_len = fread(archive, 1, 1 << 20, file);
    fclose(file);
    return 0;
}

static int free_archive(void **state)
{
    (void)state;
    free(archive);
    return 0;
}

static enum vfs_kind find(const char *path, const struct vfs_file **ret_file)
{
    return vfs_find(path, strlen(path), ret_file);
}

static void damaged_archives_are_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < 12 + 24 * 5; len++)
        assert_false(vfs_mount(archive, len));
    archive[0] ^= 1;
    assert_false(vfs_mount(archive, archive_len));
    archive[0] ^= 1;
    archive[12] = archive[15] = 0xff; /* the first path's offset */
    assert_false(vfs_mount(archive, archive_len));
    archive[15] = 0;
    read_archive(NULL);
}

static void files_and_directories_are_found(void **state)
{
    (void)state;
    const struct vfs_file *file;
    assert_true(vfs_mount(archive, archive_len));
    assert_int_equal(find("root/a.py", &file), VFS_FILE);
    assert_int_equal(file->size, 6);
    assert_int_equal(find("root/package/sub/mod.py", &file), VFS_FILE);
    assert_int_equal(find("", &file), VFS_DIRECTORY);
    assert_int_equal(find("root", &file), VFS_DIRECTORY);
    assert_int_equal(find("root/package", &file), VFS_DIRECTORY);
    assert_int_equal(find("root/package/sub", &file), VFS_DIRECTORY);
    assert_int_equal(find("root/pack", &file), VFS_ABSENT);
    assert_int_equal(find("root/a.py/x", &file), VFS_ABSENT);
    assert_int_equal(find("root/zzz", &file), VFS_ABSENT);
    assert_int_equal(find("root/left_out", &file), VFS_ABSENT);
}

static void contents_are_those_of_the_files(void **state)
{
    (void)state;
    const struct vfs_file *file;
    bool owned;
    assert_int_equal(find("root/package/__init__.py", &file), VFS_FILE);
    assert_int_equal(file->packing, VFS_DEFLATED);
    const uint8_t *contents = vfs_contents(file, &owned);
    assert_true(owned);
    assert_memory_equal(contents, "# the same line", 15);
    assert_memory_equal(contents + file->size - 6, "again\n", 6);
    free((void *)contents);
    assert_int_equal(find("root/a.py", &file), VFS_FILE);
    assert_memory_equal(vfs_contents(file, &owned), "x = 1\n", 6);
}

static void names_of(const char *directory, char *out)
{
    size_t position = 0, len;
    const char *name;
    const struct vfs_file *file;
    while (vfs_next(directory, strlen(directory), &position, &name, &len, &file)) {
        out += sprintf(out, "%.*s%s ", (int)len, name, file ? "" : "/");
    }
}

static void directories_list_each_name_once(void **state)
{
    (void)state;
    char names[200] = "";
    names_of("root", names);
    assert_string_equal(names, "a.py package-data.txt package.txt package/ ");
    names_of("root/package", names);
    assert_string_equal(names, "__init__.py sub/ ");
    names_of("", names);
    assert_string_equal(names, "root/ ");
    names[0] = '\0';
    names_of("root/a.py", names);
    assert_string_equal(names, "");
}

static void added_files_do_not_replace_others(void **state)
{
    (void)state;
    const struct vfs_file *file;
    bool owned;
    assert_true(vfs_add("app/x.py", 8, (const uint8_t *)"one", 3));
    assert_true(vfs_add("app/x.py", 8, (const uint8_t *)"two", 3));
    assert_true(vfs_add("aaa", 3, (const uint8_t *)"", 0));
    assert_int_equal(find("app/x.py", &file), VFS_FILE);
    assert_memory_equal(vfs_contents(file, &owned), "one", 3);
    assert_int_equal(find("root/a.py", &file), VFS_FILE);
}

static void discarded_files_are_gone(void **state)
{
    (void)state;
    const struct vfs_file *file;
    assert_int_equal(find("root/a.py", &file), VFS_FILE);
    const uint8_t *data = file->data;
    vfs_discard("root/a.py", 9);
    assert_int_equal(find("root/a.py", &file), VFS_ABSENT);
    assert_memory_equal(data, "\0\0\0\0\0\0", 6);
    assert_int_equal(find("root/package", &file), VFS_DIRECTORY);
    vfs_discard("root/a.py", 9);
}

static void damaged_contents_are_noticed(void **state)
{
    (void)state;
    const struct vfs_file *file;
    bool owned;
    assert_int_equal(find("root/package/__init__.py", &file), VFS_FILE);
    struct vfs_file damaged = *file;
    damaged.size--;
    assert_null(vfs_contents(&damaged, &owned));
    damaged.size += 2;
    assert_null(vfs_contents(&damaged, &owned));
    damaged.size--;
    damaged.packed_len--;
    assert_null(vfs_contents(&damaged, &owned));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_archives_are_refused),
        cmocka_unit_test(files_and_directories_are_found),
        cmocka_unit_test(contents_are_those_of_the_files),
        cmocka_unit_test(directories_list_each_name_once),
        cmocka_unit_test(added_files_do_not_replace_others),
        cmocka_unit_test(damaged_contents_are_noticed),
        cmocka_unit_test(discarded_files_are_gone),
    };
    return cmocka_run_group_tests(tests, read_archive, free_archive);
}
