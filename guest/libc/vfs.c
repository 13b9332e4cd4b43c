#include "vfs.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { ARCHIVE_HEAD = 12, ARCHIVE_ENTRY = 24 };

/* Sorted by path, bytewise: what lies under a directory is one run. */
static struct vfs_file *files;
static size_t file_count, file_capacity;

static int compare_paths(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    if (order != 0)
        return order;
    return (a_len > b_len) - (a_len < b_len);
}

static int compare_files(const void *left, const void *right)
{
    const struct vfs_file *a = left, *b = right;
    return compare_paths(a->path, a->path_len, b->path, b->path_len);
}

/* Index of the first file whose path is not before `path`. */
static size_t lower_bound(const char *path, size_t len)
{
    size_t low = 0, high = file_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_paths(files[middle].path, files[middle].path_len, path, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool reserve(size_t more)
{
    if (file_capacity - file_count >= more)
        return true;
    size_t capacity = file_capacity * 2 > file_count + more ? file_capacity * 2 : file_count + more;
    struct vfs_file *grown = realloc(files, capacity * sizeof *files);
    if (grown == NULL)
        return false;
    files = grown;
    file_capacity = capacity;
    return true;
}

static uint32_t u32_at(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static bool inside(uint32_t offset, uint32_t len, size_t total)
{
    return offset <= total && len <= total - offset;
}

static bool read_entry(const uint8_t *archive, size_t len, size_t index, struct vfs_file *ret_file)
{
    const uint8_t *entry = archive + ARCHIVE_HEAD + index * ARCHIVE_ENTRY;
    uint32_t path = u32_at(entry), path_len = u32_at(entry + 4);
    uint32_t data = u32_at(entry + 8), packed_len = u32_at(entry + 12);
    uint32_t size = u32_at(entry + 16), packing = u32_at(entry + 20);
    if (!inside(path, path_len, len) || !inside(data, packed_len, len) || packing > VFS_DEFLATED)
        return false;
    *ret_file = (struct vfs_file){
        .path = (const char *)archive + path,
        .path_len = path_len,
        .data = archive + data,
        .packed_len = packed_len,
        .size = size,
        .packing = packing,
    };
    return true;
}

bool vfs_mount(const uint8_t *archive, size_t len)
{
    if (len < ARCHIVE_HEAD || memcmp(archive, "SPINVFS1", 8) != 0)
        return false;
    size_t count = u32_at(archive + 8);
    if (count > (len - ARCHIVE_HEAD) / ARCHIVE_ENTRY || !reserve(count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!read_entry(archive, len, i, &files[file_count + i]))
            return false;
    }
    file_count += count;
    qsort(files, file_count, sizeof *files, compare_files);
    return true;
}

bool vfs_add(const char *path, size_t path_len, const uint8_t *data, size_t len)
{
    const struct vfs_file *present;
    if (vfs_find(path, path_len, &present) == VFS_FILE)
        return true;
    if (!reserve(1))
        return false;
    uint8_t *copy = malloc(path_len + len + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, data, len);
    memcpy(copy + len, path, path_len);
    size_t index = lower_bound(path, path_len);
    memmove(&files[index + 1], &files[index], (file_count - index) * sizeof *files);
    files[index] = (struct vfs_file){
        .path = (const char *)copy + len,
        .path_len = (uint32_t)path_len,
        .data = copy,
        .packed_len = (uint32_t)len,
        .size = (uint32_t)len,
        .packing = VFS_STORED,
    };
    file_count++;
    return true;
}

void vfs_discard(const char *path, size_t path_len)
{
    const struct vfs_file *found;
    if (vfs_find(path, path_len, &found) != VFS_FILE)
        return;
    memset((uint8_t *)found->data, 0, found->packed_len);
    size_t index = (size_t)(found - files);
    file_count--;
    memmove(&files[index], &files[index + 1], (file_count - index) * sizeof *files);
}

/* Whether the path lies somewhere under the directory. */
static bool is_under(const struct vfs_file *file, const char *directory, size_t len)
{
    if (len == 0)
        return true;
    return file->path_len > len + 1 && file->path[len] == '/' &&
           memcmp(file->path, directory, len) == 0;
}

/* Whether the file sorts before everything under the directory. */
static bool is_before(const struct vfs_file *file, const char *directory, size_t len)
{
    int order = memcmp(file->path, directory, file->path_len < len ? file->path_len : len);
    if (order != 0)
        return order < 0;
    return file->path_len <= len || (unsigned char)file->path[len] < '/';
}

/* Index of the first file under the directory, if there is one. */
static size_t first_under(const char *directory, size_t len)
{
    size_t low = 0, high = len == 0 ? 0 : file_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(&files[middle], directory, len))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum vfs_kind vfs_find(const char *path, size_t path_len, const struct vfs_file **ret_file)
{
    size_t index = lower_bound(path, path_len);
    if (index < file_count &&
        compare_paths(files[index].path, files[index].path_len, path, path_len) == 0) {
        *ret_file = &files[index];
        return VFS_FILE;
    }
    index = first_under(path, path_len);
    return index < file_count && is_under(&files[index], path, path_len) ? VFS_DIRECTORY
                                                                         : VFS_ABSENT;
}

bool vfs_next(const char *directory, size_t directory_len, size_t *position, const char **ret_name,
    size_t *ret_len, const struct vfs_file **ret_file)
{
    size_t index = *position == 0 ? first_under(directory, directory_len) : *position - 1;
    if (index >= file_count || !is_under(&files[index], directory, directory_len))
        return false;
    size_t skip = directory_len == 0 ? 0 : directory_len + 1;
    const char *name = files[index].path + skip;
    size_t rest = files[index].path_len - skip;
    const char *slash = memchr(name, '/', rest);
    *ret_name = name;
    *ret_len = slash == NULL ? rest : (size_t)(slash - name);
    *ret_file = slash == NULL ? &files[index] : NULL;
    /* Everything under the same name follows it directly. */
    size_t prefix = skip + *ret_len;
    const char *first = files[index].path;
    do
        index++;
    while (slash != NULL && index < file_count && is_under(&files[index], first, prefix));
    *position = index + 1;
    return true;
}

const uint8_t *vfs_contents(const struct vfs_file *file, bool *ret_owned)
{
    *ret_owned = file->packing == VFS_DEFLATED;
    if (file->packing == VFS_STORED)
        return file->data;
    uint8_t *contents = malloc(file->size + 1);
    if (contents == NULL)
        return NULL;
    z_stream stream = {.next_in = (uint8_t *)file->data,
        .avail_in = file->packed_len,
        .next_out = contents,
        .avail_out = file->size};
    /* Negative: a raw deflate stream, without zlib's head. */
    int status = inflateInit2(&stream, -MAX_WBITS);
    if (status == Z_OK) {
        status = inflate(&stream, Z_FINISH);
        inflateEnd(&stream);
    }
    if (status == Z_STREAM_END && stream.avail_out == 0)
        return contents;
    free(contents);
    return NULL;
}

uint64_t vfs_number(const struct vfs_file *file)
{
    return (uint64_t)(uintptr_t)file->data + ((uint64_t)1 << 32);
}
