#include "wasi/filesystem_objects.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int file_path_init(struct file_path *path, struct str text)
{
    if (text.len == 0)
        return ENOENT;
    if (text.len >= sizeof(path->text))
        return ENAMETOOLONG;
    if (text.ptr[0] == '/')
        return EPERM;
    if (memchr(text.ptr, 0, text.len))
        return EINVAL;
    memcpy(path->text, text.ptr, text.len);
    path->text[text.len] = 0;
    return 0;
}

/* One step of the walk: `name` has no slash. */
static int open_step(int folder, const char *name, size_t len, int flags, unsigned mode)
{
    char part[NAME_MAX + 1];
    if (len > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(part, name, len);
    part[len] = 0;
    if (strcmp(part, "..") == 0)
        return -EPERM;
    int fd = openat(folder, part, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    return fd < 0 ? -errno : fd;
}

int open_beneath_walking(int folder, const char *path, int flags, unsigned mode, bool follow)
{
    (void)follow; /* links are refused by O_NOFOLLOW in any case */
    int at = folder;
    for (;;) {
        path += strspn(path, "/");
        size_t len = strcspn(path, "/");
        const char *rest = path + len + strspn(path + len, "/");
        bool last = *rest == 0;
        if (last && path[len] == '/')
            flags |= O_DIRECTORY;
        int next = len == 0 ? open_step(at, ".", 1, flags, mode)
                            : open_step(at, path, len, last ? flags : O_PATH | O_DIRECTORY, mode);
        if (at != folder)
            close(at);
        if (next < 0 || last)
            return next;
        at = next;
        path = rest;
    }
}

int open_beneath(int folder, const char *path, int flags, unsigned mode, bool follow)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW)),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
    if (fd >= 0)
        return (int)fd;
    if (errno == EXDEV)
        return -EPERM;                                        /* it led outside */
    if (errno == ENOSYS || errno == EPERM || errno == EAGAIN) /* old kernels and sandboxes */
        return open_beneath_walking(folder, path, flags, mode, follow);
    return -errno;
}

int open_parent(int folder, struct file_path *path, const char **ret_name)
{
    size_t len = strlen(path->text);
    while (len > 1 && path->text[len - 1] == '/')
        path->text[--len] = 0;
    char *slash = strrchr(path->text, '/');
    char *name = slash ? slash + 1 : path->text;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -EINVAL;
    *ret_name = name;
    if (!slash)
        return open_beneath(folder, ".", O_PATH | O_DIRECTORY, 0, true);
    *slash = 0;
    return open_beneath(folder, path->text, O_PATH | O_DIRECTORY, 0, true);
}

int stat_beneath(int folder, struct str text, bool follow, struct stat *ret_stat)
{
    struct file_path path;
    int error = file_path_init(&path, text);
    if (error)
        return error;
    int fd = open_beneath(folder, path.text, O_PATH, 0, follow);
    if (fd < 0)
        return -fd;
    error = fstat(fd, ret_stat) < 0 ? errno : 0;
    close(fd);
    return error;
}

/* errno, the last part of the WASI name */
#define ERRORS(X)                       \
    X(EACCES, ACCESS)                   \
    X(EAGAIN, WOULD_BLOCK)              \
    X(EALREADY, ALREADY)                \
    X(EBADF, BAD_DESCRIPTOR)            \
    X(EBUSY, BUSY)                      \
    X(EDEADLK, DEADLOCK)                \
    X(EDQUOT, QUOTA)                    \
    X(EEXIST, EXIST)                    \
    X(EFBIG, FILE_TOO_LARGE)            \
    X(EILSEQ, ILLEGAL_BYTE_SEQUENCE)    \
    X(EINPROGRESS, IN_PROGRESS)         \
    X(EINTR, INTERRUPTED)               \
    X(EINVAL, INVALID)                  \
    X(EIO, IO)                          \
    X(EISDIR, IS_DIRECTORY)             \
    X(ELOOP, LOOP)                      \
    X(EMLINK, TOO_MANY_LINKS)           \
    X(EMSGSIZE, MESSAGE_SIZE)           \
    X(ENAMETOOLONG, NAME_TOO_LONG)      \
    X(ENODEV, NO_DEVICE)                \
    X(ENOENT, NO_ENTRY)                 \
    X(ENOLCK, NO_LOCK)                  \
    X(ENOMEM, INSUFFICIENT_MEMORY)      \
    X(ENOSPC, INSUFFICIENT_SPACE)       \
    X(ENOTDIR, NOT_DIRECTORY)           \
    X(ENOTEMPTY, NOT_EMPTY)             \
    X(ENOTRECOVERABLE, NOT_RECOVERABLE) \
    X(ENOTSUP, UNSUPPORTED)             \
    X(ENOTTY, NO_TTY)                   \
    X(ENXIO, NO_SUCH_DEVICE)            \
    X(EOVERFLOW, OVERFLOW)              \
    X(EPERM, NOT_PERMITTED)             \
    X(EPIPE, PIPE)                      \
    X(EROFS, READ_ONLY)                 \
    X(ESPIPE, INVALID_SEEK)             \
    X(ETXTBSY, TEXT_FILE_BUSY)          \
    X(EXDEV, CROSS_DEVICE)

enum wasi_filesystem_types_error_code file_error(int os_errno)
{
    switch (os_errno) {
#define X(name, wasi) \
    case name:        \
        return WASI_FILESYSTEM_TYPES_ERROR_CODE_##wasi;
        ERRORS(X)
#undef X
    default:
        return WASI_FILESYSTEM_TYPES_ERROR_CODE_IO;
    }
}

enum wasi_filesystem_types_descriptor_type file_type(unsigned mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_REGULAR_FILE;
    case S_IFDIR:
        return WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_DIRECTORY;
    case S_IFLNK:
        return WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_SYMBOLIC_LINK;
    case S_IFBLK:
        return WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_BLOCK_DEVICE;
    case S_IFCHR:
        return WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_CHARACTER_DEVICE;
    case S_IFIFO:
        return WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_FIFO;
    case S_IFSOCK:
        return WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_SOCKET;
    default:
        return WASI_FILESYSTEM_TYPES_DESCRIPTOR_TYPE_UNKNOWN;
    }
}

static struct wasi_filesystem_types_option_datetime time_of(struct timespec time)
{
    struct wasi_filesystem_types_option_datetime result = {.is_some = time.tv_sec >= 0};
    result.value.seconds = (uint64_t)time.tv_sec;
    result.value.nanoseconds = (uint32_t)time.tv_nsec;
    return result;
}

void fill_stat(const struct stat *from, struct wasi_filesystem_types_descriptor_stat *to)
{
    to->type = file_type(from->st_mode);
    to->link_count = from->st_nlink;
    to->size = (uint64_t)from->st_size;
    to->data_access_timestamp = time_of(from->st_atim);
    to->data_modification_timestamp = time_of(from->st_mtim);
    to->status_change_timestamp = time_of(from->st_ctim);
}

/* SplitMix64: spreads device and inode numbers, so that a guest does not see them as they are. */
static uint64_t mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

void fill_hash(const struct stat *from, struct wasi_filesystem_types_metadata_hash_value *to)
{
    to->lower = mix(mix(from->st_dev) ^ from->st_ino);
    to->upper = mix(to->lower ^ mix(from->st_ino));
}
