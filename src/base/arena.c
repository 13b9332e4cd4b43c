#include "base/arena.h"

#include "base/limits.h"

struct arena_block {
    struct arena_block *older;
    size_t size; /* of the whole block, header included */
};

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096 };
#define LARGEST_STEP (1 * MIB)

static char *block_start(struct arena_block *block)
{
    return (char *)block + align_up(sizeof(*block), ALIGNMENT);
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_release(struct arena *a)
{
    free_blocks(a->blocks);
    *a = ARENA_INIT(a->max);
}

void arena_reset(struct arena *a)
{
    struct arena_block *keep = a->blocks;
    if (!keep)
        return;
    if (keep->size > LARGEST_STEP) { /* one large request must not hold its memory for ever */
        arena_release(a);
        return;
    }
    free_blocks(keep->older);
    keep->older = NULL;
    a->used = keep->size;
    a->next = block_start(keep);
    a->end = (char *)keep + keep->size;
}

/* Makes a block in which `size` bytes fit. Blocks double up to LARGEST_STEP. */
static bool add_block(struct arena *a, size_t size)
{
    size_t header = align_up(sizeof(struct arena_block), ALIGNMENT);
    size_t step = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
    if (step > LARGEST_STEP)
        step = LARGEST_STEP;
    if (size > a->max || header > a->max - size)
        return false;
    size_t need = size + header;
    if (need > a->max - a->used)
        return false;
    if (step < need)
        step = need;
    if (step > a->max - a->used)
        step = need;
    struct arena_block *block = malloc(step);
    if (!block)
        return false;
    *block = (struct arena_block){.older = a->blocks, .size = step};
    a->blocks = block;
    a->used += step;
    a->next = block_start(block);
    a->end = (char *)block + step;
    return true;
}

void *arena_try_alloc_raw(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = align_up(size ? size : 1, ALIGNMENT);
    if ((size_t)(a->end - a->next) < size && !add_block(a, size))
        return NULL;
    void *memory = a->next;
    a->next += size;
    return memory;
}

void *arena_try_alloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *memory = arena_try_alloc_raw(a, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *memory = arena_try_alloc(a, 1, size);
    if (!memory)
        BUG("an arena of at most %zu bytes cannot give %zu more", a->max, size);
    return memory;
}

struct str arena_copy(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return str_make(copy, s.len);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    BUG_IF(n < 0);
    char *text = arena_alloc(a, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}
