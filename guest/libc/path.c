/* Preview 1: functions on paths. */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "preview1.h"
#include "roots.h"
#include "stat.h"

enum { PATH_LIMIT = 4096 };

/* A path as the VFS and roots.h want it. */
struct path {
    size_t len;
    char text[PATH_LIMIT];
};

static bool append(struct path *path, const char *part, size_t len)
{
    if (len == 0 || (len == 1 && part[0] == '.'))
        return true;
    if (len == 2 && part[0] == '.' && part[1] == '.') {
        while (path->len > 0 && path->text[path->len - 1] != '/')
            path->len--;
        if (path->len > 0)
            path->len--;
        return true;
    }
    if (path->len + 1 + len > PATH_LIMIT)
        return false;
    if (path->len > 0)
        path->text[path->len++] = '/';
    memcpy(path->text + path->len, part, len);
    path->len += len;
    return true;
}

/* What `name` means in the open directory. */
static __wasi_errno_t resolve(int32_t fd, int32_t name, int32_t len, struct path *ret_path)
{
    const struct file *directory = file_get(fd);
    if (directory == NULL || directory->kind != FILE_DIRECTORY)
        return directory == NULL ? __WASI_ERRNO_BADF : __WASI_ERRNO_NOTDIR;
    if (!host_is_utf8(AT(const char, name), (uint32_t)len))
        return __WASI_ERRNO_ILSEQ;
    memcpy(ret_path->text, directory->path, directory->path_len);
    ret_path->len = directory->path_len;
    const char *part = AT(const char, name), *end = part + (uint32_t)len;
    while (part < end) {
        const char *slash = memchr(part, '/', (size_t)(end - part));
        const char *stop = slash == NULL ? end : slash;
        if (!append(ret_path, part, (size_t)(stop - part)))
            return __WASI_ERRNO_NAMETOOLONG;
        part = stop + 1;
    }
    return __WASI_ERRNO_SUCCESS;
}

static uint64_t nanoseconds(const struct host_optional_time *time)
{
    return time->present ? time->time.seconds * 1000000000 + time->time.nanoseconds : 0;
}

static __wasi_errno_t convert_stat(
    const struct host_stat_result *result, uint64_t number, __wasi_filestat_t *ret_stat)
{
    if (result->failed)
        return host_errno(result->code);
    *ret_stat = (__wasi_filestat_t){
        .dev = 2,
        .ino = number,
        .filetype = file_type_of_host(result->stat.type),
        .nlink = result->stat.links,
        .size = result->stat.size,
        .atim = nanoseconds(&result->stat.accessed),
        .mtim = nanoseconds(&result->stat.modified),
        .ctim = nanoseconds(&result->stat.changed),
    };
    return __WASI_ERRNO_SUCCESS;
}

/* result<metadata-hash-value, error-code> */
struct hash_result {
    uint8_t failed;
    union {
        uint8_t code;
        struct {
            uint64_t lower, upper;
        };
    };
};

static uint64_t number_of(const struct hash_result *hash)
{
    return hash->failed ? 1 : hash->lower ^ hash->upper;
}

__wasi_errno_t host_stat(uint32_t descriptor, __wasi_filestat_t *ret_stat)
{
    struct host_stat_result result;
    struct hash_result hash;
    import_wasi_filesystem_types_descriptor_stat(descriptor, host_address(&result));
    import_wasi_filesystem_types_descriptor_metadata_hash(descriptor, host_address(&hash));
    return convert_stat(&result, number_of(&hash), ret_stat);
}

