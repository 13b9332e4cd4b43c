#include "template/files_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

bool template_path_is_inside(struct str path)
{
    if (!path.len || path.len >= PATH_MAX || memchr(path.ptr, '\0', path.len))
        return false;
    for (;;) {
        ptrdiff_t slash = str_find_byte(path, '/');
        struct str part = str_make(path.ptr, slash < 0 ? path.len : (size_t)slash);
        if (!part.len || str_is(part, ".") || str_is(part, ".."))
            return false;
        if (slash < 0)
            return true;
        path = str_skip(path, (size_t)slash + 1);
    }
}

/* ----------------------------------------------------------------------------------- collecting */

size_t collecting_left(const struct collecting *c)
{
    return c->files.len < LIMIT_TEMPLATE_FILES ? LIMIT_TEMPLATE_BYTES - c->bytes : 0;
}

int collecting_fail_full(const struct collecting *c, struct error *err)
{
    return error_set(err, ERROR_LIMIT, "'%s' has more than %d files or %zu MiB", c->from,
        LIMIT_TEMPLATE_FILES, LIMIT_TEMPLATE_BYTES / MIB);
}

int collecting_add(struct collecting *c, const struct template_file *file, struct error *err)
{
    if (c->files.len == LIMIT_TEMPLATE_FILES || file->bytes.len > collecting_left(c))
        return collecting_fail_full(c, err);
    struct template_file *slot = VEC_PUSH(&c->files, c->arena);
    if (!slot)
        return error_set(err, ERROR_MEMORY, "no memory for the files of '%s'", c->from);
    *slot = *file;
    c->bytes += file->bytes.len;
    return 0;
}

static int compare_paths(const void *left, const void *right)
{
    const struct template_file *a = left, *b = right;
    return str_compare(a->path, b->path);
}

int collecting_finish(struct collecting *c, struct template_files *ret, struct error *err)
{
    if (c->files.len)
        qsort(c->files.data, c->files.len, sizeof *c->files.data, compare_paths);
    for (size_t i = 1; i < c->files.len; i++)
        if (str_equal(c->files.data[i - 1].path, c->files.data[i].path))
            return error_set(err, ERROR_INVALID, "'%s' has '%" STR_FMT "' twice", c->from,
                STR_ARG(c->files.data[i].path));
    *ret = (struct template_files){.count = c->files.len, .items = c->files.data};
    return 0;
}

/* -------------------------------------------------------------------------------------- folders */

static int read_folder(
    struct collecting *c, int folder, struct str prefix, unsigned depth, struct error *err);

static int read_file(struct collecting *c, int fd, struct template_file *file, struct error *err)
{
    struct buf bytes CLEANUP(buf_release) = BUF_INIT(0);
    const char *name = arena_printf(c->arena, "%s/%" STR_FMT, c->from, STR_ARG(file->path));
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_set_os(err, errno, "cannot read '%s'", name);
    if (st.st_size > 0 && (uint64_t)st.st_size > collecting_left(c))
        return collecting_fail_full(c, err);
    if (file_read_fd(fd, name, collecting_left(c), &bytes, err) < 0)
        return -1;
    char *copy = arena_try_alloc_raw(c->arena, bytes.len + 1);
    if (!copy)
        return error_set(err, ERROR_MEMORY, "no memory to read '%s'", name);
    if (bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    file->bytes = str_make(copy, bytes.len);
    file->executable = st.st_mode & S_IXUSR;
    return collecting_add(c, file, err);
}

/* What a folder's entry is, found without following a link. */
static int read_entry(struct collecting *c, int folder, const char *name, struct str path,
    unsigned depth, struct error *err)
{
    struct template_file file = {.path = path, .bytes = STR_EMPTY, .kind = TEMPLATE_SPECIAL};
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return error_set_os(err, errno, "cannot read '%s/%" STR_FMT "'", c->from, STR_ARG(path));
    if (S_ISLNK(st.st_mode))
        file.kind = TEMPLATE_LINK;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return collecting_add(c, &file, err);
    CLEANUP(fd_close) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return error_set_os(err, errno, "cannot open '%s/%" STR_FMT "'", c->from, STR_ARG(path));
    if (S_ISDIR(st.st_mode)) {
        struct str prefix = str_of(arena_printf(c->arena, "%" STR_FMT "/", STR_ARG(path)));
        return read_folder(c, fd, prefix, depth + 1, err);
    }
    file.kind = TEMPLATE_FILE;
    return read_file(c, fd, &file, err);
}

static void close_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

static int read_folder(
    struct collecting *c, int folder, struct str prefix, unsigned depth, struct error *err)
{
    if (depth > LIMIT_TEMPLATE_DEPTH)
        return error_set(err, ERROR_LIMIT, "'%s' has folders inside of each other %d deep", c->from,
            LIMIT_TEMPLATE_DEPTH);
    int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    CLEANUP(close_dir) DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        int saved = errno;
        fd_close(&copy);
        return error_set_os(
            err, saved, "cannot read folder '%s/%" STR_FMT "'", c->from, STR_ARG(prefix));
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        struct str path =
            str_of(arena_printf(c->arena, "%" STR_FMT "%s", STR_ARG(prefix), entry->d_name));
        if (read_entry(c, folder, entry->d_name, path, depth, err) < 0)
            return -1;
    }
    return 0;
}

int template_files_read(
    struct arena *a, const char *folder, struct template_files *ret, struct error *err)
{
    struct collecting c = {.arena = a, .from = folder};
    CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0)
        return error_set_os(err, errno, "cannot open folder '%s'", folder);
    if (read_folder(&c, fd, STR_EMPTY, 0, err) < 0)
        return -1;
    return collecting_finish(&c, ret, err);
}

/* ----------------------------------------------------------------------------------------- sets */

struct template_files template_files_below(
    struct arena *a, const struct template_files *files, struct str folder)
{
    struct template_file *items = arena_alloc(a, (files->count + 1) * sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct str path = files->items[i].path;
        if (path.len <= folder.len + 1 || !str_starts_with(path, folder) ||
            path.ptr[folder.len] != '/')
            continue;
        items[count] = files->items[i];
        items[count++].path = str_skip(path, folder.len + 1);
    }
    return (struct template_files){.count = count, .items = items};
}

const struct template_file *template_files_find(const struct template_files *files, struct str path)
{
    size_t low = 0, high = files->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(files->items[middle].path, path);
        if (order == 0)
            return &files->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int template_files_write(const struct template_files *files, const char *folder, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(SIZE_MAX / 2);
    if (file_make_dirs(folder, 0777, err) < 0)
        return -1;
    for (size_t i = 0; i < files->count; i++) {
        const struct template_file *file = &files->items[i];
        BUG_IF(file->kind != TEMPLATE_FILE || !template_path_is_inside(file->path));
        const char *path = arena_printf(&a, "%s/%" STR_FMT, folder, STR_ARG(file->path));
        if (file_make_dirs(path_dir(&a, path), 0777, err) < 0 ||
            file_write(path, file->bytes, file->executable ? 0777 : 0666, err) < 0)
            return -1;
    }
    return 0;
}
