/* Preview 1: functions on open files. */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "preview1.h"
#include "stat.h"

/* A read of a host file or stream asks for at most this many bytes. */
enum { READ_MAX = 1 << 20 };

struct transfer {
    const __wasi_iovec_t *vectors;
    uint32_t count;
};

static size_t copy_in(const struct transfer *to, const uint8_t *data, size_t len)
{
    size_t done = 0;
    for (uint32_t i = 0; i < to->count && done < len; i++) {
        size_t part = to->vectors[i].buf_len;
        if (part > len - done)
            part = len - done;
        memcpy(to->vectors[i].buf, data + done, part);
        done += part;
    }
    return done;
}

static size_t room(const struct transfer *to)
{
    size_t total = 0;
    for (uint32_t i = 0; i < to->count && total < READ_MAX; i++)
        total += to->vectors[i].buf_len;
    return total < READ_MAX ? total : READ_MAX;
}

static size_t read_embedded(const struct file *file, uint64_t offset, const struct transfer *to)
{
    if (offset >= file->size)
        return 0;
    return copy_in(to, file->contents + offset, file->size - (size_t)offset);
}

/* result<tuple<list<u8>, bool>, error-code> */
struct read_result {
    uint8_t failed;
    union {
        uint8_t code;
        struct {
            struct host_list bytes;
            uint8_t at_end;
        };
    };
};

static __wasi_errno_t read_host(
    const struct file *file, uint64_t offset, const struct transfer *to, size_t *ret_len)
{
    struct read_result result;
    import_wasi_filesystem_types_descriptor_read(
        file->handle, room(to), offset, host_address(&result));
    if (result.failed)
        return host_errno(result.code);
    *ret_len = copy_in(to, result.bytes.data, result.bytes.len);
    host_list_free(&result.bytes);
    return __WASI_ERRNO_SUCCESS;
}

static __wasi_errno_t read_stream(struct file *file, const struct transfer *to, size_t *ret_len)
{
    struct host_stream_result result;
    import_wasi_io_streams_input_stream_blocking_read(
        file_stream(file), room(to), host_address(&result));
    if (result.failed) {
        *ret_len = 0;
        return host_stream_closed(&result) ? __WASI_ERRNO_SUCCESS : __WASI_ERRNO_IO;
    }
    *ret_len = copy_in(to, result.list.data, result.list.len);
    host_list_free(&result.list);
    return __WASI_ERRNO_SUCCESS;
}

static __wasi_errno_t read_at(
    struct file *file, uint64_t offset, const struct transfer *to, size_t *ret_len)
{
    *ret_len = 0;
    switch (file->kind) {
    case FILE_INPUT:
        return read_stream(file, to, ret_len);
    case FILE_EMBEDDED:
        *ret_len = read_embedded(file, offset, to);
        return __WASI_ERRNO_SUCCESS;
    case FILE_HOST:
        return read_host(file, offset, to, ret_len);
    case FILE_DIRECTORY:
        return __WASI_ERRNO_ISDIR;
    default:
        return __WASI_ERRNO_BADF;
    }
}

static __wasi_errno_t write_host(
    const struct file *file, uint64_t offset, const __wasi_iovec_t *from, size_t *ret_len)
{
    struct host_size_result result;
    import_wasi_filesystem_types_descriptor_write(
        file->handle, host_address(from->buf), from->buf_len, offset, host_address(&result));
    if (result.failed)
        return host_errno(result.code);
    *ret_len = (size_t)result.size;
    return __WASI_ERRNO_SUCCESS;
}

static __wasi_errno_t write_part(
    struct file *file, uint64_t offset, const __wasi_iovec_t *from, size_t *ret_len)
{
    *ret_len = 0;
    if (file->kind == FILE_HOST)
        return write_host(file, offset, from, ret_len);
    if (file->kind != FILE_OUTPUT)
        return __WASI_ERRNO_BADF;
    if (!host_stream_write(file_stream(file), from->buf, from->buf_len))
        return __WASI_ERRNO_PIPE;
    *ret_len = from->buf_len;
    return __WASI_ERRNO_SUCCESS;
}

static __wasi_errno_t write_at(
    struct file *file, uint64_t offset, const struct transfer *from, size_t *ret_len)
{
    *ret_len = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        size_t done;
        __wasi_errno_t error = write_part(file, offset + *ret_len, &from->vectors[i], &done);
        if (error != __WASI_ERRNO_SUCCESS)
            return *ret_len > 0 ? __WASI_ERRNO_SUCCESS : error;
        *ret_len += done;
        if (done < from->vectors[i].buf_len)
            break;
    }
    return __WASI_ERRNO_SUCCESS;
}

