#include "../unit.h"

#include "http/date.h"

static void known_seconds(void **state)
{
    (void)state;
    static const struct {
        int64_t second;
        const char *line;
    } list[] = {
        {0, "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"},
        {784111777, "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"}, /* the RFC's own example */
        {951782400, "date: Tue, 29 Feb 2000 00:00:00 GMT\r\n"},
        {4102444799, "date: Thu, 31 Dec 2099 23:59:59 GMT\r\n"},
    };
    struct http_date date = {0};
    for (size_t i = 0; i < countof(list); i++) {
        http_date_format(&date, list[i].second);
        assert_int_equal(date.len, strlen(list[i].line));
        assert_string_equal(date.line, list[i].line);
    }
}

static void the_line_is_kept_within_a_second(void **state)
{
    (void)state;
    struct http_date date = {0};
    struct str line = http_date_line(&date);
    assert_true(str_starts_with(line, STR("date: ")));
    assert_true(date.second > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_seconds),
        cmocka_unit_test(the_line_is_kept_within_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
