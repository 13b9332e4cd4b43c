#include "../unit.h"

#include "base/arena.h"
#include "base/limits.h"

static void gives_aligned_zeroed_memory(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(1 * MIB);
    for (size_t size = 0; size < 200; size += 7) {
        uint8_t *p = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
    arena_release(&a);
    assert_int_equal(a.used, 0);
}

static void earlier_pointers_stay_valid(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(4 * MIB);
    uint32_t *pointers[1000];
    for (uint32_t i = 0; i < countof(pointers); i++) {
        pointers[i] = arena_alloc(&a, 1000);
        *pointers[i] = i;
    }
    for (uint32_t i = 0; i < countof(pointers); i++)
        assert_int_equal(*pointers[i], i);
    arena_release(&a);
}

static void never_goes_past_its_maximum(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(64 * KIB);
    assert_null(arena_try_alloc_raw(&a, 64 * KIB));
    assert_null(arena_try_alloc_raw(&a, SIZE_MAX));
    assert_null(arena_try_alloc_raw(&a, SIZE_MAX - 16));
    size_t given = 0;
    while (arena_try_alloc_raw(&a, 1000))
        given += 1000;
    assert_true(a.used <= a.max);
    assert_true(given > 48 * KIB);
    arena_release(&a);
    assert_non_null(arena_try_alloc_raw(&a, 1000));
    arena_release(&a);
}

static void multiplication_does_not_wrap(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(SIZE_MAX);
    assert_null(arena_try_alloc(&a, SIZE_MAX / 2, 3));
    assert_null(arena_try_alloc(&a, (size_t)1 << 33, (size_t)1 << 33));
    arena_release(&a);
}

static void reset_reuses_one_block_and_gives_back_large_ones(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(64 * MIB);
    void *first = arena_alloc(&a, 100);
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 100), first);
    assert_non_null(arena_try_alloc_raw(&a, 32 * MIB));
    arena_reset(&a);
    assert_true(a.used <= 2 * MIB);
    arena_reset(&a);
    arena_release(&a);
}

static void copies_and_prints_text(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(64 * KIB);
    struct str copy = arena_copy(&a, str_make("a\0b", 3));
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_int_equal(arena_copy(&a, (struct str){NULL, 0}).len, 0);
    assert_string_equal(arena_printf(&a, "%s-%d", "x", 7), "x-7");
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_zeroed_memory),
        cmocka_unit_test(earlier_pointers_stay_valid),
        cmocka_unit_test(never_goes_past_its_maximum),
        cmocka_unit_test(multiplication_does_not_wrap),
        cmocka_unit_test(reset_reuses_one_block_and_gives_back_large_ones),
        cmocka_unit_test(copies_and_prints_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
