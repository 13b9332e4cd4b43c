/*
 * Files out of a tar archive, by libarchive. Nothing is written: what the archive says about
 * places, owners and links cannot reach the machine.
 */
#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include "base/file.h"
#include "template/files_int.h"

static void reader_free(struct archive **reader)
{
    if (*reader)
        archive_read_free(*reader);
}

static int fail(struct collecting *c, struct archive *reader, struct error *err)
{
    const char *why = archive_error_string(reader);
    return error_set(err, ERROR_INVALID, "'%s' is not a tar archive that can be read: %s", c->from,
        why ? why : "unknown reason");
}

/* "./a/b" is a/b, and a folder's last slash is no part of its name. */
static struct str clean_path(const char *path)
{
    struct str clean = str_of(path);
    while (str_starts_with(clean, STR("./")))
        clean = str_skip(clean, 2);
    while (clean.len > 1 && clean.ptr[clean.len - 1] == '/')
        clean.len--;
    return clean;
}

static int read_bytes(
    struct collecting *c, struct archive *reader, struct str *ret, struct error *err)
{
    struct buf bytes CLEANUP(buf_release) = BUF_INIT(collecting_left(c));
    uint8_t chunk[16 * 1024];
    for (;;) {
        la_ssize_t n = archive_read_data(reader, chunk, sizeof chunk);
        if (n < 0)
            return fail(c, reader, err);
        if (n == 0)
            break;
        buf_append(&bytes, chunk, (size_t)n);
        if (bytes.failed)
            return collecting_fail_full(c, err);
    }
    char *copy = arena_try_alloc_raw(c->arena, bytes.len + 1);
    if (!copy)
        return error_set(err, ERROR_MEMORY, "no memory to read '%s'", c->from);
    if (bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    *ret = str_make(copy, bytes.len);
    return 0;
}

static int read_entry(
    struct collecting *c, struct archive *reader, struct archive_entry *entry, struct error *err)
{
    const char *name = archive_entry_pathname(entry);
    struct str path = name ? clean_path(name) : STR_EMPTY;
    bool folder = archive_entry_filetype(entry) == S_IFDIR;
    if (folder && (!path.len || str_is(path, ".")))
        return 0;
    if (!template_path_is_inside(path))
        return error_set(err, ERROR_INVALID, "'%s' has an entry that leaves it: '%s'", c->from,
            name ? name : "");
    if (folder)
        return 0;
    struct template_file file = {
        .path = arena_copy(c->arena, path),
        .bytes = STR_EMPTY,
        .executable = archive_entry_perm(entry) & S_IXUSR,
        .kind = archive_entry_hardlink(entry) || archive_entry_filetype(entry) == S_IFLNK
                    ? TEMPLATE_LINK
                : archive_entry_filetype(entry) == S_IFREG ? TEMPLATE_FILE
                                                           : TEMPLATE_SPECIAL,
    };
    if (file.kind == TEMPLATE_FILE && read_bytes(c, reader, &file.bytes, err) < 0)
        return -1;
    return collecting_add(c, &file, err);
}

/* Entries count even when nothing is kept of them, so that folders alone do not go on for ever. */
static int read_entries(struct collecting *c, struct archive *reader, struct error *err)
{
    for (size_t seen = 0;; seen++) {
        struct archive_entry *entry;
        int result = archive_read_next_header(reader, &entry);
        if (result == ARCHIVE_EOF)
            return 0;
        if (result < ARCHIVE_WARN || result == ARCHIVE_RETRY)
            return fail(c, reader, err);
        if (seen == 2 * LIMIT_TEMPLATE_FILES)
            return collecting_fail_full(c, err);
        if (read_entry(c, reader, entry, err) < 0)
            return -1;
    }
}

int template_files_unpack(
    struct arena *a, const char *archive, struct template_files *ret, struct error *err)
{
    struct collecting c = {.arena = a, .from = archive};
    CLEANUP(reader_free) struct archive *reader = archive_read_new();
    if (!reader)
        return error_set(err, ERROR_MEMORY, "no memory to read '%s'", archive);
    archive_read_support_format_tar(reader);
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_zstd(reader);
    if (!file_exists(archive))
        return error_set(err, ERROR_NOT_FOUND, "Path not found: %s", archive);
    if (archive_read_open_filename(reader, archive, 64 * KIB) != ARCHIVE_OK)
        return fail(&c, reader, err);
    if (read_entries(&c, reader, err) < 0)
        return -1;
    return collecting_finish(&c, ret, err);
}
