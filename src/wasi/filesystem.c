/* wasi:filesystem: descriptors, directory streams, preopens. Operations on paths: filesystem_at.c.
 */
#include "base/utf8.h"
#include "wasi/filesystem_objects.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Streams. */

static enum stream_status file_failed(struct wasi_io_error_error *ret_error)
{
    *ret_error = (struct wasi_io_error_error){
        .domain = WASI_ERROR_FILE, .os_errno = errno, .text = strerrordesc_np(errno)};
    return STREAM_FAILED;
}

static enum stream_status read_file(struct wasi_io_streams_input_stream *stream, size_t max,
    bool block, struct str *ret_bytes, struct wasi_io_error_error *ret_error)
{
    (void)block;
    uint8_t *scratch = wasi_scratch(stream->context);
    errno = ENOMEM;
    ssize_t len = scratch ? pread(stream->file->fd, scratch,
                                max < WASI_SCRATCH ? max : WASI_SCRATCH, (off_t)stream->offset)
                          : -1;
    if (len < 0)
        return file_failed(ret_error);
    if (len == 0)
        return STREAM_CLOSED;
    stream->offset += (uint64_t)len;
    *ret_bytes = str_make(scratch, (size_t)len);
    return STREAM_OK;
}

static void release_input(struct wasi_io_streams_input_stream *stream)
{
    open_file_unref(stream->context, stream->file);
}

static const struct input_stream_ops file_input_ops = {.read = read_file, .release = release_input};

static enum stream_status write_file(struct wasi_io_streams_output_stream *stream, struct str bytes,
    struct wasi_io_error_error *ret_error)
{
    while (bytes.len > 0) {
        off_t offset = (off_t)stream->offset;
        if (stream->append)
            offset = lseek(stream->file->fd, 0, SEEK_END);
        ssize_t len = offset < 0 ? -1 : pwrite(stream->file->fd, bytes.ptr, bytes.len, offset);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return file_failed(ret_error);
        stream->offset += (uint64_t)len;
        bytes = str_skip(bytes, (size_t)len);
    }
    return STREAM_OK;
}

static void release_output(struct wasi_io_streams_output_stream *stream)
{
    open_file_unref(stream->context, stream->file);
}

static const struct output_stream_ops file_output_ops = {
    .write = write_file, .release = release_output};

