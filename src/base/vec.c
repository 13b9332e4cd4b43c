#include "base/vec.h"

void *vec_push_raw(void **data, size_t *len, size_t *cap, size_t element_size, struct arena *a)
{
    if (*len == *cap) {
        size_t grown = *cap ? *cap * 2 : 8;
        void *moved = arena_try_alloc(a, grown, element_size);
        if (!moved)
            return NULL;
        if (*len)
            memcpy(moved, *data, *len * element_size);
        *data = moved;
        *cap = grown;
    }
    void *slot = (char *)*data + *len * element_size;
    ++*len;
    return slot;
}
