/* wasi:filesystem: operations of a folder's descriptor on paths beneath it. */
#include "base/utf8.h"
#include "wasi/filesystem_objects.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static enum wasm_trap_kind done(
    int os_errno, struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    ret_result->is_err = os_errno != 0;
    ret_result->err = file_error(os_errno);
    return WASM_TRAP_NONE;
}

static bool follows(uint32_t path_flags)
{
    return path_flags & WASI_FILESYSTEM_TYPES_PATH_FLAGS_SYMLINK_FOLLOW;
}

/* The system's error of a call that returned -1, else 0. */
static int failed(int result)
{
    return result < 0 ? errno : 0;
}

/* A change in a folder: the folder that holds the path's last part, and that part. */
struct place {
    struct file_path path;
    const char *name;
    int folder;
};

/* Returns 0 or an errno. A place that was opened is closed with place_release. */
static int place_init(struct place *place, const struct open_file *folder, struct str path)
{
    if (!folder->may_write)
        return EPERM;
    int error = file_path_init(&place->path, path);
    if (error)
        return error;
    place->folder = open_parent(folder->fd, &place->path, &place->name);
    return place->folder < 0 ? -place->folder : 0;
}

static void place_release(struct place *place)
{
    close(place->folder);
}

enum wasm_trap_kind descriptor_stat_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t path_flags, struct str path,
    struct wasi_filesystem_types_result_descriptor_stat_error_code *ret_result)
{
    (void)call;
    struct stat stat;
    int error = stat_beneath(self.object->file->fd, path, follows(path_flags), &stat);
    ret_result->is_err = error != 0;
    if (error)
        ret_result->err = file_error(error);
    else
        fill_stat(&stat, &ret_result->ok);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_metadata_hash_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t path_flags, struct str path,
    struct wasi_filesystem_types_result_metadata_hash_value_error_code *ret_result)
{
    (void)call;
    struct stat stat;
    int error = stat_beneath(self.object->file->fd, path, follows(path_flags), &stat);
    ret_result->is_err = error != 0;
    if (error)
        ret_result->err = file_error(error);
    else
        fill_hash(&stat, &ret_result->ok);
    return WASM_TRAP_NONE;
}

static int host_flags(uint32_t open_flags, uint32_t flags)
{
    int host = O_NONBLOCK | O_NOCTTY; /* opening a FIFO must not block */
    if (flags & FILE_WRITE)
        host |= flags & FILE_READ ? O_RDWR : O_WRONLY;
    if (open_flags & WASI_FILESYSTEM_TYPES_OPEN_FLAGS_CREATE)
        host |= O_CREAT;
    if (open_flags & WASI_FILESYSTEM_TYPES_OPEN_FLAGS_DIRECTORY)
        host |= O_DIRECTORY;
    if (open_flags & WASI_FILESYSTEM_TYPES_OPEN_FLAGS_EXCLUSIVE)
        host |= O_EXCL;
    if (open_flags & WASI_FILESYSTEM_TYPES_OPEN_FLAGS_TRUNCATE)
        host |= O_TRUNC;
    return host;
}

/* Opens a file or folder, nothing else. Returns the descriptor or minus an errno. */
static int open_plain(const struct open_file *folder, struct str text, uint32_t path_flags,
    uint32_t open_flags, uint32_t flags, bool *ret_is_directory)
{
    const uint32_t changes =
        WASI_FILESYSTEM_TYPES_OPEN_FLAGS_CREATE | WASI_FILESYSTEM_TYPES_OPEN_FLAGS_TRUNCATE;
    struct file_path path;
    struct stat stat;
    if (!folder->may_write && ((open_flags & changes) || (flags & FILE_WRITE)))
        return -EPERM;
    int error = file_path_init(&path, text);
    if (error)
        return -error;
    int fd = open_beneath(
        folder->fd, path.text, host_flags(open_flags, flags), 0666, follows(path_flags));
    if (fd < 0)
        return fd;
    error = failed(fstat(fd, &stat));
    if (!error && !S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode))
        error = EPERM;
    if (error) {
        close(fd);
        return -error;
    }
    *ret_is_directory = S_ISDIR(stat.st_mode);
    return fd;
}

