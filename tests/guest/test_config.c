#include "unit.h"

#include <string.h>

#include "runtime/config.h"

#define TEXT(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static void entries_in_order(void **state)
{
    (void)state;
    struct config config;
    struct config_entry entry;
    struct config_text rest;
    assert_true(config_open(&config, TEXT("\2\0\0\0"
                                          "\3\0\0\0app"
                                          "\1\0\0\0x"
                                          "\5\0\0\0env:A"
                                          "\0\0\0\0")));
    assert_true(config_next(&config, &entry));
    assert_true(config_key(&entry, "app", &rest));
    assert_int_equal(entry.value.len, 1);
    assert_false(config_key(&entry, "ap", &rest));
    assert_true(config_next(&config, &entry));
    assert_true(config_key(&entry, "env:", &rest));
    assert_memory_equal(rest.data, "A", rest.len);
    assert_false(config_next(&config, &entry));
    assert_int_equal(config.left, 0);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    static const uint8_t whole[] = "\2\0\0\0"
                                   "\1\0\0\0a"
                                   "\1\0\0\0b"
                                   "\1\0\0\0c"
                                   "\2\0\0\0de";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct config config;
        struct config_entry entry;
        if (!config_open(&config, whole, len))
            continue;
        while (config_next(&config, &entry))
            ;
        assert_int_not_equal(config.left, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_in_order),
        cmocka_unit_test(every_cut_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
