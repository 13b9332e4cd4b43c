/* File status of the host and of paths, as preview 1 gives it. */
#ifndef GUEST_LIBC_STAT_H
#define GUEST_LIBC_STAT_H

#include "host.h"

struct host_optional_time {
    uint8_t present;
    struct host_datetime time;
};

/* result<descriptor-stat, error-code> of wasi:filesystem/types */
struct host_stat_result {
    uint8_t failed;
    union {
        uint8_t code;
        struct {
            uint8_t type;
            uint64_t links;
            uint64_t size;
            struct host_optional_time accessed, modified, changed;
        } stat;
    };
};

/* new-timestamp, flattened */
struct host_new_time {
    uint32_t what; /* 0 no change, 1 now, 2 as given */
    uint64_t seconds;
    uint32_t nanoseconds;
};

/* From bit 0 (as given) and bit 1 (now) of preview 1's flags. */
struct host_new_time host_new_time(uint64_t time, int32_t flags);
/* Status of an open file of the host. */
__wasi_errno_t host_stat(uint32_t descriptor, __wasi_filestat_t *ret_stat);
/* Status of a path (roots.h): of the VFS or else of the host. */
__wasi_errno_t path_stat(const char *path, size_t len, bool follow, __wasi_filestat_t *ret_stat);

#endif
