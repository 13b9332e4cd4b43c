/*
 * A growable array in an arena.
 *
 *     VEC(struct item) items = {0};
 *     struct item *slot = VEC_PUSH(&items, arena);   // zeroed; NULL when the arena is at its max
 *     for (size_t i = 0; i < items.len; i++) use(&items.data[i]);
 *
 * Growing moves the elements, so a pointer to one is valid until the next push only.
 */
#ifndef SPINDLE_BASE_VEC_H
#define SPINDLE_BASE_VEC_H

#include "base/arena.h"

#define VEC(type)        \
    struct {             \
        type *data;      \
        size_t len, cap; \
    }

#define VEC_PUSH(vec, arena)                \
    ((__typeof__((vec)->data))vec_push_raw( \
        (void **)&(vec)->data, &(vec)->len, &(vec)->cap, sizeof(*(vec)->data), (arena)))

MUST_CHECK void *vec_push_raw(
    void **data, size_t *len, size_t *cap, size_t element_size, struct arena *a);

#endif
