#include "file.h"

#include <stdlib.h>
#include <string.h>

#include "roots.h"
#include "seal.h"

/* 1980-01-01, the first day that a zip archive can name. */
#define EMBEDDED_TIME ((uint64_t)315532800 * 1000000000)

static struct file initial[] = {
    [FILE_STDIN] = {.kind = FILE_INPUT},
    [FILE_STDOUT] = {.kind = FILE_OUTPUT, .flags = __WASI_FDFLAGS_APPEND},
    [FILE_STDERR] = {.kind = FILE_OUTPUT, .flags = __WASI_FDFLAGS_APPEND},
    [FILE_ROOT] = {.kind = FILE_DIRECTORY, .path = ""},
};
static struct file *files = initial;
static size_t file_count = sizeof initial / sizeof initial[0];
static bool is_sealed;

struct file *file_get(__wasi_fd_t fd)
{
    if (fd < 0 || (size_t)fd >= file_count || files[fd].kind <= FILE_RESERVED)
        return NULL;
    return &files[fd];
}

static bool grow(void)
{
    size_t count = file_count * 2;
    struct file *grown = malloc(count * sizeof *grown);
    if (grown == NULL)
        return false;
    memcpy(grown, files, file_count * sizeof *files);
    memset(grown + file_count, 0, (count - file_count) * sizeof *files);
    if (files != initial)
        free(files);
    files = grown;
    file_count = count;
    return true;
}

struct file *file_new(enum file_kind kind, __wasi_fd_t *ret_fd)
{
    size_t fd = FILE_FIRST_OPENED;
    while (fd < file_count && files[fd].kind != FILE_FREE)
        fd++;
    if (fd == file_count && !grow())
        return NULL;
    files[fd] = (struct file){.kind = kind};
    *ret_fd = (__wasi_fd_t)fd;
    return &files[fd];
}

bool file_unreserve(__wasi_fd_t fd)
{
    if (fd < 0 || (size_t)fd >= file_count || files[fd].kind != FILE_RESERVED)
        return false;
    files[fd].kind = FILE_FREE;
    return true;
}

static void drop_stream(struct file *file)
{
    if (!file->opened)
        return;
    if (file->kind == FILE_INPUT)
        import_wasi_io_streams_input_stream_drop(file->handle);
    else
        import_wasi_io_streams_output_stream_drop(file->handle);
    file->opened = false;
}

static void release_entries(struct file *file)
{
    for (uint32_t i = 0; i < file->entry_count; i++)
        free(file->entries[i].name);
    free(file->entries);
    file->entries = NULL;
    file->entry_count = 0;
    file->listed = false;
}

void file_close(struct file *file)
{
    switch (file->kind) {
    case FILE_INPUT:
    case FILE_OUTPUT:
        drop_stream(file);
        break;
    case FILE_EMBEDDED:
        if (file->owns_contents)
            free((void *)file->contents);
        break;
    case FILE_HOST:
        import_wasi_filesystem_types_descriptor_drop(file->handle);
        break;
    case FILE_DIRECTORY:
        release_entries(file);
        if (file - files != FILE_ROOT)
            free(file->path);
        break;
    case FILE_FREE:
    case FILE_DEAD:
    case FILE_RESERVED:
        break;
    }
    *file = (struct file){.kind = FILE_FREE};
}

uint32_t file_stream(struct file *file)
{
    if (!file->opened) {
        if (file->kind == FILE_INPUT)
            file->handle = import_wasi_cli_stdin_get_stdin();
        else if (file - files == FILE_STDOUT)
            file->handle = import_wasi_cli_stdout_get_stdout();
        else
            file->handle = import_wasi_cli_stderr_get_stderr();
        file->opened = true;
    }
    return file->handle;
}

uint8_t file_type_of_host(uint8_t descriptor_type)
{
    /* In the order of wasi:filesystem/types.descriptor-type. */
    static const uint8_t types[] = {
        __WASI_FILETYPE_UNKNOWN,
        __WASI_FILETYPE_BLOCK_DEVICE,
        __WASI_FILETYPE_CHARACTER_DEVICE,
        __WASI_FILETYPE_DIRECTORY,
        __WASI_FILETYPE_UNKNOWN,
        __WASI_FILETYPE_SYMBOLIC_LINK,
        __WASI_FILETYPE_REGULAR_FILE,
        __WASI_FILETYPE_SOCKET_STREAM,
    };
    return descriptor_type < sizeof types ? types[descriptor_type] : __WASI_FILETYPE_UNKNOWN;
}

void file_stat_embedded(uint64_t number, uint64_t size, bool directory, __wasi_filestat_t *ret_stat)
{
    *ret_stat = (__wasi_filestat_t){
        .dev = 1,
        .ino = number,
        .filetype = directory ? __WASI_FILETYPE_DIRECTORY : __WASI_FILETYPE_REGULAR_FILE,
        .nlink = 1,
        .size = size,
        .atim = EMBEDDED_TIME,
        .mtim = EMBEDDED_TIME,
        .ctim = EMBEDDED_TIME,
    };
}

