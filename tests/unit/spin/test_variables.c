#include "spin/variables.h"

#include "../fake.h"
#include "host/fermyon_spin_v2_variables.h"
#include "spin/spin.h"

enum { AREA = 1024 };

static int get(
    void *data, struct str name, struct arena *a, struct str *ret_value, struct error *err)
{
    (void)data;
    if (str_is(name, "Bad"))
        return error_set(err, ERROR_USAGE, "must be lower case");
    if (str_is(name, "absent"))
        return error_set(err, ERROR_NOT_FOUND, "no variable");
    if (str_is(name, "broken"))
        return error_set(err, ERROR_IO, "cannot be reached");
    *ret_value = str_of(arena_printf(a, "value of %" STR_FMT, STR_ARG(name)));
    return 0;
}

static struct spin_context *context;

static void start(const struct spin_config *config)
{
    static const struct wasi_config wasi;
    struct error err = ERROR_INIT;
    fake_start(&wasi);
    assert_int_equal(spin_context_new(config, fake.context, &context, &err), 0);
}

static void stop(void)
{
    spin_context_free(context);
    fake_stop();
}

/* Asks for a variable; the result's discriminant is at AREA. */
static void ask(const char *name)
{
    uint32_t at = fake_put(str_of(name));
    fake_call(fermyon_spin_v2_variables_interface, "get", at, strlen(name), AREA);
}

static void assert_error(const char *name, uint8_t tag, const char *text)
{
    ask(name);
    assert_int_equal(fake.memory[AREA], 1);
    assert_int_equal(fake.memory[AREA + 4], tag);
    assert_true(str_is(fake_text(AREA + 8), text));
}

static void values_and_errors(void **state)
{
    (void)state;
    const struct spin_variables variables = {.get = get};
    const struct spin_config config = {.variables = &variables};
    start(&config);
    ask("message");
    assert_int_equal(fake.memory[AREA], 0);
    assert_true(str_is(fake_text(AREA + 4), "value of message"));
    assert_error("Bad", 0, "must be lower case");
    assert_error("absent", 1, "no variable");
    assert_error("broken", 2, "cannot be reached");
    stop();
}

static void nothing_granted(void **state)
{
    (void)state;
    const struct spin_config config = {0};
    start(&config);
    assert_error("message", 1, "no variable for \"message\"");
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_errors),
        cmocka_unit_test(nothing_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
