/*
 * Layout of a block: a word, then the payload at a multiple of 16.
 *
 *     16k-4        16k                                16(k+m)-4
 *     +-----------+----------------------------------+-----------
 *     | head      | payload, 16m-4 bytes             | next head
 *     +-----------+----------------------------------+-----------
 *
 * The head of an ordinary block is its class, shifted left by one. An aligned block lies inside an
 * ordinary one; its head is the distance to that one's payload, shifted left by one, plus 1.
 *
 * Classes: 12, 28, 44 ... bytes up to SMALL_MAX, then four to each doubling.
 */
#include "heap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    ALIGNMENT = 16,
    HEAD = 4,
    SMALL_CLASSES = 64,
    SMALL_MAX = SMALL_CLASSES * ALIGNMENT - HEAD,
    /* From 1,024 bytes to 2 GiB, four to each doubling. */
    LARGE_CLASSES = 4 * 21,
    CLASSES = SMALL_CLASSES + LARGE_CLASSES,
    /* A block of a larger class may serve a request: at most this many classes above it (twice the
     * size), so that growing lists do not leave memory behind that nobody can use. */
    CLASSES_ABOVE = 4,
    WASM_PAGE = 65536,
    SYSTEM_PAGE = 4096,
    GROW_PAGES = 16,
};

/* Above this no block is made: sizes must not overflow 32 bits when rounded up. */
#define SIZE_LIMIT ((size_t)0x7fff0000)

struct free_block {
    struct free_block *next;
};

/* First byte behind the module's data and stack: set by the linker. */
extern unsigned char __heap_base;

/*
 * What allocating and freeing write. The seal moves it to the page where a request's own blocks
 * begin, so that a page less is written.
 */
struct heap {
    struct free_block *freed[CLASSES];
    uintptr_t fresh, fresh_end; /* memory never used yet, zero */
};

static struct heap before_seal, *heap = &before_seal;
/*
 * Up to the seal freed blocks are cleared, so that what padding of later blocks holds does not
 * depend on what went before: the same inputs give the same image.
 */
static bool clears = true;

static uint32_t *head_of(void *payload)
{
    return (uint32_t *)((uintptr_t)payload - HEAD);
}

/* Payload bytes of a class. */
static size_t class_size(unsigned class)
{
    if (class < SMALL_CLASSES)
        return (size_t)(class + 1) * ALIGNMENT - HEAD;
    unsigned large = class - SMALL_CLASSES;
    size_t base = (size_t)1024 << large / 4;
    return base + base / 4 * (large % 4 + 1) - HEAD;
}

/* The smallest class whose payload holds `size` bytes, which is at most SIZE_LIMIT. */
static unsigned class_of(size_t size)
{
    if (size <= SMALL_MAX)
        return size ? (unsigned)((size + HEAD - 1) / ALIGNMENT) : 0;
    size_t total = size + HEAD - 1; /* at least 1,024 */
    unsigned doubling = 31 - (unsigned)__builtin_clz((unsigned)total) - 10;
    unsigned quarter = (unsigned)(total >> (doubling + 8)) - 4;
    return SMALL_CLASSES + doubling * 4 + quarter;
}

/* Makes [fresh, fresh_end) hold `size` more bytes. */
static bool reserve_fresh(size_t size)
{
    if (heap->fresh == 0) {
        uintptr_t base = (uintptr_t)&__heap_base;
        heap->fresh = ((base + HEAD + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1)) - HEAD;
        heap->fresh_end = (uintptr_t)__builtin_wasm_memory_size(0) * WASM_PAGE;
    }
    if (heap->fresh_end - heap->fresh >= size)
        return true;
    size_t pages = (size + WASM_PAGE) / WASM_PAGE;
    if (pages < GROW_PAGES)
        pages = GROW_PAGES;
    uintptr_t grown = __builtin_wasm_memory_grow(0, pages);
    if (grown == (uintptr_t)-1)
        return false;
    grown *= WASM_PAGE;
    if (grown != heap->fresh_end) /* someone else grew the memory */
        heap->fresh = grown + ALIGNMENT - HEAD;
    heap->fresh_end = grown + pages * WASM_PAGE;
    return true;
}

static void *take_fresh(unsigned class)
{
    size_t total = class_size(class) + HEAD;
    if (!reserve_fresh(total))
        return NULL;
    uint32_t *head = (uint32_t *)heap->fresh;
    heap->fresh += total;
    *head = class << 1;
    return head + 1;
}

static void *take_freed(unsigned class)
{
    unsigned last = class < SMALL_CLASSES ? class : class + CLASSES_ABOVE;
    if (last >= CLASSES)
        last = CLASSES - 1;
    for (unsigned i = class; i <= last; i++) {
        struct free_block *block = heap->freed[i];
        if (block != NULL) {
            heap->freed[i] = block->next;
            return block;
        }
    }
    return NULL;
}

/* Sets *ret_zeroed if the block has never been used. */
static void *allocate(size_t size, bool *ret_zeroed)
{
    if (size > SIZE_LIMIT) {
        errno = ENOMEM;
        return NULL;
    }
    unsigned class = class_of(size);
    void *block = take_freed(class);
    *ret_zeroed = block == NULL;
    if (block == NULL)
        block = take_fresh(class);
    if (block == NULL)
        errno = ENOMEM;
    return block;
}