enum wasm_trap_kind descriptor_read_via_stream(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t offset,
    struct wasi_filesystem_types_result_own_input_stream_error_code *ret_result)
{
    struct open_file *file = self.object->file;
    ret_result->is_err = true;
    ret_result->err = file_error(file->is_directory ? EISDIR : EBADF);
    if (file->is_directory || !(file->flags & FILE_READ))
        return WASM_TRAP_NONE;
    ret_result->err = file_error(EINVAL);
    if (offset > INT64_MAX)
        return WASM_TRAP_NONE;
    struct wasi_io_streams_input_stream *stream =
        input_stream_new(wasi_context_of(call), &file_input_ops);
    if (!stream)
        return wasi_no_memory(call);
    file->references++;
    stream->file = file;
    stream->offset = offset;
    ret_result->is_err = false;
    ret_result->ok.object = stream;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind write_stream(struct component_call *call, struct open_file *file,
    uint64_t offset, bool append,
    struct wasi_filesystem_types_result_own_output_stream_error_code *ret_result)
{
    ret_result->is_err = true;
    ret_result->err = file_error(file->is_directory ? EISDIR : EBADF);
    if (file->is_directory || !(file->flags & FILE_WRITE))
        return WASM_TRAP_NONE;
    ret_result->err = file_error(EINVAL);
    if (offset > INT64_MAX)
        return WASM_TRAP_NONE;
    struct wasi_io_streams_output_stream *stream =
        output_stream_new(wasi_context_of(call), &file_output_ops);
    if (!stream)
        return wasi_no_memory(call);
    file->references++;
    stream->file = file;
    stream->offset = offset;
    stream->append = append;
    ret_result->is_err = false;
    ret_result->ok.object = stream;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_write_via_stream(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t offset,
    struct wasi_filesystem_types_result_own_output_stream_error_code *ret_result)
{
    return write_stream(call, self.object->file, offset, false, ret_result);
}

enum wasm_trap_kind descriptor_append_via_stream(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_own_output_stream_error_code *ret_result)
{
    return write_stream(call, self.object->file, 0, true, ret_result);
}

/* Plain operations on a descriptor. */

/* A result without a value, from an errno or 0. */
static enum wasm_trap_kind done(
    int os_errno, struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    ret_result->is_err = os_errno != 0;
    ret_result->err = file_error(os_errno);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_advise(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t offset, uint64_t length,
    enum wasi_filesystem_types_advice advice,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    static const int kinds[] = {POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
        POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE};
    (void)call;
    if (offset > INT64_MAX || length > INT64_MAX)
        return done(EINVAL, ret_result);
    return done(posix_fadvise(self.object->file->fd, (off_t)offset, (off_t)length, kinds[advice]),
        ret_result);
}

enum wasm_trap_kind descriptor_sync(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    return done(fsync(self.object->file->fd) < 0 ? errno : 0, ret_result);
}

enum wasm_trap_kind descriptor_sync_data(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    return done(fdatasync(self.object->file->fd) < 0 ? errno : 0, ret_result);
}

enum wasm_trap_kind descriptor_get_flags(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_descriptor_flags_error_code *ret_result)
{
    (void)call;
    ret_result->is_err = false;
    ret_result->ok = self.object->file->flags;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_get_type(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_descriptor_type_error_code *ret_result)
{
    (void)call;
    struct stat stat;
    ret_result->is_err = fstat(self.object->file->fd, &stat) < 0;
    if (ret_result->is_err)
        ret_result->err = file_error(errno);
    else
        ret_result->ok = file_type(stat.st_mode);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_set_size(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t size,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    if (!(self.object->file->flags & FILE_WRITE))
        return done(EBADF, ret_result);
    if (size > INT64_MAX)
        return done(EFBIG, ret_result);
    return done(ftruncate(self.object->file->fd, (off_t)size) < 0 ? errno : 0, ret_result);
}

enum wasm_trap_kind descriptor_read(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint64_t length, uint64_t offset,
    struct wasi_filesystem_types_result_tuple2_list_u8_bool_error_code *ret_result)
{
    struct open_file *file = self.object->file;
    uint8_t *scratch = wasi_scratch(wasi_context_of(call));
    size_t wanted = length < WASI_SCRATCH ? (size_t)length : WASI_SCRATCH;
    ssize_t len = -1;
    if (file->is_directory)
        errno = EISDIR;
    else if (!(file->flags & FILE_READ))
        errno = EBADF;
    else if (!scratch)
        errno = ENOMEM;
    else if (offset > INT64_MAX)
        errno = EINVAL;
    else
        len = pread(file->fd, scratch, wanted, (off_t)offset);
    ret_result->is_err = len < 0;
    if (len < 0) {
        ret_result->err = file_error(errno);
        return WASM_TRAP_NONE;
    }
    ret_result->ok.f0 = str_make(scratch, (size_t)len);
    ret_result->ok.f1 = (size_t)len < wanted || (len == 0 && length > 0);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_write(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str buffer, uint64_t offset,
    struct wasi_filesystem_types_result_u64_error_code *ret_result)
{
    (void)call;
    ssize_t len = -1;
    if (!(self.object->file->flags & FILE_WRITE))
        errno = EBADF;
    else if (offset > INT64_MAX)
        errno = EINVAL;
    else
        len = pwrite(self.object->file->fd, buffer.ptr, buffer.len, (off_t)offset);
    ret_result->is_err = len < 0;
    if (len < 0)
        ret_result->err = file_error(errno);
    else
        ret_result->ok = (uint64_t)len;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_stat(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_descriptor_stat_error_code *ret_result)
{
    (void)call;
    struct stat stat;
    ret_result->is_err = fstat(self.object->file->fd, &stat) < 0;
    if (ret_result->is_err)
        ret_result->err = file_error(errno);
    else
        fill_stat(&stat, &ret_result->ok);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_is_same_object(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_descriptor_borrow other, bool *ret_result)
{
    (void)call;
    struct stat left, right;
    *ret_result = fstat(self.object->file->fd, &left) == 0 &&
                  fstat(other.object->file->fd, &right) == 0 && left.st_dev == right.st_dev &&
                  left.st_ino == right.st_ino;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_metadata_hash(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_metadata_hash_value_error_code *ret_result)
{
    (void)call;
    struct stat stat;
    ret_result->is_err = fstat(self.object->file->fd, &stat) < 0;
    if (ret_result->is_err)
        ret_result->err = file_error(errno);
    else
        fill_hash(&stat, &ret_result->ok);
    return WASM_TRAP_NONE;
}

void descriptor_drop(void *host, struct wasi_filesystem_types_descriptor *object)
{
    open_file_unref(host, object->file);
    wasi_object_free(host, object, sizeof(*object));
}

/* Directories. */

/* As the kernel returns it. */
struct kernel_entry {
    uint64_t inode;
    int64_t next_offset;
    uint16_t size; /* of the whole entry */
    uint8_t type;
    char name[];
};

enum { DIRECTORY_BUFFER = 8192 };

struct wasi_filesystem_types_directory_entry_stream {
    struct open_file *folder;
    size_t at, filled; /* in buffer */
    _Alignas(8) char buffer[DIRECTORY_BUFFER];
};

enum wasm_trap_kind descriptor_read_directory(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_result_own_directory_entry_stream_error_code *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    /* A description of its own, for its own position. */
    int fd = openat(self.object->file->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ret_result->is_err = fd < 0;
    if (fd < 0) {
        ret_result->err = file_error(errno);
        return WASM_TRAP_NONE;
    }
    struct open_file *file = open_file_new(context, fd);
    ret_result->ok.object = file ? wasi_object_raw(context, sizeof(*ret_result->ok.object)) : NULL;
    if (!ret_result->ok.object)
        return wasi_no_memory(call);
    ret_result->ok.object->folder = file;
    ret_result->ok.object->at = ret_result->ok.object->filled = 0;
    return WASM_TRAP_NONE;
}

/* The next entry but `.` and `..`; NULL with *ret_errno 0 at the end. */
static const struct kernel_entry *next_entry(
    struct wasi_filesystem_types_directory_entry_stream *stream, int *ret_errno)
{
    *ret_errno = 0;
    for (;;) {
        if (stream->at >= stream->filled) {
            long filled =
                syscall(SYS_getdents64, stream->folder->fd, stream->buffer, DIRECTORY_BUFFER);
            if (filled <= 0) {
                *ret_errno = filled < 0 ? errno : 0;
                return NULL;
            }
            stream->at = 0;
            stream->filled = (size_t)filled;
        }
        const struct kernel_entry *entry = (const void *)(stream->buffer + stream->at);
        stream->at += entry->size;
        if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
            return entry;
    }
}

enum wasm_trap_kind directory_entry_stream_read_directory_entry(struct component_call *call,
    struct wasi_filesystem_types_directory_entry_stream_borrow self,
    struct wasi_filesystem_types_result_option_directory_entry_error_code *ret_result)
{
    (void)call;
    int error;
    const struct kernel_entry *entry = next_entry(self.object, &error);
    if (entry && !utf8_valid(str_of(entry->name)))
        error = EILSEQ;
    ret_result->is_err = error != 0;
    if (error) {
        ret_result->err = file_error(error);
        return WASM_TRAP_NONE;
    }
    ret_result->ok.is_some = entry != NULL;
    if (entry) {
        /* DT_ and S_IF constants differ by a shift. */
        ret_result->ok.value.type = file_type((unsigned)entry->type << 12);
        ret_result->ok.value.name = str_of(entry->name);
    }
    return WASM_TRAP_NONE;
}

void directory_entry_stream_drop(
    void *host, struct wasi_filesystem_types_directory_entry_stream *object)
{
    open_file_unref(host, object->folder);
    wasi_object_free(host, object, sizeof(*object));
}

enum wasm_trap_kind filesystem_error_code(struct component_call *call,
    struct wasi_io_error_error_borrow err,
    struct wasi_filesystem_types_option_error_code *ret_result)
{
    (void)call;
    ret_result->is_some = err.object->domain == WASI_ERROR_FILE;
    ret_result->value = file_error(err.object->os_errno);
    return WASM_TRAP_NONE;
}

/* Preopens: each call gives new descriptors of the context's folders. */

static struct wasi_filesystem_types_descriptor *open_preopen(
    struct wasi_context *context, const struct wasi_open_preopen *preopen)
{
    int fd = fcntl(preopen->fd, F_DUPFD_CLOEXEC, 0);
    struct open_file *file = fd < 0 ? NULL : open_file_new(context, fd);
    struct wasi_filesystem_types_descriptor *object =
        file ? wasi_new(context, struct wasi_filesystem_types_descriptor) : NULL;
    if (!object)
        return NULL;
    file->is_directory = true;
    file->may_write = preopen->preopen->writable;
    file->flags = FILE_READ;
    if (file->may_write)
        file->flags |= WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_MUTATE_DIRECTORY;
    object->file = file;
    return object;
}

static enum wasm_trap_kind get_directories(struct component_call *call,
    struct wasi_filesystem_preopens_list_tuple2_own_descriptor_string *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    ret_result->len = context->config->preopen_count;
    ret_result->data = wasi_temporary(context, ret_result->len, sizeof(*ret_result->data));
    if (!ret_result->data)
        return wasi_no_memory(call);
    for (size_t i = 0; i < ret_result->len; i++) {
        ret_result->data[i].f0.object = open_preopen(context, &context->preopens[i]);
        ret_result->data[i].f1 = str_of(context->config->preopens[i].guest_path);
        if (!ret_result->data[i].f0.object)
            return component_trap(call, "cannot open a preopened folder again");
    }
    return WASM_TRAP_NONE;
}

const struct wasi_filesystem_preopens_functions wasi_filesystem_preopens_functions = {
    .get_directories = get_directories};

const struct wasi_filesystem_types_functions wasi_filesystem_types_functions = {
    .descriptor_read_via_stream = descriptor_read_via_stream,
    .descriptor_write_via_stream = descriptor_write_via_stream,
    .descriptor_append_via_stream = descriptor_append_via_stream,
    .descriptor_advise = descriptor_advise,
    .descriptor_sync = descriptor_sync,
    .descriptor_sync_data = descriptor_sync_data,
    .descriptor_get_flags = descriptor_get_flags,
    .descriptor_get_type = descriptor_get_type,
    .descriptor_set_size = descriptor_set_size,
    .descriptor_read = descriptor_read,
    .descriptor_write = descriptor_write,
    .descriptor_stat = descriptor_stat,
    .descriptor_is_same_object = descriptor_is_same_object,
    .descriptor_metadata_hash = descriptor_metadata_hash,
    .descriptor_drop = descriptor_drop,
    .descriptor_read_directory = descriptor_read_directory,
    .directory_entry_stream_read_directory_entry = directory_entry_stream_read_directory_entry,
    .directory_entry_stream_drop = directory_entry_stream_drop,
    .filesystem_error_code = filesystem_error_code,
    .descriptor_stat_at = descriptor_stat_at,
    .descriptor_metadata_hash_at = descriptor_metadata_hash_at,
    .descriptor_open_at = descriptor_open_at,
    .descriptor_readlink_at = descriptor_readlink_at,
    .descriptor_create_directory_at = descriptor_create_directory_at,
    .descriptor_remove_directory_at = descriptor_remove_directory_at,
    .descriptor_unlink_file_at = descriptor_unlink_file_at,
    .descriptor_symlink_at = descriptor_symlink_at,
    .descriptor_link_at = descriptor_link_at,
    .descriptor_rename_at = descriptor_rename_at,
    .descriptor_set_times = descriptor_set_times,
    .descriptor_set_times_at = descriptor_set_times_at,
};
