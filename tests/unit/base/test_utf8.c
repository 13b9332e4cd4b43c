#include "../unit.h"

#include "base/utf8.h"

static void every_scalar_value_goes_both_ways(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char bytes[4];
        size_t len = utf8_encode(code, bytes), pos = 0;
        if (code >= 0xd800 && code <= 0xdfff) {
            assert_int_equal(len, 0);
            continue;
        }
        assert_int_equal(utf8_next(str_make(bytes, len), &pos), code);
        assert_int_equal(pos, len);
        assert_true(utf8_valid(str_make(bytes, len)));
    }
    char bytes[4];
    assert_int_equal(utf8_encode(0x110000, bytes), 0);
    assert_int_equal(utf8_encode(UINT32_MAX, bytes), 0);
}

/* Malformed sequences of RFC 3629 section 3 and 10. */
static const char *const malformed[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41",
    "\xc2\xc2", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe1\x80", "\xed\xa0\x80", "\xed\xbf\xbf",
    "\xef\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80", "\xfe", "\xff", "\xe2\x28\xa1", "\xf0\x90\x28\xbc"};

static void malformed_sequences_are_refused_where_they_stand(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(malformed); i++) {
        struct str bad = str_of(malformed[i]);
        size_t pos = 0;
        assert_int_equal(utf8_next(bad, &pos), -1);
        assert_int_equal(pos, 0);
        /* At each offset of a longer text, so that the fast path for ASCII is passed too. */
        for (size_t at = 0; at < 20; at++) {
            char text[32];
            memset(text, 'a', sizeof text);
            memcpy(text + at, bad.ptr, bad.len);
            assert_false(utf8_valid(str_make(text, sizeof text)));
            assert_false(utf8_valid(str_make(text, at + bad.len)));
        }
    }
}

static void plain_text_is_valid(void **state)
{
    (void)state;
    assert_true(utf8_valid(STR("")));
    assert_true(utf8_valid((struct str){NULL, 0}));
    assert_true(utf8_valid(STR("twelve bytes")));
    assert_true(utf8_valid(str_make("a\0b", 3)));
    assert_true(utf8_valid(STR("aaaaaaaa\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_value_goes_both_ways),
        cmocka_unit_test(malformed_sequences_are_refused_where_they_stand),
        cmocka_unit_test(plain_text_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