enum wasm_trap_kind descriptor_open_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t path_flags, struct str path,
    uint32_t open_flags, uint32_t flags,
    struct wasi_filesystem_types_result_own_descriptor_error_code *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    const struct open_file *folder = self.object->file;
    bool is_directory;
    int fd = open_plain(folder, path, path_flags, open_flags, flags, &is_directory);
    ret_result->is_err = fd < 0;
    if (fd < 0) {
        ret_result->err = file_error(-fd);
        return WASM_TRAP_NONE;
    }
    struct open_file *file = open_file_new(context, fd);
    ret_result->ok.object =
        file ? wasi_new(context, struct wasi_filesystem_types_descriptor) : NULL;
    if (!ret_result->ok.object)
        return wasi_no_memory(call);
    file->may_write = folder->may_write;
    file->is_directory = is_directory;
    file->flags = flags & (FILE_READ | FILE_WRITE);
    if (is_directory && file->may_write)
        file->flags |= flags & WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_MUTATE_DIRECTORY;
    ret_result->ok.object->file = file;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_readlink_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str path,
    struct wasi_filesystem_types_result_string_error_code *ret_result)
{
    struct file_path parts;
    char *target = wasi_temporary(wasi_context_of(call), PATH_MAX, 1);
    if (!target)
        return wasi_no_memory(call);
    ssize_t len = -1;
    int error = file_path_init(&parts, path);
    if (!error) {
        /* readlinkat with an empty path reads the link that the descriptor stands for. */
        int link = open_beneath(self.object->file->fd, parts.text, O_PATH, 0, false);
        error = link < 0 ? -link : 0;
        if (!error) {
            len = readlinkat(link, "", target, PATH_MAX);
            error = len < 0 ? (errno == ENOENT ? EINVAL : errno) : 0;
            close(link);
        }
    }
    if (!error && (len == 0 || target[0] == '/'))
        error = EPERM; /* where it leads outside is not for the guest to know */
    if (!error && !utf8_valid(str_make(target, (size_t)len)))
        error = EILSEQ;
    ret_result->is_err = error != 0;
    if (error)
        ret_result->err = file_error(error);
    else
        ret_result->ok = str_make(target, (size_t)len);
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind descriptor_create_directory_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str path,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    struct place place;
    int error = place_init(&place, self.object->file, path);
    if (!error) {
        error = failed(mkdirat(place.folder, place.name, 0777));
        place_release(&place);
    }
    return done(error, ret_result);
}

static enum wasm_trap_kind unlink_common(const struct open_file *folder, struct str path, int flags,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    struct place place;
    int error = place_init(&place, folder, path);
    if (!error) {
        error = failed(unlinkat(place.folder, place.name, flags));
        place_release(&place);
    }
    return done(error, ret_result);
}

enum wasm_trap_kind descriptor_remove_directory_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str path,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    return unlink_common(self.object->file, path, AT_REMOVEDIR, ret_result);
}

enum wasm_trap_kind descriptor_unlink_file_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str path,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    return unlink_common(self.object->file, path, 0, ret_result);
}

enum wasm_trap_kind descriptor_symlink_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str old_path, struct str new_path,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    struct file_path target;
    struct place place;
    int error = file_path_init(&target, old_path); /* refuses absolute ones */
    if (!error)
        error = place_init(&place, self.object->file, new_path);
    if (!error) {
        error = failed(symlinkat(target.text, place.folder, place.name));
        place_release(&place);
    }
    return done(error, ret_result);
}

/* What link-at and rename-at have in common: two places. */
static int between(const struct open_file *from_folder, struct str from_path,
    const struct open_file *to_folder, struct str to_path,
    int (*act)(const struct place *from, const struct place *to))
{
    struct place from, to;
    int error = place_init(&from, from_folder, from_path);
    if (error)
        return error;
    error = place_init(&to, to_folder, to_path);
    if (!error) {
        error = failed(act(&from, &to));
        place_release(&to);
    }
    place_release(&from);
    return error;
}