__wasi_errno_t path_stat(const char *path, size_t len, bool follow, __wasi_filestat_t *ret_stat)
{
    const struct vfs_file *embedded;
    enum vfs_kind kind = vfs_find(path, len, &embedded);
    if (kind == VFS_FILE) {
        file_stat_embedded(vfs_number(embedded), embedded->size, false, ret_stat);
        return __WASI_ERRNO_SUCCESS;
    }
    struct host_place place;
    __wasi_errno_t error = __WASI_ERRNO_NOENT;
    if (roots_locate(path, len, &place)) {
        struct host_stat_result result;
        import_wasi_filesystem_types_descriptor_stat_at(place.descriptor, follow,
            host_address(place.path), place.path_len, host_address(&result));
        struct hash_result hash = {.failed = 1};
        if (!result.failed)
            import_wasi_filesystem_types_descriptor_metadata_hash_at(place.descriptor, follow,
                host_address(place.path), place.path_len, host_address(&hash));
        error = convert_stat(&result, number_of(&hash), ret_stat);
    }
    if (error != __WASI_ERRNO_SUCCESS && (kind == VFS_DIRECTORY || len == 0)) {
        file_stat_embedded(1, 0, true, ret_stat);
        error = __WASI_ERRNO_SUCCESS;
    }
    return error;
}

static __wasi_errno_t open_embedded(
    const struct vfs_file *embedded, int32_t open_flags, __wasi_fd_t *ret_fd)
{
    if (open_flags & __WASI_OFLAGS_DIRECTORY)
        return __WASI_ERRNO_NOTDIR;
    if (open_flags & __WASI_OFLAGS_EXCL)
        return __WASI_ERRNO_EXIST;
    if (open_flags & __WASI_OFLAGS_TRUNC)
        return __WASI_ERRNO_ROFS;
    bool owned;
    const uint8_t *contents = vfs_contents(embedded, &owned);
    if (contents == NULL)
        return __WASI_ERRNO_NOMEM;
    struct file *file = file_new(FILE_EMBEDDED, ret_fd);
    if (file == NULL) {
        if (owned)
            free((void *)contents);
        return __WASI_ERRNO_NOMEM;
    }
    file->contents = contents;
    file->size = embedded->size;
    file->owns_contents = owned;
    file->number = vfs_number(embedded);
    return __WASI_ERRNO_SUCCESS;
}

static __wasi_errno_t open_directory(
    const struct path *path, int32_t open_flags, bool writes, __wasi_fd_t *ret_fd)
{
    if (open_flags & __WASI_OFLAGS_EXCL)
        return __WASI_ERRNO_EXIST;
    if (writes)
        return __WASI_ERRNO_ISDIR;
    char *copy = malloc(path->len + 1);
    struct file *file = copy == NULL ? NULL : file_new(FILE_DIRECTORY, ret_fd);
    if (file == NULL) {
        free(copy);
        return __WASI_ERRNO_NOMEM;
    }
    memcpy(copy, path->text, path->len);
    file->path = copy;
    file->path_len = (uint32_t)path->len;
    return __WASI_ERRNO_SUCCESS;
}

static bool is_host_directory(const struct host_place *place, int32_t lookup)
{
    struct host_stat_result result;
    import_wasi_filesystem_types_descriptor_stat_at(place->descriptor, (uint32_t)lookup,
        host_address(place->path), place->path_len, host_address(&result));
    return !result.failed && file_type_of_host(result.stat.type) == __WASI_FILETYPE_DIRECTORY;
}

