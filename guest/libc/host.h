/*
 * WASI 0.2 as C sees it: the layouts in which the canonical ABI returns results, error numbers,
 * and small helpers. The functions themselves are in the generated guest_imports.h.
 */
#ifndef GUEST_LIBC_HOST_H
#define GUEST_LIBC_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wasi/api.h>

#include "guest_imports.h"

/* A list or string that the host has written to a block of cabi_realloc; freed by who gets it. */
struct host_list {
    uint8_t *data;
    uint32_t len;
};

struct host_datetime {
    uint64_t seconds;
    uint32_t nanoseconds;
};

/* result<_, error-code> */
struct host_status {
    uint8_t failed;
    uint8_t code;
};

/* result<u32-sized, error-code> */
struct host_handle_result {
    uint8_t failed;
    union {
        uint32_t handle;
        uint8_t code;
    };
};

/* result<filesize, error-code> */
struct host_size_result {
    uint8_t failed;
    union {
        uint64_t size;
        uint8_t code;
    };
};

/* result<_, stream-error>, result<own<T>, stream-error>, result<list<u8>, stream-error> */
struct host_stream_result {
    uint8_t failed;
    union {
        struct host_list list;
        uint32_t handle;
        struct {
            uint8_t closed;
            uint32_t error; /* own<error> when not closed */
        };
    };
};

/* A pointer as the host wants it. */
#define host_address(pointer) ((uint32_t)(uintptr_t)(pointer))

/* The preview 1 error number for a code of wasi:filesystem/types. */
__wasi_errno_t host_errno(uint8_t code);
/* Whether the bytes may be passed as a string: a host traps otherwise. */
bool host_is_utf8(const char *text, size_t len);
/* Frees what the host allocated: nothing, whatever the pointer, for an empty list. */
void host_list_free(const struct host_list *list);
/* Drops the error resource of a stream that failed; returns whether the stream is merely closed. */
bool host_stream_closed(const struct host_stream_result *result);
/*
 * Writes everything to an output stream, blocking as needed. False if the stream is closed or
 * failed.
 */
bool host_stream_write(uint32_t stream, const uint8_t *data, size_t len);

#endif
