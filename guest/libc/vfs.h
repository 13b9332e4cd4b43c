/*
 * Read-only files inside the guest's memory: the standard library, the SDK, what of the
 * application is embedded. They exist at run time without any host.
 *
 * Paths have no leading slash and no "." or ".." parts: "python/json/__init__.py". Directories are
 * implied by the paths of files; the root is "".
 *
 * The archive's bytes (all numbers little-endian, entries sorted by path):
 *
 *     "SPINVFS1"  u32 count
 *     count x { u32 path, u32 path_len, u32 data, u32 packed_len, u32 size, u32 packing }
 *     paths and data, at offsets from the archive's first byte
 */
#ifndef GUEST_VFS_H
#define GUEST_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vfs_packing { VFS_STORED, VFS_DEFLATED };

struct vfs_file {
    const char *path; /* not terminated */
    uint32_t path_len;
    const uint8_t *data; /* packed_len bytes */
    uint32_t packed_len;
    uint32_t size;
    enum vfs_packing packing;
};

enum vfs_kind { VFS_ABSENT, VFS_FILE, VFS_DIRECTORY };

/* Adds every file of the archive, whose bytes must stay. False if it is malformed or memory ends.
 */
bool vfs_mount(const uint8_t *archive, size_t len);
/* Adds a file with copies of its path and data; one of the same path stays. False: no memory. */
bool vfs_add(const char *path, size_t path_len, const uint8_t *data, size_t len);
/* Removes a file and overwrites its data with zeroes. Nothing if there is no such file. */
void vfs_discard(const char *path, size_t path_len);
/* What is at a path; *ret_file only for a file, valid until the next mount or add. */
enum vfs_kind vfs_find(const char *path, size_t path_len, const struct vfs_file **ret_file);
/*
 * The name in a directory that follows *position (begin with 0), as a view of a longer path; false
 * at the end. *ret_file is NULL for a directory.
 */
bool vfs_next(const char *directory, size_t directory_len, size_t *position, const char **ret_name,
    size_t *ret_len, const struct vfs_file **ret_file);
/*
 * The file's contents: *ret_owned says whether the caller frees them. NULL: no memory, or damaged.
 */
const uint8_t *vfs_contents(const struct vfs_file *file, bool *ret_owned);
/* A number that no other file has, for st_ino. */
uint64_t vfs_number(const struct vfs_file *file);

#endif