/* record descriptor-stat in its result, of which the size alone is wanted here */
static __wasi_errno_t host_size(const struct file *file, uint64_t *ret_size)
{
    struct host_stat_result result;
    import_wasi_filesystem_types_descriptor_stat(file->handle, host_address(&result));
    if (result.failed)
        return host_errno(result.code);
    *ret_size = result.stat.size;
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(fd_read)(int32_t fd, int32_t vectors, int32_t count, int32_t ret_len)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    struct transfer to = {AT(const __wasi_iovec_t, vectors), (uint32_t)count};
    size_t done;
    __wasi_errno_t error = read_at(file, file->position, &to, &done);
    if (error == __WASI_ERRNO_SUCCESS)
        file->position += done;
    *AT(uint32_t, ret_len) = (uint32_t)done;
    return error;
}

int32_t PREVIEW1(fd_pread)(
    int32_t fd, int32_t vectors, int32_t count, int64_t offset, int32_t ret_len)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    struct transfer to = {AT(const __wasi_iovec_t, vectors), (uint32_t)count};
    size_t done;
    __wasi_errno_t error =
        file->kind == FILE_INPUT ? __WASI_ERRNO_SPIPE : read_at(file, (uint64_t)offset, &to, &done);
    if (error == __WASI_ERRNO_SUCCESS)
        *AT(uint32_t, ret_len) = (uint32_t)done;
    return error;
}

int32_t PREVIEW1(fd_write)(int32_t fd, int32_t vectors, int32_t count, int32_t ret_len)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    if (file->kind == FILE_HOST && file->flags & __WASI_FDFLAGS_APPEND) {
        __wasi_errno_t failed = host_size(file, &file->position);
        if (failed != __WASI_ERRNO_SUCCESS)
            return failed;
    }
    struct transfer from = {AT(const __wasi_iovec_t, vectors), (uint32_t)count};
    size_t done;
    __wasi_errno_t error = write_at(file, file->position, &from, &done);
    file->position += done;
    *AT(uint32_t, ret_len) = (uint32_t)done;
    return error;
}

int32_t PREVIEW1(fd_pwrite)(
    int32_t fd, int32_t vectors, int32_t count, int64_t offset, int32_t ret_len)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    if (file->kind == FILE_OUTPUT)
        return __WASI_ERRNO_SPIPE;
    struct transfer from = {AT(const __wasi_iovec_t, vectors), (uint32_t)count};
    size_t done;
    __wasi_errno_t error = write_at(file, (uint64_t)offset, &from, &done);
    *AT(uint32_t, ret_len) = (uint32_t)done;
    return error;
}

int32_t PREVIEW1(fd_seek)(int32_t fd, int64_t delta, int32_t whence, int32_t ret_position)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    if (file->kind != FILE_EMBEDDED && file->kind != FILE_HOST)
        return __WASI_ERRNO_SPIPE;
    uint64_t base = 0;
    if (whence == __WASI_WHENCE_CUR) {
        base = file->position;
    } else if (whence == __WASI_WHENCE_END && file->kind == FILE_EMBEDDED) {
        base = file->size;
    } else if (whence == __WASI_WHENCE_END) {
        __wasi_errno_t error = host_size(file, &base);
        if (error != __WASI_ERRNO_SUCCESS)
            return error;
    }
    int64_t position;
    if (__builtin_add_overflow((int64_t)base, delta, &position) || position < 0)
        return __WASI_ERRNO_INVAL;
    file->position = (uint64_t)position;
    *AT(uint64_t, ret_position) = file->position;
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(fd_tell)(int32_t fd, int32_t ret_position)
{
    return PREVIEW1(fd_seek)(fd, 0, __WASI_WHENCE_CUR, ret_position);
}

int32_t PREVIEW1(fd_close)(int32_t fd)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    file_close(file);
    return __WASI_ERRNO_SUCCESS;
}

static uint8_t file_type(const struct file *file)
{
    switch (file->kind) {
    case FILE_DIRECTORY:
        return __WASI_FILETYPE_DIRECTORY;
    case FILE_EMBEDDED:
    case FILE_HOST:
        return __WASI_FILETYPE_REGULAR_FILE;
    default:
        return __WASI_FILETYPE_UNKNOWN;
    }
}

int32_t PREVIEW1(fd_fdstat_get)(int32_t fd, int32_t ret_stat)
{
    const struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    *AT(__wasi_fdstat_t, ret_stat) = (__wasi_fdstat_t){
        .fs_filetype = file_type(file),
        .fs_flags = file->flags,
        .fs_rights_base = ~(uint64_t)0,
        .fs_rights_inheriting = ~(uint64_t)0,
    };
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(fd_fdstat_set_flags)(int32_t fd, int32_t flags)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    file->flags = (uint16_t)flags;
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(fd_filestat_get)(int32_t fd, int32_t ret_stat)
{
    const struct file *file = file_get(fd);
    __wasi_filestat_t *stat = AT(__wasi_filestat_t, ret_stat);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    switch (file->kind) {
    case FILE_EMBEDDED:
        file_stat_embedded(file->number, file->size, false, stat);
        return __WASI_ERRNO_SUCCESS;
    case FILE_HOST:
        return host_stat(file->handle, stat);
    case FILE_DIRECTORY:
        return path_stat(file->path, file->path_len, true, stat);
    default:
        memset(stat, 0, sizeof *stat);
        stat->filetype = file_type(file);
        return __WASI_ERRNO_SUCCESS;
    }
}

/* A file of the host that may be changed, or why not. */
static __wasi_errno_t writable(int32_t fd, struct file **ret_file)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    *ret_file = file;
    if (file->kind == FILE_EMBEDDED)
        return __WASI_ERRNO_ROFS;
    return file->kind == FILE_HOST ? __WASI_ERRNO_SUCCESS : __WASI_ERRNO_INVAL;
}

