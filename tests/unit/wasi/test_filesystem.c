/* wasi:filesystem through its wrappers, in a folder made for the test. */
#include "../fake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasi/filesystem_objects.h"

#define TYPES      wasi_filesystem_types_interface
#define STREAMS    wasi_io_streams_interface
#define CODE(name) WASI_FILESYSTEM_TYPES_ERROR_CODE_##name

static char root[64], outside[64];
static struct wasi_preopen preopens[2];
static struct wasi_config config = {.preopens = preopens, .preopen_count = 2};
static uint32_t folder, writable; /* descriptors of the two preopens: the same folder */

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int start(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/wasi-test-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(outside, sizeof(outside), "%s-outside", root);
    write_text(outside, "secret");
    assert_int_equal(chdir(root), 0);
    write_text("file", "contents");
    assert_int_equal(mkdir("dir", 0755), 0);
    write_text("dir/inner", "inside");
    assert_int_equal(symlink("dir/inner", "link"), 0);
    assert_int_equal(symlink(outside, "absolute"), 0);
    char escape[128];
    snprintf(escape, sizeof(escape), "../%s", outside + strlen("/tmp/"));
    assert_int_equal(symlink(escape, "escape"), 0);
    assert_int_equal(mkfifo("fifo", 0644), 0);
    preopens[0] = (struct wasi_preopen){"/", root, false};
    preopens[1] = (struct wasi_preopen){"/rw", root, true};
    fake_start(&config);
    fake_call(wasi_filesystem_preopens_interface, "get-directories", FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 2);
    uint32_t list = fake_u32(FAKE_AREA);
    folder = fake_u32(list);
    writable = fake_u32(list + 12);
    assert_true(str_is(fake_text(list + 4), "/"));
    assert_true(str_is(fake_text(list + 16), "/rw"));
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int stop(void **state)
{
    (void)state;
    fake_stop();
    assert_int_equal(chdir("/"), 0);
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    unlink(outside);
    return 0;
}

/* The error of a result at the area with this payload offset, or -1. */
static int result_error(uint32_t offset)
{
    return fake.memory[FAKE_AREA] ? fake.memory[FAKE_AREA + offset] : -1;
}

/* The descriptor, or minus 1 minus the error. */
static int64_t open_at(uint32_t at, const char *path, uint32_t open_flags, uint32_t flags)
{
    fake_call(TYPES, "[method]descriptor.open-at", at, 1, fake_put(str_of(path)), strlen(path),
        open_flags, flags, FAKE_AREA);
    return fake.memory[FAKE_AREA] ? -1 - (int64_t)fake.memory[FAKE_AREA + 4]
                                  : fake_u32(FAKE_AREA + 4);
}

static int open_error(uint32_t at, const char *path, uint32_t open_flags, uint32_t flags)
{
    int64_t result = open_at(at, path, open_flags, flags);
    return result < 0 ? (int)(-1 - result) : -1;
}

/* A function of a descriptor and one path that returns result<_, error-code>. */
static int at_path(const char *function, uint32_t at, const char *path)
{
    fake_call(TYPES, function, at, fake_put(str_of(path)), strlen(path), FAKE_AREA);
    return result_error(1);
}

static void reads_a_file(void **state)
{
    (void)state;
    uint32_t file = (uint32_t)open_at(folder, "file", 0, FILE_READ);
    fake_call(TYPES, "[method]descriptor.read", file, 4, 2, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    assert_true(str_is(fake_text(FAKE_AREA + 4), "nten"));
    assert_int_equal(fake.memory[FAKE_AREA + 12], 0);
    fake_call(TYPES, "[method]descriptor.read", file, 100, 4, FAKE_AREA);
    assert_true(str_is(fake_text(FAKE_AREA + 4), "ents"));
    assert_int_equal(fake.memory[FAKE_AREA + 12], 1);
    fake_call(TYPES, "[method]descriptor.stat", file, FAKE_AREA);
    assert_int_equal(
        fake.memory[FAKE_AREA + 8], WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_REGULAR_FILE);
    assert_int_equal(fake_u32(FAKE_AREA + 24), 8);
    fake_call(TYPES, "[method]descriptor.read-via-stream", file, 3, FAKE_AREA);
    uint32_t stream = fake_u32(FAKE_AREA + 4);
    fake_drop(file); /* the stream keeps the file */
    fake_call(STREAMS, "[method]input-stream.blocking-read", stream, 100, FAKE_AREA);
    assert_true(str_is(fake_text(FAKE_AREA + 4), "tents"));
    fake_call(STREAMS, "[method]input-stream.blocking-read", stream, 100, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
}

static void paths_stay_inside(void **state)
{
    (void)state;
    char up[128];
    snprintf(up, sizeof(up), "dir/../../%s", outside + strlen("/tmp/"));
    assert_int_equal(open_error(folder, up, 0, FILE_READ), CODE(NOT_PERMITTED));
    assert_int_equal(open_error(folder, outside, 0, FILE_READ), CODE(NOT_PERMITTED));
    assert_int_equal(open_error(folder, "..", 0, FILE_READ), CODE(NOT_PERMITTED));
    assert_int_equal(open_error(folder, "absolute", 0, FILE_READ), CODE(NOT_PERMITTED));
    assert_int_equal(open_error(folder, "escape", 0, FILE_READ), CODE(NOT_PERMITTED));
    assert_int_equal(open_error(folder, "dir/../file", 0, FILE_READ), -1);
    assert_int_equal(open_error(folder, "link", 0, FILE_READ), -1);
    assert_int_equal(open_error(folder, "fifo", 0, FILE_READ), CODE(NOT_PERMITTED));
    assert_int_equal(open_error(folder, "", 0, FILE_READ), CODE(NO_ENTRY));
    assert_int_equal(open_error(folder, "none", 0, FILE_READ), CODE(NO_ENTRY));
    assert_int_equal(open_error(folder, "file/x", 0, FILE_READ), CODE(NOT_DIRECTORY));
    fake_call(TYPES, "[method]descriptor.open-at", folder, 0, fake_put(STR("fi\0le")), 5, 0, 1,
        FAKE_AREA);
    assert_int_equal(result_error(4), CODE(INVALID));
    /* A folder that was opened is no way out either. */
    uint32_t dir = (uint32_t)open_at(folder, "dir", 2, FILE_READ);
    assert_int_equal(open_error(dir, "../file", 0, FILE_READ), CODE(NOT_PERMITTED));
    assert_int_equal(at_path("[method]descriptor.unlink-file-at", writable, ".."), CODE(INVALID));
    snprintf(up, sizeof(up), "../%s", outside + strlen("/tmp/"));
    assert_int_equal(
        at_path("[method]descriptor.unlink-file-at", writable, up), CODE(NOT_PERMITTED));
    assert_int_equal(access(outside, F_OK), 0);
}

static void walking_stays_inside(void **state)
{
    (void)state;
    int fd = open(root, O_RDONLY | O_DIRECTORY);
    static const struct {
        const char *path;
        int error;
    } cases[] = {{"file", 0}, {"dir//inner", 0}, {"dir/./inner", 0}, {"dir/", 0}, {".", 0},
        {"..", EPERM}, {"dir/../file", EPERM}, {"link", ELOOP}, {"escape", ELOOP},
        {"absolute", ELOOP}, {"file/", ENOTDIR}, {"none/x", ENOENT}};
    for (size_t i = 0; i < countof(cases); i++) {
        int result = open_beneath_walking(fd, cases[i].path, O_RDONLY | O_NONBLOCK, 0, true);
        if (result >= 0)
            close(result);
        if ((result < 0 ? -result : 0) != cases[i].error)
            fail_msg("%s: %d instead of %d", cases[i].path, result, cases[i].error);
    }
    close(fd);
}

static void nothing_is_written_without_permission(void **state)
{
    (void)state;
    assert_int_equal(open_error(folder, "file", 0, FILE_WRITE), CODE(NOT_PERMITTED));
    assert_int_equal(open_error(folder, "new", 1, FILE_READ), CODE(NOT_PERMITTED));
    assert_int_equal(open_error(folder, "file", 8, FILE_READ), CODE(NOT_PERMITTED));
    static const char *const changes[] = {"[method]descriptor.create-directory-at",
        "[method]descriptor.remove-directory-at", "[method]descriptor.unlink-file-at"};
    for (size_t i = 0; i < countof(changes); i++)
        assert_int_equal(at_path(changes[i], folder, "dir"), CODE(NOT_PERMITTED));
    uint32_t from = fake_put(STR("file"));
    fake_call(TYPES, "[method]descriptor.rename-at", folder, from, 4, folder, from, 4, FAKE_AREA);
    assert_int_equal(result_error(1), CODE(NOT_PERMITTED));
    fake_call(TYPES, "[method]descriptor.symlink-at", folder, from, 4, from, 4, FAKE_AREA);
    assert_int_equal(result_error(1), CODE(NOT_PERMITTED));
    uint32_t file = (uint32_t)open_at(folder, "file", 0, FILE_READ);
    fake_call(TYPES, "[method]descriptor.write", file, from, 4, 0, FAKE_AREA);
    assert_int_equal(result_error(8), CODE(BAD_DESCRIPTOR));
    fake_call(TYPES, "[method]descriptor.set-size", file, 0, FAKE_AREA);
    assert_int_equal(result_error(1), CODE(BAD_DESCRIPTOR));
    fake_call(TYPES, "[method]descriptor.write-via-stream", file, 0, FAKE_AREA);
    assert_int_equal(result_error(4), CODE(BAD_DESCRIPTOR));
}

static void writes_where_it_may(void **state)
{
    (void)state;
    int64_t opened = open_at(writable, "new", 1, FILE_READ | FILE_WRITE);
    assert_true(opened > 0);
    uint32_t file = (uint32_t)opened;
    fake_call(TYPES, "[method]descriptor.write", file, fake_put(STR("abcdef")), 6, 0, FAKE_AREA);
    assert_int_equal(result_error(8), -1);
    assert_int_equal(fake_u32(FAKE_AREA + 8), 6);
    fake_call(TYPES, "[method]descriptor.append-via-stream", file, FAKE_AREA);
    uint32_t stream = fake_u32(FAKE_AREA + 4);
    fake_call(STREAMS, "[method]output-stream.blocking-write-and-flush", stream,
        fake_put(STR("ghi")), 3, FAKE_AREA);
    fake_call(TYPES, "[method]descriptor.read", file, 100, 0, FAKE_AREA);
    assert_true(str_is(fake_text(FAKE_AREA + 4), "abcdefghi"));
    assert_int_equal(at_path("[method]descriptor.create-directory-at", writable, "dir/sub/"), -1);
    uint32_t from = fake_put(STR("new")), to = fake_put(STR("dir/sub/moved"));
    fake_call(
        TYPES, "[method]descriptor.rename-at", writable, from, 3, writable, to, 13, FAKE_AREA);
    assert_int_equal(result_error(1), -1);
    assert_int_equal(access("dir/sub/moved", F_OK), 0);
    assert_int_equal(
        at_path("[method]descriptor.remove-directory-at", writable, "dir/sub"), CODE(NOT_EMPTY));
    assert_int_equal(at_path("[method]descriptor.unlink-file-at", writable, "dir/sub/moved"), -1);
    assert_int_equal(at_path("[method]descriptor.remove-directory-at", writable, "dir/sub"), -1);
    fake_call(TYPES, "[method]descriptor.symlink-at", writable, fake_put(STR("/etc")), 4, from, 3,
        FAKE_AREA);
    assert_int_equal(result_error(1), CODE(NOT_PERMITTED));
}

static void reads_links_but_not_absolute_ones(void **state)
{
    (void)state;
    fake_call(TYPES, "[method]descriptor.readlink-at", folder, fake_put(STR("link")), 4, FAKE_AREA);
    assert_int_equal(result_error(4), -1);
    assert_true(str_is(fake_text(FAKE_AREA + 4), "dir/inner"));
    fake_call(
        TYPES, "[method]descriptor.readlink-at", folder, fake_put(STR("absolute")), 8, FAKE_AREA);
    assert_int_equal(result_error(4), CODE(NOT_PERMITTED));
    fake_call(TYPES, "[method]descriptor.readlink-at", folder, fake_put(STR("file")), 4, FAKE_AREA);
    assert_int_equal(result_error(4), CODE(INVALID));
}

static void stats_links_themselves_unless_followed(void **state)
{
    (void)state;
    uint32_t path = fake_put(STR("link"));
    fake_call(TYPES, "[method]descriptor.stat-at", folder, 0, path, 4, FAKE_AREA);
    assert_int_equal(
        fake.memory[FAKE_AREA + 8], WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_SYMBOLIC_LINK);
    fake_call(TYPES, "[method]descriptor.stat-at", folder, 1, path, 4, FAKE_AREA);
    assert_int_equal(
        fake.memory[FAKE_AREA + 8], WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_REGULAR_FILE);
}

static void lists_a_folder(void **state)
{
    (void)state;
    fake_call(TYPES, "[method]descriptor.read-directory", folder, FAKE_AREA);
    uint32_t stream = fake_u32(FAKE_AREA + 4);
    unsigned seen = 0;
    for (;;) {
        fake_call(TYPES, "[method]directory-entry-stream.read-directory-entry", stream, FAKE_AREA);
        assert_int_equal(fake.memory[FAKE_AREA], 0);
        if (fake.memory[FAKE_AREA + 4] == 0)
            break;
        struct str name = fake_text(FAKE_AREA + 12);
        assert_false(str_is(name, ".") || str_is(name, ".."));
        if (str_is(name, "dir"))
            assert_int_equal(
                fake.memory[FAKE_AREA + 8], WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_DIRECTORY);
        seen++;
    }
    assert_int_equal(seen, 6);
}

static void objects_are_told_apart(void **state)
{
    (void)state;
    uint32_t file = (uint32_t)open_at(folder, "file", 0, FILE_READ);
    uint32_t again = (uint32_t)open_at(writable, "file", 0, FILE_READ);
    uint32_t dir = (uint32_t)open_at(folder, "dir", 0, FILE_READ);
    union wasm_value same[2] = {{.i32 = file}, {.i32 = again}};
    union wasm_value other[2] = {{.i32 = file}, {.i32 = dir}};
    fake_call_slots(&TYPES, "[method]descriptor.is-same-object", same);
    fake_call_slots(&TYPES, "[method]descriptor.is-same-object", other);
    assert_int_equal(same[0].i32, 1);
    assert_int_equal(other[0].i32, 0);
    fake_call(TYPES, "[method]descriptor.metadata-hash", file, FAKE_AREA);
    fake_call(TYPES, "[method]descriptor.metadata-hash", again, FAKE_AREA + 32);
    assert_memory_equal(fake.memory + FAKE_AREA + 8, fake.memory + FAKE_AREA + 40, 16);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    while (readdir(all))
        count++;
    closedir(all);
    return count;
}

static void nothing_stays_open(void **state)
{
    (void)state;
    unsigned before = open_descriptors();
    uint32_t file = (uint32_t)open_at(folder, "file", 0, FILE_READ);
    fake_call(TYPES, "[method]descriptor.read-via-stream", file, 3, FAKE_AREA);
    uint32_t stream = fake_u32(FAKE_AREA + 4);
    assert_int_equal(open_descriptors(), before + 1);
    fake_drop(file);
    assert_int_equal(open_descriptors(), before + 1);
    fake_drop(stream);
    assert_int_equal(open_descriptors(), before);
    /* What a trap leaves behind is closed by the reset. */
    open_at(folder, "file", 0, FILE_READ);
    memset(fake.handles, 0, sizeof(fake.handles));
    wasi_context_reset(fake.context);
    assert_int_equal(open_descriptors(), before - 2); /* the two preopens' as well */
}

static void open_files_have_a_limit(void **state)
{
    (void)state;
    uint32_t path = fake_put(STR("file"));
    enum wasm_trap_kind trap = WASM_TRAP_NONE;
    int count = 0;
    while (trap == WASM_TRAP_NONE && count < 1000) {
        memset(fake.handles + 10, 0, sizeof(fake.handles) - 10 * sizeof(fake.handles[0]));
        trap = fake_try(
            TYPES, "[method]descriptor.open-at", folder, 1, path, 4, 0, FILE_READ, FAKE_AREA);
        count++;
    }
    assert_int_equal(trap, WASM_TRAP_COMPONENT);
    assert_true(count <= LIMIT_WASI_FILES);
}

static void hostile_values(void **state)
{
    (void)state;
    uint32_t path = fake_put(STR("file"));
    fake_traps(TYPES, "[method]descriptor.stat-at", folder, 0, path, FAKE_MEMORY, FAKE_AREA);
    fake_traps(TYPES, "[method]descriptor.advise", folder, 0, 0, 6, FAKE_AREA);
    fake_traps(TYPES, "[method]descriptor.set-times", folder, 3, 0, 0, 0, 0, 0, FAKE_AREA);
    /* Unknown flags are ignored. */
    fake_call(TYPES, "[method]descriptor.open-at", folder, 0xfffffffe, path, 4, 0xfffffff0,
        0xffffffc1, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    uint32_t file = fake_u32(FAKE_AREA + 4);
    union wasm_value slots[4] = {
        {.i32 = file}, {.i64 = UINT64_MAX}, {.i64 = UINT64_MAX}, {.i32 = FAKE_AREA}};
    assert_int_equal(fake_call_slots(&TYPES, "[method]descriptor.read", slots), 0);
    assert_int_equal(result_error(4), CODE(INVALID));
    char name[5000];
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    assert_int_equal(open_error(folder, name, 0, FILE_READ), CODE(NAME_TOO_LONG));
    name[300] = 0;
    assert_int_equal(open_error(folder, name, 0, FILE_READ), CODE(NAME_TOO_LONG));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_file),
        TEST(paths_stay_inside),
        TEST(walking_stays_inside),
        TEST(nothing_is_written_without_permission),
        TEST(writes_where_it_may),
        TEST(reads_links_but_not_absolute_ones),
        TEST(stats_links_themselves_unless_followed),
        TEST(lists_a_folder),
        TEST(objects_are_told_apart),
        TEST(nothing_stays_open),
        TEST(open_files_have_a_limit),
        TEST(hostile_values),
    };
    return cmocka_run_group_tests_name("wasi/filesystem", tests, NULL, NULL);
}