static int act_link(const struct place *from, const struct place *to)
{
    return linkat(from->folder, from->name, to->folder, to->name, 0);
}

static int act_rename(const struct place *from, const struct place *to)
{
    return renameat(from->folder, from->name, to->folder, to->name);
}

enum wasm_trap_kind descriptor_link_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t old_path_flags,
    struct str old_path, struct wasi_filesystem_types_descriptor_borrow new_descriptor,
    struct str new_path, struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    if (follows(old_path_flags))
        return done(EINVAL, ret_result); /* as POSIX systems that cannot */
    return done(
        between(self.object->file, old_path, new_descriptor.object->file, new_path, act_link),
        ret_result);
}

enum wasm_trap_kind descriptor_rename_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, struct str old_path,
    struct wasi_filesystem_types_descriptor_borrow new_descriptor, struct str new_path,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    return done(
        between(self.object->file, old_path, new_descriptor.object->file, new_path, act_rename),
        ret_result);
}

/* Times. */

static int host_time(const struct wasi_filesystem_types_new_timestamp *from, struct timespec *to)
{
    *to = (struct timespec){.tv_nsec = UTIME_OMIT};
    if (from->tag == WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_NOW)
        to->tv_nsec = UTIME_NOW;
    if (from->tag != WASI_FILESYSTEM_TYPES_NEW_TIMESTAMP_TIMESTAMP)
        return 0;
    if (from->timestamp.seconds > INT64_MAX || from->timestamp.nanoseconds >= NS_PER_S)
        return EINVAL;
    *to = (struct timespec){
        .tv_sec = (time_t)from->timestamp.seconds, .tv_nsec = (long)from->timestamp.nanoseconds};
    return 0;
}

static int host_times(const struct wasi_filesystem_types_new_timestamp *access,
    const struct wasi_filesystem_types_new_timestamp *modification, struct timespec times[2])
{
    int error = host_time(access, &times[0]);
    return error ? error : host_time(modification, &times[1]);
}

enum wasm_trap_kind descriptor_set_times(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self,
    struct wasi_filesystem_types_new_timestamp data_access_timestamp,
    struct wasi_filesystem_types_new_timestamp data_modification_timestamp,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    struct timespec times[2];
    int error = self.object->file->may_write ? 0 : EPERM;
    if (!error)
        error = host_times(&data_access_timestamp, &data_modification_timestamp, times);
    if (!error)
        error = failed(futimens(self.object->file->fd, times));
    return done(error, ret_result);
}

enum wasm_trap_kind descriptor_set_times_at(struct component_call *call,
    struct wasi_filesystem_types_descriptor_borrow self, uint32_t path_flags, struct str path,
    struct wasi_filesystem_types_new_timestamp data_access_timestamp,
    struct wasi_filesystem_types_new_timestamp data_modification_timestamp,
    struct wasi_filesystem_types_result_void_error_code *ret_result)
{
    (void)call;
    struct timespec times[2];
    struct place place;
    int error = host_times(&data_access_timestamp, &data_modification_timestamp, times);
    if (error)
        return done(error, ret_result);
    if (follows(path_flags)) {
        struct file_path whole;
        error = self.object->file->may_write ? file_path_init(&whole, path) : EPERM;
        int fd = error ? -error
                       : open_beneath(self.object->file->fd, whole.text,
                             O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, true);
        if (fd < 0)
            return done(-fd, ret_result);
        error = failed(futimens(fd, times));
        close(fd);
        return done(error, ret_result);
    }
    error = place_init(&place, self.object->file, path);
    if (!error) {
        error = failed(utimensat(place.folder, place.name, times, AT_SYMLINK_NOFOLLOW));
        place_release(&place);
    }
    return done(error, ret_result);
}