static __wasi_errno_t status(const struct host_status *result)
{
    return result->failed ? host_errno(result->code) : __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(fd_filestat_set_size)(int32_t fd, int64_t size)
{
    struct file *file;
    __wasi_errno_t error = writable(fd, &file);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    struct host_status result;
    import_wasi_filesystem_types_descriptor_set_size(
        file->handle, (uint64_t)size, host_address(&result));
    return status(&result);
}

int32_t PREVIEW1(fd_filestat_set_times)(int32_t fd, int64_t access, int64_t modified, int32_t flags)
{
    struct file *file;
    __wasi_errno_t error = writable(fd, &file);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    struct host_new_time a = host_new_time((uint64_t)access, flags);
    struct host_new_time m = host_new_time((uint64_t)modified, flags >> 2);
    struct host_status result;
    import_wasi_filesystem_types_descriptor_set_times(file->handle, a.what, a.seconds,
        a.nanoseconds, m.what, m.seconds, m.nanoseconds, host_address(&result));
    return status(&result);
}

int32_t PREVIEW1(fd_sync)(int32_t fd)
{
    struct file *file = file_get(fd);
    if (file == NULL)
        return __WASI_ERRNO_BADF;
    if (file->kind != FILE_HOST)
        return __WASI_ERRNO_SUCCESS;
    struct host_status result;
    import_wasi_filesystem_types_descriptor_sync(file->handle, host_address(&result));
    return status(&result);
}

int32_t PREVIEW1(fd_datasync)(int32_t fd)
{
    return PREVIEW1(fd_sync)(fd);
}

int32_t PREVIEW1(fd_advise)(int32_t fd, int64_t offset, int64_t len, int32_t advice)
{
    (void)offset;
    (void)len;
    (void)advice;
    return file_get(fd) == NULL ? __WASI_ERRNO_BADF : __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(fd_prestat_get)(int32_t fd, int32_t ret_prestat)
{
    if (fd != FILE_ROOT)
        return __WASI_ERRNO_BADF;
    *AT(__wasi_prestat_t, ret_prestat) =
        (__wasi_prestat_t){.tag = __WASI_PREOPENTYPE_DIR, .u.dir.pr_name_len = 1};
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(fd_prestat_dir_name)(int32_t fd, int32_t name, int32_t len)
{
    if (fd != FILE_ROOT || len < 1)
        return __WASI_ERRNO_BADF;
    *AT(char, name) = '/';
    return __WASI_ERRNO_SUCCESS;
}

/* The cookie is the index of the next entry. */
int32_t PREVIEW1(fd_readdir)(
    int32_t fd, int32_t buffer, int32_t size, int64_t cookie, int32_t ret_len)
{
    struct file *file = file_get(fd);
    if (file == NULL || file->kind != FILE_DIRECTORY)
        return file == NULL ? __WASI_ERRNO_BADF : __WASI_ERRNO_NOTDIR;
    if (!file->listed || cookie == 0) {
        __wasi_errno_t error = file_list(file);
        if (error != __WASI_ERRNO_SUCCESS)
            return error;
    }
    uint8_t *out = AT(uint8_t, buffer);
    size_t left = (uint32_t)size;
    for (uint64_t i = (uint64_t)cookie; i < file->entry_count && left > 0; i++) {
        const struct directory_entry *entry = &file->entries[i];
        /* An inode of 0: libc asks for the file's status. */
        __wasi_dirent_t head = {
            .d_next = i + 1, .d_ino = 0, .d_namlen = entry->name_len, .d_type = entry->type};
        size_t part = left < sizeof head ? left : sizeof head;
        memcpy(out, &head, part);
        out += part;
        left -= part;
        part = left < entry->name_len ? left : entry->name_len;
        memcpy(out, entry->name, part);
        out += part;
        left -= part;
    }
    *AT(uint32_t, ret_len) = (uint32_t)size - (uint32_t)left;
    return __WASI_ERRNO_SUCCESS;
}

/* libc keeps sockets in a table of its own, under numbers that it takes from this one. */
int32_t __wasi_preview1_adapter_open_badfd(int32_t ret_fd)
{
    __wasi_fd_t fd;
    if (file_new(FILE_RESERVED, &fd) == NULL)
        return __WASI_ERRNO_NOMEM;
    *AT(__wasi_fd_t, ret_fd) = fd;
    return __WASI_ERRNO_SUCCESS;
}

int32_t __wasi_preview1_adapter_close_badfd(int32_t fd)
{
    return file_unreserve(fd) ? __WASI_ERRNO_SUCCESS : __WASI_ERRNO_BADF;
}
