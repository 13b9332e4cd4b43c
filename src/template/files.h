/*
 * Files of templates, held in memory: from a folder, an archive or the program itself. What is read
 * is bounded (LIMIT_TEMPLATE_BYTES, LIMIT_TEMPLATE_FILES) and never follows a link, so what comes
 * from elsewhere can name nothing outside of itself.
 */
#ifndef SPINDLE_TEMPLATE_FILES_H
#define SPINDLE_TEMPLATE_FILES_H

#include "base/arena.h"
#include "base/error.h"

enum template_file_kind {
    TEMPLATE_FILE,
    TEMPLATE_LINK,    /* kept without its target, so that whoever needs it can refuse it */
    TEMPLATE_SPECIAL, /* a device, a socket ... */
};

struct template_file {
    struct str path; /* relative, with '/' between non-empty parts, none of them "." or ".." */
    struct str bytes;
    bool executable;
    enum template_file_kind kind;
};

/* Sorted by path, each path once. */
struct template_files {
    size_t count;
    const struct template_file *items;
};

/* Those of templates/, embedded when the program is built (templates/embed.cmake). */
extern const struct template_file template_built_in_files[];
extern const size_t template_built_in_count;

/* Everything below a folder. Bytes are in the arena. */
int template_files_read(
    struct arena *a, const char *folder, struct template_files *ret, struct error *err);
/*
 * Everything in a tar archive, which may be compressed by gzip, bzip2, xz or zstd. ERROR_INVALID
 * for a path that leaves the archive.
 */
int template_files_unpack(
    struct arena *a, const char *archive, struct template_files *ret, struct error *err);
/* Those below a folder, with their paths relative to it. */
struct template_files template_files_below(
    struct arena *a, const struct template_files *files, struct str folder);
/* NULL if there is none. */
const struct template_file *template_files_find(
    const struct template_files *files, struct str path);
/* Makes the files below a folder that does not exist yet; `kind` must be TEMPLATE_FILE for all. */
int template_files_write(const struct template_files *files, const char *folder, struct error *err);

#endif
