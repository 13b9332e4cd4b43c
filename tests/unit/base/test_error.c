#include "../unit.h"

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

static void a_message_above_the_limit_does_not_break(void **state)
{
    (void)state;
    size_t len = 100000;
    char *huge = malloc(len + 1);
    memset(huge, 'x', len);
    huge[len] = '\0';
    struct error err = ERROR_INIT;
    error_set(&err, ERROR_LIMIT, "%s", huge);
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(error_message(&err));
    error_release(&err);
    free(huge);
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
        cmocka_unit_test(a_message_above_the_limit_does_not_break),
        cmocka_unit_test(exit_statuses_follow_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
