/*
 * Files and paths: what the rest of the program needs of the operating system's file calls.
 */
#ifndef SPINDLE_BASE_FILE_H
#define SPINDLE_BASE_FILE_H

#include "base/arena.h"
#include "base/error.h"

/* Reads a whole regular file of at most `max` bytes into `out` (cleared first; its max is raised).
 */
int file_read(const char *path, size_t max, struct buf *out, struct error *err);
/* The same from an open descriptor; `name` is for messages. */
int file_read_fd(int fd, const char *name, size_t max, struct buf *out, struct error *err);
/*
 * Writes through a temporary name in the same folder and renames, so that `path` holds the old
 * contents or the new, never a part. Mode as for open(2), before the umask.
 */
int file_write(const char *path, struct str contents, unsigned mode, struct error *err);
/* Creates a folder and its parents; existing ones are fine. New ones get `mode`. */
int file_make_dirs(const char *path, unsigned mode, struct error *err);
/* Removes a folder with all that is in it; links are removed, not followed. As far as it goes. */
void file_remove_tree(const char *path);
/* A copy of a regular file, with `mode`; what is there is replaced. */
int file_copy(const char *from, const char *to, unsigned mode, struct error *err);
bool file_exists(const char *path);
bool file_is_dir(const char *path);
/* "a/b" from "a" and "b"; b alone if it is absolute. */
char *path_join(struct arena *a, const char *left, const char *right);
/* The folder of a path ("." if it has none). */
char *path_dir(struct arena *a, const char *path);
/* The last part of a path. */
const char *path_name(const char *path);
/* Writes all, retrying short writes and EINTR. */
int fd_write_all(int fd, struct str contents, struct error *err);
/* CLEANUP(fd_close) int fd = ...; closes if not negative. */
void fd_close(int *fd);
/* $XDG_CACHE_HOME/spindle, else ~/.cache/spindle. Not created. */
int path_user_cache(struct arena *a, char **ret, struct error *err);
/* The folder of the running program's file, symbolic links resolved. */
int path_of_program(struct arena *a, char **ret, struct error *err);

#endif
