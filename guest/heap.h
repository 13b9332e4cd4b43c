/*
 * The guest's heap: malloc and its family over linear memory.
 *
 * Blocks come from size classes; a freed block goes to its class's list and is reused last in,
 * first out; what no list offers is cut from the fresh end of memory. After heap_seal() nothing
 * that was freed before is used again, so that what a request allocates is new, contiguous memory:
 * few pages to rewind.
 */
#ifndef GUEST_HEAP_H
#define GUEST_HEAP_H

#include <stddef.h>

/*
 * Zeroes and forgets every free block. What is allocated from now on begins with a new page, behind
 * which at least `reserve` bytes of zeroes lie inside the memory. The page before it is for what
 * every request writes: the heap's own state, and behind that *ret_size bytes, zero and aligned to
 * 16, for the caller, which are returned. NULL if the memory cannot grow so far.
 */
void *heap_seal(size_t reserve, size_t *ret_size);

#endif
