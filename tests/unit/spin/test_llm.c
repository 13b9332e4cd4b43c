/*
 * What is decided before a service is asked. The rest is in test_llm_answers.c and
 * tests/e2e/test_llm.py.
 */
#include "spin/llm.h"

#include "../fake.h"
#include "host/fermyon_spin_v2_llm.h"
#include "spin/spin.h"

enum { AREA = 1024, RUNTIME_ERROR = 1, INVALID_INPUT = 2 };

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

static void assert_error(uint8_t tag, const char *text)
{
    assert_int_equal(fake.memory[AREA], 1);
    assert_int_equal(fake.memory[AREA + 4], tag);
    assert_true(str_is(fake_text(AREA + 8), text));
}

static void infer(const char *model, const char *prompt)
{
    union wasm_value slots[20] = {
        {.i32 = fake_put(str_of(model))},
        {.i32 = (uint32_t)strlen(model)},
        {.i32 = fake_put(str_of(prompt))},
        {.i32 = (uint32_t)strlen(prompt)},
        {.i32 = 0}, /* no parameters */
    };
    slots[11].i32 = AREA;
    assert_int_equal(
        fake_call_slots(&fermyon_spin_v2_llm_interface, "infer", slots), WASM_TRAP_NONE);
}

static void embed(const char *model)
{
    fake_call(fermyon_spin_v2_llm_interface, "generate-embeddings", fake_put(str_of(model)),
        strlen(model), fake_put(STR_EMPTY), 0, AREA);
}

static const char no_access[] =
    "The component does not have access to use 'b'. To give the component access, add 'b' to the "
    "'ai_models' key for the component in your spin.toml manifest";

static void models_that_are_not_granted(void **state)
{
    (void)state;
    const struct str models[] = {STR("a"), STR("bc")};
    const struct spin_llm llm = {.models = models, .model_count = 2, .kind = SPIN_LLM_REMOTE};
    const struct spin_config some = {.llm = &llm}, none = {0};
    start(&some);
    infer("b", "prompt");
    assert_error(INVALID_INPUT, no_access);
    embed("b");
    assert_error(INVALID_INPUT, no_access);
    stop();
    start(&none);
    infer("b", "prompt");
    assert_error(INVALID_INPUT, no_access);
    stop();
}

static void no_service(void **state)
{
    (void)state;
    const struct str models[] = {STR("a")};
    struct spin_llm llm = {.models = models, .model_count = 1, .kind = SPIN_LLM_NONE};
    const struct spin_config config = {.llm = &llm};
    start(&config);
    infer("a", "prompt");
    assert_error(RUNTIME_ERROR, "Local LLM operations are not supported in this version of Spin.");
    llm.kind = SPIN_LLM_LOCAL;
    embed("a");
    assert_error(RUNTIME_ERROR,
        "Local LLM operations are not supported in this version of Spin. Set type = "
        "\"remote_http\" in [llm_compute] of the runtime configuration, with the url of a service");
    stop();
}

/* All of them are the same text. */
static void too_much_text(void **state)
{
    (void)state;
    enum { TEXTS = 300, LENGTH = 32000 };
    const struct str models[] = {STR("a")};
    const struct spin_llm llm = {.models = models, .model_count = 1, .kind = SPIN_LLM_NONE};
    const struct spin_config config = {.llm = &llm};
    start(&config);
    static uint32_t list[2 * TEXTS + 1]; /* room to align */
    for (size_t i = 0; i < TEXTS; i++)
        list[2 * i + 1] = LENGTH;
    uint32_t at = align_up(fake_put(str_make((char *)list, sizeof(list))), 4);
    memcpy(fake.memory + at, list, sizeof(list) - sizeof(*list));
    fake_call(fermyon_spin_v2_llm_interface, "generate-embeddings", fake_put(STR("a")), 1, at,
        TEXTS, AREA);
    assert_error(INVALID_INPUT, "the text is longer than 4 MiB: ask in parts");
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_that_are_not_granted),
        cmocka_unit_test(no_service),
        cmocka_unit_test(too_much_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
