/* guest/heap.c on this machine, over an arena that stands in for linear memory. */
#include "unit.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 65536, ARENA_PAGES = 2048 };

static unsigned char *arena_base;
static size_t arena_pages;

static size_t arena_size(void)
{
    return (uintptr_t)arena_base / PAGE + arena_pages;
}

static size_t arena_grow(size_t more)
{
    if (arena_pages + more > ARENA_PAGES)
        return (size_t)-1;
    arena_pages += more;
    return arena_size() - more;
}

#define __heap_base                             (*arena_base)
#define __builtin_wasm_memory_size(index)       arena_size()
#define __builtin_wasm_memory_grow(index, more) arena_grow(more)
#define malloc                                  heap_malloc
#define free                                    heap_free
#define calloc                                  heap_calloc
#define realloc                                 heap_realloc
#define aligned_alloc                           heap_aligned_alloc
#define posix_memalign                          heap_posix_memalign
#define memalign                                heap_memalign
#define malloc_usable_size                      heap_usable_size
#define __libc_malloc                           heap_libc_malloc
#define __libc_free                             heap_libc_free
#define __libc_calloc                           heap_libc_calloc
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wredundant-decls"
#include "heap.c"

static int fresh_arena(void **state)
{
    (void)state;
    size_t bytes = (size_t)(ARENA_PAGES + 1) * PAGE;
    unsigned char *mapped =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(mapped != MAP_FAILED);
    arena_base = (unsigned char *)(((uintptr_t)mapped + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
    arena_pages = 1;
    memset(&before_seal, 0, sizeof before_seal);
    heap = &before_seal;
    return 0;
}

static void blocks_are_aligned_and_large_enough(void **state)
{
    (void)state;
    for (size_t size = 0; size < 100000; size = size * 5 / 4 + 1) {
        unsigned char *block = heap_malloc(size);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 16, 0);
        assert_true(heap_usable_size(block) >= size);
        memset(block, 0xee, heap_usable_size(block));
    }
}

static void each_class_holds_what_is_asked_of_it(void **state)
{
    (void)state;
    for (size_t size = 0; size < (size_t)1 << 24; size += 1 + size / 1000) {
        unsigned class = class_of(size);
        assert_true(class < CLASSES && class_size(class) >= size);
        assert_true(class == 0 || class_size(class - 1) < size);
    }
    assert_true(class_size(class_of(SIZE_LIMIT)) >= SIZE_LIMIT);
}

static void freed_blocks_are_used_again_last_first(void **state)
{
    (void)state;
    void *a = heap_malloc(40), *b = heap_malloc(40);
    heap_free(a);
    heap_free(b);
    assert_ptr_equal(heap_malloc(40), b);
    assert_ptr_equal(heap_malloc(40), a);
}

static void calloc_clears_what_was_used(void **state)
{
    (void)state;
    static const unsigned char zeroes[200];
    void *block = heap_malloc(200);
    memset(block, 0xee, 200);
    heap_free(block);
    assert_ptr_equal(heap_calloc(20, 10), block);
    assert_memory_equal(block, zeroes, 200);
    assert_null(heap_calloc((size_t)-1, 2));
    assert_int_equal(errno, ENOMEM);
}

static void realloc_keeps_the_contents(void **state)
{
    (void)state;
    unsigned char *block = heap_malloc(8);
    memcpy(block, "contents", 8);
    for (size_t size = 9; size < 3000000; size = size * 3 / 2 + 7) {
        block = heap_realloc(block, size);
        assert_non_null(block);
        assert_memory_equal(block, "contents", 8);
        memset(block + 8, 0xee, size - 8);
    }
    block = heap_realloc(block, 9);
    assert_memory_equal(block, "contents", 8);
}

static void the_last_block_grows_where_it_stands(void **state)
{
    (void)state;
    void *block = heap_malloc(2000);
    assert_ptr_equal(heap_realloc(block, 20000), block);
    heap_malloc(1);
    assert_ptr_not_equal(heap_realloc(block, 40000), block);
}

static void aligned_blocks_know_their_size(void **state)
{
    (void)state;
    for (size_t alignment = 8; alignment <= 65536; alignment *= 2) {
        for (size_t size = 1; size < 5000; size = size * 3 + 1) {
            unsigned char *block = heap_aligned_alloc(alignment, size);
            assert_int_equal((uintptr_t)block % alignment, 0);
            assert_true(heap_usable_size(block) >= size);
            memset(block, 0xee, size);
            unsigned char *moved = heap_realloc(block, size + 100);
            assert_int_equal(moved[size - 1], 0xee);
            heap_free(moved);
        }
    }
    void *block;
    assert_int_equal(heap_posix_memalign(&block, 3, 10), EINVAL);
    assert_int_equal(heap_posix_memalign(&block, 64, 10), 0);
}

static void without_memory_there_is_an_error(void **state)
{
    (void)state;
    assert_null(heap_malloc((size_t)ARENA_PAGES * PAGE));
    assert_int_equal(errno, ENOMEM);
    assert_null(heap_malloc((size_t)-1));
    assert_non_null(heap_malloc(100));
}

static void random_use_never_overlaps(void **state)
{
    (void)state;
    enum { SLOTS = 300, STEPS = 100000 };
    static struct {
        unsigned char *block, mark;
        size_t size;
    } slots[SLOTS];
    uint32_t seed = 1;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525 + 1013904223;
        unsigned slot = seed >> 16;
        slot %= SLOTS;
        for (size_t i = 0; i < slots[slot].size; i += 61)
            assert_int_equal(slots[slot].block[i], slots[slot].mark);
        size_t size = seed % 7 == 0 ? seed % 50000 : seed % 300;
        if (seed % 3 == 0) {
            heap_free(slots[slot].block);
            slots[slot].block = heap_malloc(size);
        } else {
            slots[slot].block = heap_realloc(slots[slot].block, size);
        }
        assert_non_null(slots[slot].block);
        slots[slot].size = size;
        slots[slot].mark = (unsigned char)step;
        memset(slots[slot].block, slots[slot].mark, size);
    }
}