/* Among the first `count`. */
static bool has_entry(const struct file *file, uint32_t count, const char *name, size_t len)
{
    for (uint32_t i = 0; i < count; i++) {
        if (file->entries[i].name_len == len && memcmp(file->entries[i].name, name, len) == 0)
            return true;
    }
    return false;
}

/* `name` is owned by the entry from here on, or freed. */
static bool add_entry(struct file *file, char *name, size_t len, uint8_t type)
{
    uint32_t count = file->entry_count;
    if (name != NULL && (count & (count - 1)) == 0) { /* full: 0, 1, 2, 4, 8 ... */
        size_t capacity = count == 0 ? 1 : (size_t)count * 2;
        struct directory_entry *grown = realloc(file->entries, capacity * sizeof *grown);
        if (grown == NULL) {
            free(name);
            return false;
        }
        file->entries = grown;
    }
    if (name == NULL)
        return false;
    file->entries[file->entry_count++] =
        (struct directory_entry){.name = name, .name_len = (uint32_t)len, .type = type};
    return true;
}

static bool list_embedded(struct file *file)
{
    size_t position = 0, len;
    const char *name;
    const struct vfs_file *embedded;
    while (vfs_next(file->path, file->path_len, &position, &name, &len, &embedded)) {
        char *copy = malloc(len + 1);
        if (copy != NULL)
            memcpy(copy, name, len);
        uint8_t type = embedded ? __WASI_FILETYPE_REGULAR_FILE : __WASI_FILETYPE_DIRECTORY;
        if (!add_entry(file, copy, len, type))
            return false;
    }
    return true;
}

/*
 * While the component is built, its directory lists what belongs to the application, and not what
 * building and serving leave there: else the second build would differ from the first.
 */
static bool comes_and_goes(const struct host_list *name)
{
    static const char component[] = ".wasm", bytecode[] = "__pycache__";
    enum { COMPONENT_LEN = sizeof component - 1, BYTECODE_LEN = sizeof bytecode - 1 };
    if (is_sealed || name->len == 0)
        return false;
    const uint8_t *end = name->data + name->len;
    return name->data[0] == '.' ||
           (name->len >= COMPONENT_LEN &&
               memcmp(end - COMPONENT_LEN, component, COMPONENT_LEN) == 0) ||
           (name->len == BYTECODE_LEN && memcmp(name->data, bytecode, BYTECODE_LEN) == 0);
}

/* result<option<directory-entry>, error-code> */
struct entry_result {
    uint8_t failed;
    union {
        uint8_t code;
        struct {
            uint8_t present;
            struct {
                uint8_t type;
                struct host_list name;
            } entry;
        };
    };
};

static __wasi_errno_t read_entries(struct file *file, uint32_t stream)
{
    uint32_t embedded_count = file->entry_count;
    for (;;) {
        struct entry_result result;
        import_wasi_filesystem_types_directory_entry_stream_read_directory_entry(
            stream, host_address(&result));
        if (result.failed)
            return host_errno(result.code);
        if (!result.present)
            return __WASI_ERRNO_SUCCESS;
        char *name = (char *)result.entry.name.data;
        if (comes_and_goes(&result.entry.name) ||
            has_entry(file, embedded_count, name, result.entry.name.len))
            host_list_free(&result.entry.name);
        else if (!add_entry(
                     file, name, result.entry.name.len, file_type_of_host(result.entry.type)))
            return __WASI_ERRNO_NOMEM;
    }
}

static __wasi_errno_t list_host(struct file *file)
{
    struct host_place place;
    if (!roots_locate(file->path, file->path_len, &place))
        return __WASI_ERRNO_SUCCESS;
    struct host_handle_result opened, stream;
    import_wasi_filesystem_types_descriptor_open_at(place.descriptor, 1, host_address(place.path),
        place.path_len, /* directory */ 2, /* read */ 1, host_address(&opened));
    if (opened.failed) /* then it is a directory of the VFS only */
        return file->entry_count > 0 ? __WASI_ERRNO_SUCCESS : host_errno(opened.code);
    import_wasi_filesystem_types_descriptor_read_directory(opened.handle, host_address(&stream));
    __wasi_errno_t error = host_errno(stream.code);
    if (!stream.failed) {
        error = read_entries(file, stream.handle);
        import_wasi_filesystem_types_directory_entry_stream_drop(stream.handle);
    }
    import_wasi_filesystem_types_descriptor_drop(opened.handle);
    return error;
}

__wasi_errno_t file_list(struct file *file)
{
    release_entries(file);
    if (!list_embedded(file))
        return __WASI_ERRNO_NOMEM;
    __wasi_errno_t error = list_host(file);
    file->listed = error == __WASI_ERRNO_SUCCESS;
    return error;
}

void libc_seal(void)
{
    for (size_t fd = 0; fd < file_count; fd++) {
        if (fd < FILE_ROOT) {
            drop_stream(&files[fd]);
        } else if (fd > FILE_ROOT && files[fd].kind > FILE_RESERVED) {
            file_close(&files[fd]);
            files[fd].kind = FILE_DEAD;
        }
    }
    roots_forget();
    is_sealed = true;
}