static __wasi_errno_t open_host(const struct host_place *place, int32_t lookup, int32_t open_flags,
    uint64_t rights, int32_t flags, __wasi_fd_t *ret_fd)
{
    uint32_t access = 0; /* descriptor-flags */
    if (rights & __WASI_RIGHTS_FD_READ)
        access |= 1;
    if (rights & __WASI_RIGHTS_FD_WRITE)
        access |= 2;
    struct host_handle_result opened;
    /* open-flags have the same bits as preview 1's. */
    import_wasi_filesystem_types_descriptor_open_at(place->descriptor, (uint32_t)lookup,
        host_address(place->path), place->path_len, (uint32_t)open_flags, access,
        host_address(&opened));
    if (opened.failed)
        return host_errno(opened.code);
    struct file *file = file_new(FILE_HOST, ret_fd);
    if (file == NULL) {
        import_wasi_filesystem_types_descriptor_drop(opened.handle);
        return __WASI_ERRNO_NOMEM;
    }
    file->handle = opened.handle;
    file->flags = (uint16_t)flags;
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(path_open)(int32_t fd, int32_t lookup, int32_t name, int32_t len,
    int32_t open_flags, int64_t rights, int64_t inherited, int32_t flags, int32_t ret_fd)
{
    (void)inherited;
    struct path path;
    __wasi_errno_t error = resolve(fd, name, len, &path);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    const struct vfs_file *embedded;
    enum vfs_kind kind = vfs_find(path.text, path.len, &embedded);
    bool writes = rights & __WASI_RIGHTS_FD_WRITE;
    if (kind == VFS_FILE)
        return writes ? __WASI_ERRNO_ROFS
                      : open_embedded(embedded, open_flags, AT(__wasi_fd_t, ret_fd));
    struct host_place place;
    bool on_host = roots_locate(path.text, path.len, &place);
    if (kind == VFS_DIRECTORY || path.len == 0 || (on_host && is_host_directory(&place, lookup)))
        return open_directory(&path, open_flags, writes, AT(__wasi_fd_t, ret_fd));
    if (!on_host)
        return __WASI_ERRNO_NOENT;
    return open_host(&place, lookup, open_flags, (uint64_t)rights, flags, AT(__wasi_fd_t, ret_fd));
}

int32_t PREVIEW1(path_filestat_get)(
    int32_t fd, int32_t lookup, int32_t name, int32_t len, int32_t ret_stat)
{
    struct path path;
    __wasi_errno_t error = resolve(fd, name, len, &path);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    return path_stat(path.text, path.len, lookup & __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW,
        AT(__wasi_filestat_t, ret_stat));
}

/* Where the path lies on the host, to be changed there; the place points into *path. */
static __wasi_errno_t locate(
    int32_t fd, int32_t name, int32_t len, struct path *path, struct host_place *ret_place)
{
    __wasi_errno_t error = resolve(fd, name, len, path);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    const struct vfs_file *embedded;
    if (vfs_find(path->text, path->len, &embedded) == VFS_FILE)
        return __WASI_ERRNO_ROFS;
    return roots_locate(path->text, path->len, ret_place) ? __WASI_ERRNO_SUCCESS
                                                          : __WASI_ERRNO_NOENT;
}

static __wasi_errno_t status(const struct host_status *result)
{
    return result->failed ? host_errno(result->code) : __WASI_ERRNO_SUCCESS;
}

struct host_new_time host_new_time(uint64_t time, int32_t flags)
{
    if (flags & __WASI_FSTFLAGS_ATIM_NOW)
        return (struct host_new_time){.what = 1};
    if (!(flags & __WASI_FSTFLAGS_ATIM))
        return (struct host_new_time){.what = 0};
    return (struct host_new_time){
        .what = 2,
        .seconds = time / 1000000000,
        .nanoseconds = (uint32_t)(time % 1000000000),
    };
}

int32_t PREVIEW1(path_filestat_set_times)(int32_t fd, int32_t lookup, int32_t name, int32_t len,
    int64_t access, int64_t modified, int32_t flags)
{
    struct path path;
    struct host_place place;
    __wasi_errno_t error = locate(fd, name, len, &path, &place);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    struct host_new_time a = host_new_time((uint64_t)access, flags);
    struct host_new_time m = host_new_time((uint64_t)modified, flags >> 2);
    struct host_status result;
    import_wasi_filesystem_types_descriptor_set_times_at(place.descriptor, (uint32_t)lookup,
        host_address(place.path), place.path_len, a.what, a.seconds, a.nanoseconds, m.what,
        m.seconds, m.nanoseconds, host_address(&result));
    return status(&result);
}

typedef void change_function(uint32_t descriptor, uint32_t path, uint32_t len, uint32_t ret);

static __wasi_errno_t change(int32_t fd, int32_t name, int32_t len, change_function *function)
{
    struct path path;
    struct host_place place;
    __wasi_errno_t error = locate(fd, name, len, &path, &place);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    struct host_status result;
    function(place.descriptor, host_address(place.path), place.path_len, host_address(&result));
    return status(&result);
}

int32_t PREVIEW1(path_create_directory)(int32_t fd, int32_t name, int32_t len)
{
    return change(fd, name, len, import_wasi_filesystem_types_descriptor_create_directory_at);
}

int32_t PREVIEW1(path_remove_directory)(int32_t fd, int32_t name, int32_t len)
{
    return change(fd, name, len, import_wasi_filesystem_types_descriptor_remove_directory_at);
}

int32_t PREVIEW1(path_unlink_file)(int32_t fd, int32_t name, int32_t len)
{
    return change(fd, name, len, import_wasi_filesystem_types_descriptor_unlink_file_at);
}

int32_t PREVIEW1(path_rename)(int32_t old_fd, int32_t old_name, int32_t old_len, int32_t new_fd,
    int32_t new_name, int32_t new_len)
{
    struct path old_path, new_path;
    struct host_place from, to;
    __wasi_errno_t error = locate(old_fd, old_name, old_len, &old_path, &from);
    if (error == __WASI_ERRNO_SUCCESS)
        error = locate(new_fd, new_name, new_len, &new_path, &to);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    struct host_status result;
    import_wasi_filesystem_types_descriptor_rename_at(from.descriptor, host_address(from.path),
        from.path_len, to.descriptor, host_address(to.path), to.path_len, host_address(&result));
    return status(&result);
}

int32_t PREVIEW1(path_link)(int32_t old_fd, int32_t lookup, int32_t old_name, int32_t old_len,
    int32_t new_fd, int32_t new_name, int32_t new_len)
{
    struct path old_path, new_path;
    struct host_place from, to;
    __wasi_errno_t error = locate(old_fd, old_name, old_len, &old_path, &from);
    if (error == __WASI_ERRNO_SUCCESS)
        error = locate(new_fd, new_name, new_len, &new_path, &to);
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    struct host_status result;
    import_wasi_filesystem_types_descriptor_link_at(from.descriptor, (uint32_t)lookup,
        host_address(from.path), from.path_len, to.descriptor, host_address(to.path), to.path_len,
        host_address(&result));
    return status(&result);
}

int32_t PREVIEW1(path_symlink)(
    int32_t target, int32_t target_len, int32_t fd, int32_t name, int32_t len)
{
    struct path path;
    struct host_place place;
    __wasi_errno_t error = locate(fd, name, len, &path, &place);
    if (error == __WASI_ERRNO_SUCCESS &&
        !host_is_utf8(AT(const char, target), (uint32_t)target_len))
        error = __WASI_ERRNO_ILSEQ;
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    struct host_status result;
    import_wasi_filesystem_types_descriptor_symlink_at(place.descriptor, (uint32_t)target,
        (uint32_t)target_len, host_address(place.path), place.path_len, host_address(&result));
    return status(&result);
}

int32_t PREVIEW1(path_readlink)(
    int32_t fd, int32_t name, int32_t len, int32_t buffer, int32_t size, int32_t ret_len)
{
    struct path path;
    struct host_place place;
    __wasi_errno_t error = locate(fd, name, len, &path, &place);
    if (error == __WASI_ERRNO_ROFS) /* embedded files are no links */
        return __WASI_ERRNO_INVAL;
    if (error != __WASI_ERRNO_SUCCESS)
        return error;
    struct {
        uint8_t failed;
        union {
            uint8_t code;
            struct host_list target;
        };
    } result;
    import_wasi_filesystem_types_descriptor_readlink_at(
        place.descriptor, host_address(place.path), place.path_len, host_address(&result));
    if (result.failed)
        return host_errno(result.code);
    uint32_t part = result.target.len < (uint32_t)size ? result.target.len : (uint32_t)size;
    memcpy(AT(char, buffer), result.target.data, part);
    host_list_free(&result.target);
    *AT(uint32_t, ret_len) = part;
    return __WASI_ERRNO_SUCCESS;
}
