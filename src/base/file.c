#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int file_read_fd(int fd, const char *name, size_t max, struct buf *out, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_set_os(err, errno, "cannot read '%s'", name);
    if (S_ISDIR(st.st_mode))
        return error_set_os(err, EISDIR, "cannot read '%s'", name);
    if (st.st_size > 0 && (uint64_t)st.st_size > max)
        return error_set(err, ERROR_LIMIT, "'%s' is larger than %zu bytes", name, max);
    buf_clear(out);
    out->max = max + 1;
    if (!buf_reserve(out, (size_t)st.st_size + 1))
        return error_set(err, ERROR_MEMORY, "no memory to read '%s'", name);
    for (;;) {
        if (out->len > max)
            return error_set(err, ERROR_LIMIT, "'%s' is larger than %zu bytes", name, max);
        if (!buf_reserve(out, 1))
            return error_set(err, ERROR_MEMORY, "no memory to read '%s'", name);
        ssize_t n = read(fd, out->data + out->len, out->cap - out->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_os(err, errno, "cannot read '%s'", name);
        if (n == 0)
            return 0;
        out->len += (size_t)n;
    }
}

int file_read(const char *path, size_t max, struct buf *out, struct error *err)
{
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_os(err, errno, "cannot open '%s'", path);
    return file_read_fd(fd, path, max, out, err);
}

int fd_write_all(int fd, struct str contents, struct error *err)
{
    while (contents.len) {
        ssize_t n = write(fd, contents.ptr, contents.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_os(err, errno, "cannot write");
        contents = str_skip(contents, (size_t)n);
    }
    return 0;
}

/* Fills a temporary file next to its final name; on failure nothing is left behind. */
static int write_temporary(
    const char *temporary, struct str contents, unsigned mode, struct error *err)
{
    CLEANUP(fd_close) int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return error_set_os(err, errno, "cannot create '%s'", temporary);
    if (fd_write_all(fd, contents, err) < 0) {
        unlink(temporary);
        return -1;
    }
    return 0;
}

int file_write(const char *path, struct str contents, unsigned mode, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(64 * 1024);
    char *temporary = arena_printf(&a, "%s.tmp-%ld-%p", path, (long)getpid(), (void *)&a);
    if (write_temporary(temporary, contents, mode, err) < 0)
        return error_wrap(err, "cannot write '%s'", path);
    if (rename(temporary, path) < 0) {
        int saved = errno;
        unlink(temporary);
        return error_set_os(err, saved, "cannot write '%s'", path);
    }
    return 0;
}

int file_make_dirs(const char *path, unsigned mode, struct error *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof part)
        return error_set_os(err, ENAMETOOLONG, "cannot create folder '%s'", path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, mode) < 0 && errno != EEXIST)
            return error_set_os(err, errno, "cannot create folder '%s'", part);
    }
    if (!file_is_dir(path))
        return error_set_os(err, ENOTDIR, "cannot create folder '%s'", path);
    return 0;
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool file_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *path_join(struct arena *a, const char *left, const char *right)
{
    size_t len = strlen(left);
    if (right[0] == '/' || len == 0)
        return arena_printf(a, "%s", right);
    return arena_printf(a, "%s%s%s", left, left[len - 1] == '/' ? "" : "/", right);
}

char *path_dir(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return arena_printf(a, ".");
    if (slash == path)
        return arena_printf(a, "/");
    return arena_printf(a, "%.*s", (int)(slash - path), path);
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int path_user_cache(struct arena *a, char **ret, struct error *err)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && cache[0] == '/')
        *ret = path_join(a, cache, "spindle");
    else if (home && home[0] == '/')
        *ret = path_join(a, home, ".cache/spindle");
    else
        return error_set(err, ERROR_NOT_FOUND,
            "no cache folder: neither XDG_CACHE_HOME nor HOME is an absolute path");
    return 0;
}

int path_of_program(struct arena *a, char **ret, struct error *err)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0)
        return error_set_os(err, errno, "cannot read /proc/self/exe");
    path[n] = '\0';
    *ret = path_dir(a, path);
    return 0;
}

static void remove_below(int parent, const char *name)
{
    CLEANUP(fd_close)
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(dup(fd));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (unlinkat(fd, entry->d_name, 0) < 0)
            remove_below(fd, entry->d_name);
    }
    if (dir)
        closedir(dir);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void file_remove_tree(const char *path)
{
    remove_below(AT_FDCWD, path);
}

/* In the kernel where the file systems can, else through a buffer. */
static int copy_bytes(int from, int to)
{
    char buffer[64 * KIB];
    ssize_t n;
    while ((n = copy_file_range(from, NULL, to, NULL, GIB, 0)) > 0)
        continue;
    if (n == 0)
        return 0;
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return -1;
    while ((n = read(from, buffer, sizeof buffer)) > 0)
        for (ssize_t done = 0, m; done < n; done += m)
            if ((m = write(to, buffer + done, (size_t)(n - done))) < 0)
                return -1;
    return n < 0 ? -1 : 0;
}

int file_copy(const char *from, const char *to, unsigned mode, struct error *err)
{
    CLEANUP(fd_close) int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return error_set_os(err, errno, "cannot open '%s'", from);
    if (unlink(to) < 0 && errno != ENOENT)
        return error_set_os(err, errno, "cannot replace '%s'", to);
    CLEANUP(fd_close) int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (target < 0)
        return error_set_os(err, errno, "cannot create '%s'", to);
    return copy_bytes(source, target) < 0
               ? error_set_os(err, errno, "cannot copy '%s' to '%s'", from, to)
               : 0;
}