/* The ordinary block that holds the payload. */
static void *whole_block(void *payload)
{
    uint32_t head = *head_of(payload);
    return head & 1 ? (void *)((uintptr_t)payload - (head >> 1)) : payload;
}

size_t malloc_usable_size(void *payload)
{
    if (payload == NULL)
        return 0;
    void *block = whole_block(payload);
    return class_size(*head_of(block) >> 1) - ((uintptr_t)payload - (uintptr_t)block);
}

void *malloc(size_t size)
{
    if (size <= SMALL_MAX) { /* the usual case */
        unsigned class = class_of(size);
        struct free_block *block = heap->freed[class];
        if (block != NULL) {
            heap->freed[class] = block->next;
            return block;
        }
    }
    bool zeroed;
    return allocate(size, &zeroed);
}

void free(void *payload)
{
    if (payload == NULL)
        return;
    struct free_block *block = whole_block(payload);
    unsigned class = *head_of(block) >> 1;
    if (clears)
        memset(block, 0, class_size(class));
    block->next = heap->freed[class];
    heap->freed[class] = block;
}

void *calloc(size_t count, size_t each)
{
    size_t size;
    if (__builtin_mul_overflow(count, each, &size)) {
        errno = ENOMEM;
        return NULL;
    }
    bool zeroed;
    void *block = allocate(size, &zeroed);
    if (block != NULL && !zeroed)
        memset(block, 0, size);
    return block;
}

/* If the block is the last one that was cut, makes it larger where it stands. */
static bool grow_in_place(void *block, size_t size)
{
    uint32_t *head = head_of(block);
    if (*head & 1) /* aligned: its head holds no class */
        return false;
    size_t old_total = class_size(*head >> 1) + HEAD;
    unsigned class = class_of(size);
    size_t more = class_size(class) + HEAD - old_total;
    if ((uintptr_t)head + old_total != heap->fresh || heap->fresh_end - heap->fresh < more)
        return false;
    *head = class << 1;
    heap->fresh += more;
    return true;
}

void *realloc(void *payload, size_t size)
{
    if (payload == NULL)
        return malloc(size);
    size_t have = malloc_usable_size(payload);
    /* A block that shrinks to less than half is moved, unless it is small anyway. */
    if (size <= have && (size >= have / 2 || have <= 64))
        return payload;
    if (size > have && size <= SIZE_LIMIT && grow_in_place(payload, size))
        return payload;
    void *moved = malloc(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, payload, have < size ? have : size);
    free(payload);
    return moved;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    if (alignment <= ALIGNMENT)
        return malloc(size);
    if (alignment & (alignment - 1) || alignment > SIZE_LIMIT || size > SIZE_LIMIT - alignment) {
        errno = alignment & (alignment - 1) ? EINVAL : ENOMEM;
        return NULL;
    }
    void *block = malloc(size + alignment);
    if (block == NULL)
        return NULL;
    uintptr_t payload = ((uintptr_t)block + alignment - 1) & ~(uintptr_t)(alignment - 1);
    uint32_t distance = (uint32_t)(payload - (uintptr_t)block);
    if (distance > 0)
        *head_of((void *)payload) = distance << 1 | 1;
    return (void *)payload;
}

int posix_memalign(void **ret_payload, size_t alignment, size_t size)
{
    if (alignment < sizeof(void *) || alignment & (alignment - 1))
        return EINVAL;
    void *payload = aligned_alloc(alignment, size);
    if (payload == NULL)
        return ENOMEM;
    *ret_payload = payload;
    return 0;
}

void *memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}

/* The names under which the rest of libc calls these. */
void *__libc_malloc(size_t size)
{
    return malloc(size);
}

void __libc_free(void *payload)
{
    free(payload);
}

void *__libc_calloc(size_t count, size_t each)
{
    return calloc(count, each);
}

/* What was freed is zero and belongs to nobody from now on. */
static void forget_freed(void)
{
    for (unsigned class = 0; class < CLASSES; class++) {
        size_t size = class_size(class);
        struct free_block *block = heap->freed[class];
        heap->freed[class] = NULL;
        while (block != NULL) {
            struct free_block *next = block->next;
            memset(head_of(block), 0, size + HEAD);
            block = next;
        }
    }
}

void *heap_seal(size_t reserve, size_t *ret_size)
{
    forget_freed();
    if (!reserve_fresh(reserve + 2 * SYSTEM_PAGE))
        return NULL;
    uintptr_t page = (heap->fresh + SYSTEM_PAGE - 1) & ~(uintptr_t)(SYSTEM_PAGE - 1);
    struct heap *moved = (struct heap *)page;
    *moved = *heap;
    moved->fresh = page + SYSTEM_PAGE + ALIGNMENT - HEAD;
    heap = moved;
    clears = false;
    uintptr_t rest = (uintptr_t)(moved + 1);
    rest = (rest + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
    *ret_size = page + SYSTEM_PAGE - rest;
    return (void *)rest;
}
