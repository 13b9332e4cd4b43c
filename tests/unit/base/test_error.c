#include "../unit.h"
#include "base/utf8.h"

#include <errno.h>

#include "base/error.h"

static void check_report(const struct error *err, const char *expected)
{
    struct buf text = BUF_INIT(4096);
    error_append_report(err, &text);
    assert_string_equal(buf_cstr(&text), expected);
    buf_release(&text);
}

static void messages_go_from_the_cause_outwards(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_string_equal(error_message(&err), "");
    assert_int_equal(error_set(&err, ERROR_NOT_FOUND, "'%s' is absent", "x"), -1);
    check_report(&err, "'x' is absent\n");
    assert_int_equal(error_wrap(&err, "cannot build"), -1);
    check_report(&err, "cannot build\n\nCaused by:\n      'x' is absent\n");
    error_wrap(&err, "cannot serve");
    check_report(&err, "cannot serve\n\nCaused by:\n   0: cannot build\n   1: 'x' is absent\n");
    assert_string_equal(error_message(&err), "cannot serve");
    struct buf line = BUF_INIT(4096);
    error_append_line(&err, &line);
    assert_string_equal(buf_cstr(&line), "cannot serve: cannot build: 'x' is absent");
    buf_release(&line);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    error_release(&err);
    assert_int_equal(err.kind, ERROR_NONE);
    error_release(&err);
}

static void a_system_error_keeps_its_number(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    error_set_os(&err, ENOENT, "cannot open '%s'", "f");
    assert_int_equal(err.kind, ERROR_IO);
    assert_int_equal(err.os_errno, ENOENT);
    assert_string_equal(error_message(&err), "cannot open 'f': No such file or directory");
    error_release(&err);
}

static void wraps_beyond_the_room_are_dropped(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    error_set(&err, ERROR_INVALID, "0");
    for (int i = 1; i < 20; i++)
        error_wrap(&err, "%d", i);
    assert_int_equal(err.count, ERROR_MAX_CONTEXT);
    assert_string_equal(err.messages[0], "0");
    assert_string_equal(error_message(&err), "7");
    error_release(&err);
}

/* "é", so that the cuts must be put between characters. */
static void a_long_message_loses_its_middle(void **state)
{
    (void)state;
    for (size_t len = 90000; len < 110000; len += 4999) {
        char *huge = malloc(2 * len + 1);
        assert_non_null(huge);
        for (size_t i = 0; i < 2 * len; i++)
            huge[i] = i % 2 ? '\xa9' : '\xc3';
        huge[2 * len] = '\0';
        struct error err = ERROR_INIT;
        error_set(&err, ERROR_LIMIT, "'%s' is too long", huge);
        struct str message = str_of(error_message(&err));
        assert_int_equal(err.kind, ERROR_LIMIT);
        assert_true(message.len < 70000);
        assert_true(str_starts_with(message, STR("'\xc3\xa9")));
        assert_true(str_ends_with(message, STR("\xc3\xa9' is too long")));
        assert_non_null(strstr(message.ptr, "\xc3\xa9 [...] \xc3\xa9"));
        assert_true(utf8_valid(message));
        error_release(&err);
        free(huge);
    }
}

static void exit_statuses_follow_the_table(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_int_equal(error_exit_status(&err), 0);
    error_set(&err, ERROR_USAGE, "wrong");
    assert_int_equal(error_exit_status(&err), 2);
    error_release(&err);
    error_set(&err, ERROR_TRAP, "trapped");
    assert_int_equal(error_exit_status(&err), 1);
    error_release(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_go_from_the_cause_outwards),
        cmocka_unit_test(a_system_error_keeps_its_number),
        cmocka_unit_test(wraps_beyond_the_room_are_dropped),
        cmocka_unit_test(a_long_message_loses_its_middle),
        cmocka_unit_test(exit_statuses_follow_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
