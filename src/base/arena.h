/*
 * An arena: many allocations, freed at once. One per parsed module, per request, per command.
 *
 * Invariants: every pointer is aligned to 16 and stays valid until arena_reset or arena_release;
 * the memory in use never exceeds `max`. The arena itself holds no lock; one thread uses it at a
 * time.
 *
 * Two families (docs/memory.md): arena_alloc for small sizes that we chose, which aborts when
 * memory is short; arena_try_alloc for any size or count that a guest, a peer or a file chose.
 */
#ifndef SPINDLE_BASE_ARENA_H
#define SPINDLE_BASE_ARENA_H

#include <stdarg.h>

#include "base/macros.h"
#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    char *next, *end;           /* free part of the newest block */
    size_t used, max;           /* bytes asked for from the system */
};

#define ARENA_INIT(maximum) ((struct arena){.max = (maximum)})

/* Frees everything; the arena may be used again. */
void arena_release(struct arena *a);
/* Forgets everything but keeps one block of up to 1 MiB, so that a loop allocates nothing. */
void arena_reset(struct arena *a);
/* Zeroed memory. Past max or out of memory: aborts. */
void *arena_alloc(struct arena *a, size_t size);
/* Zeroed memory for count * size, NULL when that overflows, is above max or cannot be had. */
MUST_CHECK void *arena_try_alloc(struct arena *a, size_t count, size_t size);
/* As arena_try_alloc, without zeroing. */
MUST_CHECK void *arena_try_alloc_raw(struct arena *a, size_t size);
/* A NUL-terminated copy; `len` counts without the NUL. Aborts as arena_alloc does. */
struct str arena_copy(struct arena *a, struct str s);
PRINTF_LIKE(2, 3) char *arena_printf(struct arena *a, const char *fmt, ...);

#define arena_new(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define arena_try_array(a, n, type) ((type *)arena_try_alloc((a), (n), sizeof(type)))

#endif
