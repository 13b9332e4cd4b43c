/*
 * Shared by the decode_*.c files: a cursor over one component's bytes.
 */
#ifndef SPINDLE_COMPONENT_DECODE_INT_H
#define SPINDLE_COMPONENT_DECODE_INT_H

#include "base/reader.h"
#include "component/ast.h"

struct decoder {
    struct reader r;
    const uint8_t *origin; /* of the outermost component, for offsets in messages */
    struct arena *arena;
    struct error *err;
    unsigned depth; /* nested components and types */
};

typedef int (*decode_item)(struct decoder *d, void *item);

/* Each returns 0 or -1 with d->err filled. */
PRINTF_LIKE(2, 3) int decode_error(struct decoder *d, const char *fmt, ...);
/* ERROR_UNSUPPORTED: a feature that is gated or asynchronous. */
int decode_unsupported(struct decoder *d, const char *feature);
size_t decode_offset(const struct decoder *d);
int decode_byte(struct decoder *d, uint8_t *ret);
int decode_u32(struct decoder *d, uint32_t *ret);
/* A length and as many bytes of UTF-8. */
int decode_name(struct decoder *d, struct str *ret);
/* The count of a vector; each element has at least one byte. */
int decode_count(struct decoder *d, uint32_t *ret);
/* A vector: *ret_items is an array of *ret_count elements of `size` bytes. */
int decode_vec(
    struct decoder *d, size_t size, decode_item item, uint32_t *ret_count, void *ret_items);
int decode_extern_name(struct decoder *d, struct ast_name *ret);
int decode_extern_type(struct decoder *d, struct ast_extern_type *ret);
int decode_sort(struct decoder *d, enum sort *ret);
int decode_core_sort(struct decoder *d, enum sort *ret);
int decode_alias(struct decoder *d, struct ast_alias *ret);

/* decode_types.c; they are decode_item functions. */
int decode_type(struct decoder *d, void *item);      /* struct ast_type */
int decode_core_type(struct decoder *d, void *item); /* struct ast_core_type */

#endif
