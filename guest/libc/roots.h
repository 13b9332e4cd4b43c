/*
 * Directories of the host: paths are mapped to its preopened directories, by longest prefix. They
 * are asked for when first needed, and again after libc_seal().
 */
#ifndef GUEST_LIBC_ROOTS_H
#define GUEST_LIBC_ROOTS_H

#include "host.h"

/* Where a path lies on the host. */
struct host_place {
    uint32_t descriptor; /* borrowed: of the preopened directory */
    const char *path;    /* relative to it; points into the path that was looked up */
    uint32_t path_len;
};

/* Path without leading slash, "" for the root. False if no preopened directory holds it. */
bool roots_locate(const char *path, size_t len, struct host_place *ret_place);
/* Drops the handles. */
void roots_forget(void);

#endif
