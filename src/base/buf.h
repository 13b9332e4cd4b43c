/*
 * A growable byte buffer with a maximum.
 *
 * Invariants: len <= cap <= max; data is NULL when cap is 0; after a failed append `failed` is set,
 * the contents are a prefix of what was asked for, and later appends do nothing. So a writer
 * appends freely and checks once, at the end. Memory is owned; plain `struct buf b = BUF_INIT(max)`
 * needs no call.
 */
#ifndef SPINDLE_BASE_BUF_H
#define SPINDLE_BASE_BUF_H

#include <stdarg.h>

#include "base/macros.h"
#include "base/str.h"

struct buf {
    uint8_t *data;
    size_t len, cap, max;
    bool failed; /* an append went past max, or memory ran out */
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})

/* Frees the memory; the buffer is empty, with the same max. */
void buf_release(struct buf *b);
/* Empties the buffer, keeping its memory; clears `failed`. */
void buf_clear(struct buf *b);
/* Makes room for n more bytes. Returns false, with `failed` set, if that is above max or
 * impossible. */
bool buf_reserve(struct buf *b, size_t n);
void buf_append(struct buf *b, const void *bytes, size_t n);
void buf_append_byte(struct buf *b, uint8_t byte);
void buf_append_str(struct buf *b, struct str s);
void buf_append_cstr(struct buf *b, const char *s);
PRINTF_LIKE(2, 3) void buf_printf(struct buf *b, const char *fmt, ...);
void buf_vprintf(struct buf *b, const char *fmt, va_list args);
/* Unsigned and signed LEB128 (core specification 5.2.2). */
void buf_append_uleb(struct buf *b, uint64_t value);
void buf_append_sleb(struct buf *b, int64_t value);
/* The contents as a view; valid until the next append. */
struct str buf_str(const struct buf *b);
/* NUL-terminates (the NUL is not counted in len) and returns the text; "" if memory ran out. */
const char *buf_cstr(struct buf *b);
/* Takes the contents as malloc'ed, NUL-terminated text; the buffer is empty afterwards. NULL if
 * failed. */
char *buf_detach(struct buf *b);

#endif
