/*
 * A cursor over bytes from outside: each read checks what is left. A failed read returns false and
 * leaves the cursor where it was, so that the caller can name the offset.
 */
#ifndef SPINDLE_BASE_READER_H
#define SPINDLE_BASE_READER_H

#include "base/str.h"

struct reader {
    const uint8_t *start, *pos, *end;
};

static inline struct reader reader_make(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    return (struct reader){p, p, p + len};
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->pos);
}

static inline size_t reader_offset(const struct reader *r)
{
    return (size_t)(r->pos - r->start);
}

static inline bool reader_byte(struct reader *r, uint8_t *ret)
{
    if (r->pos == r->end)
        return false;
    *ret = *r->pos++;
    return true;
}

/* n bytes as a view into the input. */
static inline bool reader_bytes(struct reader *r, size_t n, const uint8_t **ret)
{
    if (reader_left(r) < n)
        return false;
    *ret = r->pos;
    r->pos += n;
    return true;
}

/*
 * LEB128 of at most `bits` bits (core specification 5.2.2): at most ceil(bits / 7) bytes, and the
 * unused bits of the last one are zero (unsigned) or copies of the sign. READ_TOO_LONG and
 * READ_TOO_LARGE are the specification's two ways of being malformed.
 */
enum read_result { READ_OK, READ_END, READ_TOO_LONG, READ_TOO_LARGE };
enum read_result reader_uleb(struct reader *r, unsigned bits, uint64_t *ret);
enum read_result reader_sleb(struct reader *r, unsigned bits, int64_t *ret);
const char *read_result_message(enum read_result result);

#endif
