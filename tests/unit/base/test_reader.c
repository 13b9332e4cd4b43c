#include "../unit.h"

#include "base/reader.h"

static void reads_stop_at_the_end_and_do_not_move(void **state)
{
    (void)state;
    struct reader r = reader_make("abc", 3);
    const uint8_t *bytes;
    uint8_t byte;
    assert_true(reader_bytes(&r, 2, &bytes));
    assert_memory_equal(bytes, "ab", 2);
    assert_false(reader_bytes(&r, 2, &bytes));
    assert_false(reader_bytes(&r, SIZE_MAX, &bytes));
    assert_int_equal(reader_offset(&r), 2);
    assert_true(reader_byte(&r, &byte));
    assert_int_equal(byte, 'c');
    assert_false(reader_byte(&r, &byte));
    assert_int_equal(reader_left(&r), 0);
}

static void a_failed_number_leaves_the_cursor(void **state)
{
    (void)state;
    struct reader r = reader_make("\xff\xff", 2);
    uint64_t u = 5;
    int64_t s = 5;
    assert_int_equal(reader_uleb(&r, 32, &u), READ_END);
    assert_int_equal(reader_sleb(&r, 32, &s), READ_END);
    assert_int_equal(reader_offset(&r), 0);
    assert_true(u == 5 && s == 5);
}

/* Core specification 5.2.2: the bits past the width. */
static void widths_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        unsigned bits;
        enum read_result unsigned_result, signed_result;
        int64_t value; /* of the signed reading */
    } cases[] = {
        {"\x7f", 1, 7, READ_OK, READ_OK, -1},
        {"\x40", 1, 7, READ_OK, READ_OK, -64},
        {"\x7f", 1, 33, READ_OK, READ_OK, -1},
        {"\xff\xff\xff\xff\x0f", 5, 33, READ_OK, READ_OK, 0xffffffff},
        {"\xff\xff\xff\xff\x1f", 5, 33, READ_OK, READ_TOO_LARGE, 0},
        {"\x80\x80\x80\x80\x70", 5, 33, READ_TOO_LARGE, READ_OK, -4294967296},
        {"\x80\x80\x80\x80\x78", 5, 32, READ_TOO_LARGE, READ_OK, INT32_MIN},
        {"\x80\x80\x80\x80\x08", 5, 32, READ_OK, READ_TOO_LARGE, 0},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f", 10, 64, READ_TOO_LARGE, READ_OK, INT64_MIN},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", 10, 64, READ_OK, READ_OK, INT64_MAX},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11, 64, READ_TOO_LONG, READ_TOO_LARGE, 0},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct reader r = reader_make(cases[i].bytes, cases[i].len);
        uint64_t u;
        int64_t s = 0;
        assert_int_equal(reader_uleb(&r, cases[i].bits, &u), cases[i].unsigned_result);
        r = reader_make(cases[i].bytes, cases[i].len);
        enum read_result result = reader_sleb(&r, cases[i].bits, &s);
        if (cases[i].signed_result == READ_OK) {
            assert_int_equal(result, READ_OK);
            assert_true(s == cases[i].value);
        } else {
            assert_int_not_equal(result, READ_OK);
        }
    }
}

static void every_result_has_a_message(void **state)
{
    (void)state;
    for (int result = READ_OK; result <= READ_TOO_LARGE; result++)
        assert_true(strlen(read_result_message(result)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_stop_at_the_end_and_do_not_move),
        cmocka_unit_test(a_failed_number_leaves_the_cursor),
        cmocka_unit_test(widths_are_exact),
        cmocka_unit_test(every_result_has_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
