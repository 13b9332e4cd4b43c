/*
 * A view of text or bytes: pointer and length, not owned, not NUL-terminated.
 */
#ifndef SPINDLE_BASE_STR_H
#define SPINDLE_BASE_STR_H

#include "base/macros.h"

struct str {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_EMPTY    ((struct str){"", 0})
/* printf("%" STR_FMT, STR_ARG(s)) */
#define STR_FMT    ".*s"
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct str str_of(const char *cstr)
{
    return (struct str){cstr, strlen(cstr)};
}

static inline struct str str_make(const void *ptr, size_t len)
{
    return (struct str){ptr, len};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(struct str a, const char *cstr)
{
    return str_equal(a, str_of(cstr));
}

static inline bool str_starts_with(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool str_ends_with(struct str s, struct str suffix)
{
    return s.len >= suffix.len &&
           (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* The part from `from` (clamped) to the end. */
static inline struct str str_skip(struct str s, size_t from)
{
    return from >= s.len ? STR_EMPTY : (struct str){s.ptr + from, s.len - from};
}

/* Index of the byte, or -1. */
ptrdiff_t str_find_byte(struct str s, char byte);
/* Orders like memcmp, then by length. */
int str_compare(struct str a, struct str b);
/* ASCII only. */
bool str_equal_ignore_case(struct str a, struct str b);
struct str str_trim(struct str s); /* ASCII white space at both ends */
/* Decimal without sign. Returns false on anything else or overflow; *ret untouched. */
bool str_to_u64(struct str s, uint64_t *ret);
/* Edit distance (Levenshtein), for "did you mean". Strings above 64 bytes count as far away. */
unsigned str_distance(struct str a, struct str b);
/* A malloc'ed NUL-terminated copy; aborts when out of memory (small, ours). */
char *str_dup(struct str s);

#endif