static void sealing_forgets_and_clears_free_blocks(void **state)
{
    (void)state;
    static const unsigned char zeroes[500];
    unsigned char *kept = heap_malloc(500), *freed = heap_malloc(500);
    memset(kept, 0xaa, 500);
    memset(freed, 0xbb, 500);
    heap_free(freed);
    size_t size;
    unsigned char *front = heap_seal((size_t)4 << 20, &size);
    assert_non_null(front);
    assert_int_equal((uintptr_t)front % 16, 0);
    assert_true(size > 2000 && size < 4096);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(front[i], 0);
    memset(front, 0xcc, size);
    assert_int_equal(kept[499], 0xaa);
    assert_memory_equal(freed, zeroes, 500);
    assert_int_equal(*head_of(freed), 0);
    unsigned char *first = heap_malloc(500), *second = heap_malloc(500);
    assert_ptr_not_equal(first, freed);
    assert_int_equal((uintptr_t)first % 4096, 16);
    assert_ptr_equal(first - 16, front + size);
    assert_ptr_equal(second, first + 512);
    assert_true(heap->fresh_end - heap->fresh >= ((size_t)4 << 20) - 2000);
    assert_null(heap_seal((size_t)ARENA_PAGES * PAGE, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(blocks_are_aligned_and_large_enough, fresh_arena),
        cmocka_unit_test(each_class_holds_what_is_asked_of_it),
        cmocka_unit_test_setup(freed_blocks_are_used_again_last_first, fresh_arena),
        cmocka_unit_test_setup(calloc_clears_what_was_used, fresh_arena),
        cmocka_unit_test_setup(realloc_keeps_the_contents, fresh_arena),
        cmocka_unit_test_setup(the_last_block_grows_where_it_stands, fresh_arena),
        cmocka_unit_test_setup(aligned_blocks_know_their_size, fresh_arena),
        cmocka_unit_test_setup(without_memory_there_is_an_error, fresh_arena),
        cmocka_unit_test_setup(random_use_never_overlaps, fresh_arena),
        cmocka_unit_test_setup(sealing_forgets_and_clears_free_blocks, fresh_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
