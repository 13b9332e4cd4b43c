#include "../unit.h"

#include "base/limits.h"
#include "component/handles.h"

static const int tag_a, tag_b;

static void indices_begin_at_one_and_are_reused(void **state)
{
    (void)state;
    struct handle_table t = {0};
    uint32_t h[4];
    assert_null(handles_get(&t, 0));
    assert_null(handles_get(&t, 1));
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(handles_add(&t, &tag_a, NULL, NULL, &h[i]));
        assert_int_equal(h[i], i + 1);
    }
    handles_remove(&t, 1);
    handles_remove(&t, 2);
    assert_null(handles_get(&t, 2));
    assert_int_equal(t.live, 1);
    assert_true(handles_add(&t, &tag_b, NULL, NULL, &h[3]));
    assert_int_equal(h[3], 2);
    assert_true(handles_add(&t, &tag_b, NULL, NULL, &h[3]));
    assert_int_equal(h[3], 1);
    assert_true(handles_add(&t, &tag_b, NULL, NULL, &h[3]));
    assert_int_equal(h[3], 4);
    assert_ptr_equal(handles_get(&t, 3)->tag, &tag_a);
    handles_release(&t);
}

static void clearing_starts_over(void **state)
{
    (void)state;
    struct handle_table t = {0};
    uint32_t h;
    for (int i = 0; i < 100; i++)
        assert_true(handles_add(&t, &tag_a, NULL, NULL, &h));
    assert_int_equal(h, 100);
    handles_remove(&t, 50);
    handles_clear(&t);
    assert_null(handles_get(&t, 1));
    assert_null(handles_get(&t, 100));
    assert_true(handles_add(&t, &tag_a, NULL, NULL, &h));
    assert_int_equal(h, 1);
    handles_release(&t);
}

static void there_is_an_end(void **state)
{
    (void)state;
    struct handle_table t = {0};
    uint32_t h = 0;
    for (uint32_t i = 0; i < LIMIT_HANDLES; i++)
        assert_true(handles_add(&t, &tag_a, NULL, NULL, &h));
    assert_int_equal(h, LIMIT_HANDLES);
    assert_false(handles_add(&t, &tag_a, NULL, NULL, &h));
    handles_remove(&t, 7);
    assert_true(handles_add(&t, &tag_a, NULL, NULL, &h));
    assert_int_equal(h, 7);
    handles_clear(&t);
    assert_int_equal(t.cap, 0);
    assert_true(handles_add(&t, &tag_a, NULL, NULL, &h));
    assert_int_equal(h, 1);
    handles_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indices_begin_at_one_and_are_reused),
        cmocka_unit_test(clearing_starts_over),
        cmocka_unit_test(there_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
