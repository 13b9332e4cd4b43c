#include "../unit.h"

#include "base/buf.h"
#include "base/reader.h"

static void appends_up_to_its_maximum(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(4);
    buf_append(&b, "abcd", 4);
    assert_false(b.failed);
    buf_append_byte(&b, 'e');
    assert_true(b.failed);
    assert_int_equal(b.len, 4);
    assert_string_equal(buf_cstr(&b), "abcd");
    buf_release(&b);
}

static void printf_may_end_exactly_at_the_maximum(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(3);
    buf_printf(&b, "%d", 123);
    assert_false(b.failed);
    assert_memory_equal(b.data, "123", 3);
    buf_printf(&b, "%d", 4);
    assert_true(b.failed);
    buf_release(&b);
}

static void leb128_goes_both_ways(void **state)
{
    (void)state;
    static const int64_t values[] = {
        0, 1, -1, 63, 64, -64, -65, 127, 128, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < countof(values); i++) {
        struct buf b = BUF_INIT(64);
        buf_append_sleb(&b, values[i]);
        buf_append_uleb(&b, (uint64_t)values[i]);
        struct reader r = reader_make(b.data, b.len);
        int64_t s;
        uint64_t u;
        assert_int_equal(reader_sleb(&r, 64, &s), READ_OK);
        assert_int_equal(reader_uleb(&r, 64, &u), READ_OK);
        assert_true(s == values[i] && u == (uint64_t)values[i]);
        assert_int_equal(reader_left(&r), 0);
        buf_release(&b);
    }
}

static void leb128_rejects_what_is_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        unsigned bits;
        enum read_result as_unsigned, as_signed;
    } cases[] = {
        {"\x80", 1, 32, READ_END, READ_END},
        {"\x80\x80\x80\x80\x80\x00", 6, 32, READ_TOO_LONG, READ_TOO_LONG},
        {"\xff\xff\xff\xff\x1f", 5, 32, READ_TOO_LARGE, READ_TOO_LARGE},
        {"\x83\x80\x80\x80\x00", 5, 32, READ_OK, READ_OK},
        {"\xff\xff\xff\xff\x7f", 5, 32, READ_TOO_LARGE, READ_OK},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct reader r = reader_make(cases[i].bytes, cases[i].len);
        uint64_t u;
        int64_t s;
        assert_int_equal(reader_uleb(&r, cases[i].bits, &u), cases[i].as_unsigned);
        r = reader_make(cases[i].bytes, cases[i].len);
        assert_int_equal(reader_sleb(&r, cases[i].bits, &s), cases[i].as_signed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_up_to_its_maximum),
        cmocka_unit_test(printf_may_end_exactly_at_the_maximum),
        cmocka_unit_test(leb128_goes_both_ways),
        cmocka_unit_test(leb128_rejects_what_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
