/*
 * The table of open files: what a file descriptor number means.
 *
 * 0, 1, 2   the host's standard streams, asked for when first used
 * 3         "/", the only preopened directory that libc is told of: everything else is a path
 * others    opened by path
 */
#ifndef GUEST_LIBC_FILE_H
#define GUEST_LIBC_FILE_H

#include "host.h"
#include "vfs.h"

enum { FILE_STDIN, FILE_STDOUT, FILE_STDERR, FILE_ROOT, FILE_FIRST_OPENED };

enum file_kind {
    FILE_FREE,
    FILE_DEAD,      /* was open when the memory was sealed: the number is never used again */
    FILE_RESERVED,  /* a number that libc holds for an object of its own */
    FILE_INPUT,     /* standard input */
    FILE_OUTPUT,    /* standard output or error */
    FILE_EMBEDDED,  /* a file of the VFS */
    FILE_HOST,      /* a file of the host */
    FILE_DIRECTORY, /* of either, or both merged: only its path is kept */
};

struct directory_entry {
    char *name; /* owned */
    uint32_t name_len;
    uint8_t type;
};

struct file {
    enum file_kind kind;
    uint16_t flags;    /* __WASI_FDFLAGS_* */
    bool opened;       /* input, output: `handle` is there */
    uint32_t handle;   /* input, output: stream; host: descriptor */
    uint64_t position; /* embedded, host */

    const uint8_t *contents; /* embedded */
    uint32_t size;
    bool owns_contents;
    uint64_t number;

    char *path; /* directory; owned */
    uint32_t path_len;
    bool listed; /* directory: `entries` were read */
    uint32_t entry_count;
    struct directory_entry *entries;
};

/* The open file of that number, or NULL. */
struct file *file_get(__wasi_fd_t fd);
/* A free number's file, zeroed but for `kind`, or NULL if memory ends. */
struct file *file_new(enum file_kind kind, __wasi_fd_t *ret_fd);
/* Releases what the file holds; the number is free again. */
void file_close(struct file *file);
/* Gives a reserved number back. */
bool file_unreserve(__wasi_fd_t fd);
/* The standard stream's handle. */
uint32_t file_stream(struct file *file);
/* Reads the directory's names, of the VFS and of the host. */
__wasi_errno_t file_list(struct file *file);

uint8_t file_type_of_host(uint8_t descriptor_type);
void file_stat_embedded(
    uint64_t number, uint64_t size, bool directory, __wasi_filestat_t *ret_stat);

#endif
