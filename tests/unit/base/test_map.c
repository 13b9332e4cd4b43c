#include "../unit.h"

#include "base/limits.h"
#include "base/map.h"

static void finds_what_was_put(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(16 * MIB);
    struct map m;
    map_init(&m, &a);
    assert_null(map_get(&m, STR("absent")));
    for (uintptr_t i = 1; i <= 5000; i++)
        assert_true(map_put(&m, str_of(arena_printf(&a, "key %u", (unsigned)i)), (void *)i));
    assert_int_equal(m.len, 5000);
    assert_int_equal((uintptr_t)map_get(&m, STR("key 1")), 1);
    assert_int_equal((uintptr_t)map_get(&m, STR("key 4999")), 4999);
    assert_null(map_get(&m, STR("key 5001")));
    arena_release(&a);
}

static void keeps_the_order_and_replaces_in_place(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(1 * MIB);
    struct map m;
    int one, two, three;
    map_init(&m, &a);
    assert_true(map_put(&m, STR("b"), &one));
    assert_true(map_put(&m, STR("a"), &two));
    assert_true(map_put(&m, STR("b"), &three));
    assert_int_equal(m.len, 2);
    assert_true(str_is(m.entries[0].key, "b") && m.entries[0].value == &three);
    assert_true(str_is(m.entries[1].key, "a") && m.entries[1].value == &two);
    arena_release(&a);
}

static void keys_are_bytes(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(1 * MIB);
    struct map m;
    int one, two, empty;
    map_init(&m, &a);
    assert_true(map_put(&m, str_make("x\0y", 3), &one));
    assert_true(map_put(&m, str_make("x\0z", 3), &two));
    assert_true(map_put(&m, STR_EMPTY, &empty));
    assert_ptr_equal(map_get(&m, str_make("x\0y", 3)), &one);
    assert_ptr_equal(map_get(&m, str_make("x\0z", 3)), &two);
    assert_ptr_equal(map_get(&m, (struct str){NULL, 0}), &empty);
    assert_null(map_get(&m, STR("x")));
    arena_release(&a);
}

static void put_fails_when_the_arena_is_full(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(8 * KIB);
    static char keys[1000][8];
    struct map m;
    map_init(&m, &a);
    size_t put = 0;
    for (; put < countof(keys); put++) {
        snprintf(keys[put], sizeof keys[put], "%zu", put);
        if (!map_put(&m, str_of(keys[put]), keys[put]))
            break;
    }
    assert_in_range(put, 8, countof(keys) - 1);
    for (size_t i = 0; i < put; i++)
        assert_ptr_equal(map_get(&m, str_of(keys[i])), keys[i]);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put),
        cmocka_unit_test(keeps_the_order_and_replaces_in_place),
        cmocka_unit_test(keys_are_bytes),
        cmocka_unit_test(put_fails_when_the_arena_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
