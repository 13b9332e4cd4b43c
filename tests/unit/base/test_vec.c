#include "../unit.h"

#include "base/limits.h"
#include "base/vec.h"

struct point {
    int x, y;
};

static void pushes_zeroed_elements_in_order(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(1 * MIB);
    VEC(struct point) points = {0};
    for (int i = 0; i < 1000; i++) {
        struct point *point = VEC_PUSH(&points, &a);
        assert_non_null(point);
        assert_true(point->x == 0 && point->y == 0);
        point->x = i;
        point->y = -i;
    }
    assert_int_equal(points.len, 1000);
    for (int i = 0; i < 1000; i++)
        assert_true(points.data[i].x == i && points.data[i].y == -i);
    arena_release(&a);
}

static void push_fails_when_the_arena_is_full(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT(8 * KIB);
    VEC(uint64_t) numbers = {0};
    for (size_t before = 0; VEC_PUSH(&numbers, &a); before = numbers.len)
        assert_int_equal(numbers.len, before + 1);
    assert_in_range(numbers.len, 8, KIB);
    assert_int_equal(numbers.len, numbers.cap);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushes_zeroed_elements_in_order),
        cmocka_unit_test(push_fails_when_the_arena_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
