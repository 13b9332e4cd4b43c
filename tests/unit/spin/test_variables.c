#include "spin/variables.h"

#include "../fake.h"
#include "base/utf8.h"
#include "host/fermyon_spin_v2_variables.h"
#include "spin/spin.h"

enum { AREA = 1024 };

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

static const struct spin_variable items[] = {{STR("message"), STR("hello")}, {STR("b2"), STR("")}};
static const struct spin_variables variables = {countof(items), items};
static const struct spin_config granted = {.component = STR("c"), .variables = &variables};

static void values_and_errors(void **state)
{
    (void)state;
    start(&granted);
    ask("message");
    assert_int_equal(fake.memory[AREA], 0);
    assert_true(str_is(fake_text(AREA + 4), "hello"));
    assert_error("absent", 1, "no variable for \"c\".\"absent\"");
    assert_error("invalid-name", 0,
        "\"invalid-name\": invalid character '-'. Variable names may contain only lower-case "
        "letters, numbers, and underscores.");
    assert_error("na\xc3\xafve", 0,
        "\"na\xc3\xafve\": invalid character '\xc3\xaf'. Variable names may contain only "
        "lower-case "
        "letters, numbers, and underscores.");
    assert_error("4x", 0, "\"4x\": must start with a lowercase ASCII letter");
    assert_error("", 0, "\"\": must start with a lowercase ASCII letter");
    assert_error("x_", 0, "\"x_\": must end with a lowercase ASCII letter or digit");
    assert_error("x__y", 0, "\"x__y\": must not contain multiple consecutive underscores");
    stop();
}

/* A text that is cut stays UTF-8, and a loop of wrong names takes no more memory each time. */
static void names_that_guests_make_up(void **state)
{
    (void)state;
    char name[257];
    memset(name, 'a', 255);
    memcpy(name + 255, "\xc3", 2);
    struct buf text = BUF_INIT(1024);
    buf_printf(&text, "%s\xaf", name);
    start(&granted);
    for (size_t i = 0; i < 1000; i++) {
        fake.heap = FAKE_HEAP;
        ask(buf_cstr(&text));
        assert_int_equal(fake.memory[AREA], 1);
        struct str answer = fake_text(AREA + 8);
        assert_true(utf8_valid(answer));
        assert_true(str_starts_with(answer, STR("\"aaa")));
    }
    buf_release(&text);
    stop();
}

static void nothing_granted(void **state)
{
    (void)state;
    const struct spin_config config = {.component = STR("c")};
    start(&config);
    assert_error("message", 1, "no variable for component \"c\"");
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_errors),
        cmocka_unit_test(names_that_guests_make_up),
        cmocka_unit_test(nothing_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
