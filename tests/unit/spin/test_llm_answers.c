/*
 * What services answer, by both protocols, hostile answers included; and what they are asked.
 */
#include "../unit.h"
#include "base/limits.h"
#include "spin/backend/llm_api.h"

static const struct llm_api *const apis[] = {&llm_api_spin, &llm_api_open_ai};

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena = ARENA_INIT(MIB);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static json_t *parse(const char *text)
{
    json_error_t why;
    json_t *document = json_loads(text, 0, &why);
    if (!document)
        fail_msg("%s: %s", text, why.text);
    return document;
}

static void assert_json(json_t *request, const char *wanted)
{
    char *text = json_dumps(request, JSON_COMPACT | JSON_REAL_PRECISION(9));
    assert_string_equal(text, wanted);
    free(text);
    json_decref(request);
}

static const llm_params params = {.max_tokens = 4294967295,
    .repeat_penalty = 1.1f,
    .repeat_penalty_last_n_token_count = 64,
    .temperature = 0.8f,
    .top_k = 40,
    .top_p = 0.123456789f};

static void requests(void **state)
{
    (void)state;
    struct str texts[] = {STR("a"), STR("")};
    const llm_strings list = {texts, 2};
    assert_json(llm_api_spin.infer_request(STR("m"), STR("\"p\""), &params),
        "{\"model\":\"m\",\"prompt\":\"\\\"p\\\"\",\"options\":{\"maxTokens\":4294967295,"
        "\"repeatPenalty\":1.1,\"repeatPenaltyLastNTokenCount\":64,\"temperature\":0.8,"
        "\"topK\":40,\"topP\":0.12345679}}");
    assert_json(
        llm_api_spin.embed_request(STR("m"), &list), "{\"model\":\"m\",\"input\":[\"a\",\"\"]}");
    assert_json(llm_api_open_ai.infer_request(STR("m"), STR("p"), &params),
        "{\"messages\":[{\"role\":\"user\",\"content\":\"p\"}],\"model\":\"m\","
        "\"max_completion_tokens\":4294967295,\"frequency_penalty\":1.1}");
    assert_json(
        llm_api_open_ai.embed_request(STR("m"), &list), "{\"input\":[\"a\",\"\"],\"model\":\"m\"}");
}

static void numbers_that_json_cannot_have(void **state)
{
    (void)state;
    llm_params bad = params;
    bad.repeat_penalty = __builtin_nanf("");
    for (size_t i = 0; i < countof(apis); i++)
        assert_null(apis[i]->infer_request(STR("m"), STR("p"), &bad));
    bad.repeat_penalty = -__builtin_inff();
    for (size_t i = 0; i < countof(apis); i++)
        assert_null(apis[i]->infer_request(STR("m"), STR("p"), &bad));
}

static void good_answers(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"text\":\"\\u00e9\",\"usage\":{\"promptTokenCount\":3,\"generatedTokenCount\":4},"
        "\"more\":1}",
        "{\"choices\":[{\"message\":{\"content\":\"\\u00e9\"}},7],"
        "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}"};
    static const char *const vectors[] = {
        "{\"embeddings\":[[0.5,-1],[]],\"usage\":{\"promptTokenCount\":3}}",
        "{\"data\":[{\"embedding\":[0.5,-1]},{\"embedding\":[]}],\"usage\":{\"prompt_tokens\":3}}"};
    for (size_t i = 0; i < countof(apis); i++) {
        struct error err = ERROR_INIT;
        llm_text text;
        llm_vectors result;
        json_t *answer = parse(texts[i]);
        assert_int_equal(apis[i]->infer_answer(answer, &arena, &text, &err), 0);
        json_decref(answer);
        assert_true(str_is(text.text, "\xc3\xa9"));
        assert_int_equal(text.usage.prompt_token_count, 3);
        assert_int_equal(text.usage.generated_token_count, 4);
        answer = parse(vectors[i]);
        assert_int_equal(apis[i]->embed_answer(answer, &arena, &result, &err), 0);
        json_decref(answer);
        assert_int_equal(result.embeddings.len, 2);
        assert_int_equal(result.embeddings.data[0].len, 2);
        assert_true(result.embeddings.data[0].data[0] == 0.5f);
        assert_true(result.embeddings.data[0].data[1] == -1.0f);
        assert_int_equal(result.embeddings.data[1].len, 0);
        assert_int_equal(result.usage.prompt_token_count, 3);
    }
}

/* Each for the function of the protocol that it is meant for, with what the error says. */
static const struct {
    bool open_ai, embed;
    const char *answer, *error;
} bad[] = {
    {0, 0, "[]", "`text` must be a string"},
    {0, 0, "{}", "`text` must be a string"},
    {0, 0, "{\"text\":null}", "`text` must be a string"},
    {0, 0, "{\"text\":[\"a\"]}", "`text` must be a string"},
    {0, 0, "{\"text\":\"a\"}", "`usage.promptTokenCount` must be a count"},
    {0, 0, "{\"text\":\"a\",\"usage\":[]}", "`usage.promptTokenCount` must be a count"},
    {0, 0, "{\"text\":\"a\",\"usage\":{\"promptTokenCount\":-1}}",
        "`usage.promptTokenCount` must be a count"},
    {0, 0, "{\"text\":\"a\",\"usage\":{\"promptTokenCount\":1.5}}",
        "`usage.promptTokenCount` must be a count"},
    {0, 0, "{\"text\":\"a\",\"usage\":{\"promptTokenCount\":4294967296}}",
        "`usage.promptTokenCount` must be a count"},
    {0, 0, "{\"text\":\"a\",\"usage\":{\"promptTokenCount\":1,\"generatedTokenCount\":\"1\"}}",
        "`usage.generatedTokenCount` must be a count"},
    {0, 1, "{\"embeddings\":{}}", "`embeddings` must be an array"},
    {0, 1, "{\"embeddings\":[1]}", "`embeddings` must be an array of numbers"},
    {0, 1, "{\"embeddings\":[[1,\"2\"]]}", "`embeddings` must be an array of numbers"},
    {0, 1, "{\"embeddings\":[[1e300]]}", "`embeddings` must be an array of numbers"},
    {0, 1, "{\"embeddings\":[[[[1]]]]}", "`embeddings` must be an array of numbers"},
    {0, 1, "{\"embeddings\":[[1]]}", "`usage.promptTokenCount` must be a count"},
    {1, 0, "{}", "`choices[0].message.content` must be a string"},
    {1, 0, "{\"choices\":[]}", "`choices[0].message.content` must be a string"},
    {1, 0, "{\"choices\":[{\"message\":{\"content\":null}}]}",
        "`choices[0].message.content` must be a string"},
    {1, 0, "{\"choices\":[{\"message\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":1}}",
        "`usage.completion_tokens` must be a count"},
    {1, 0, "{\"error\":{\"message\":\"overloaded\"}}", "overloaded"},
    {1, 0, "{\"error\":{\"message\":\"no such\",\"code\":\"model_not_found\"}}", "no such"},
    {1, 0, "{\"error\":{\"message\":\"\"}}", "the service reports an error without a message"},
    {1, 0, "{\"error\":\"text\"}", "the service reports an error without a message"},
    {1, 1, "{\"error\":{\"message\":\"overloaded\"}}", "overloaded"},
    {1, 1, "{\"data\":7}", "`data` must be an array"},
    {1, 1, "{\"data\":[7]}", "`data[].embedding` must be an array of numbers"},
    {1, 1, "{\"data\":[{\"embedding\":[true]}]}", "`data[].embedding` must be an array of numbers"},
    {1, 1, "{\"data\":[],\"usage\":7}", "`usage.prompt_tokens` must be a count"},
};

static void bad_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        const struct llm_api *api = apis[bad[i].open_ai];
        struct error err = ERROR_INIT;
        llm_text text;
        llm_vectors vectors;
        json_t *answer = parse(bad[i].answer);
        int result = bad[i].embed ? api->embed_answer(answer, &arena, &vectors, &err)
                                  : api->infer_answer(answer, &arena, &text, &err);
        assert_int_equal(result, -1);
        assert_string_equal(error_message(&err), bad[i].error);
        json_decref(answer);
        error_release(&err);
    }
}

static void an_answer_that_is_too_large(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct buf text = BUF_INIT(4 * MIB);
    llm_vectors vectors;
    buf_append_cstr(&text, "{\"embeddings\":[[0");
    for (int i = 0; i < 400000; i++)
        buf_append_cstr(&text, ",1");
    buf_append_cstr(&text, "]]}");
    json_t *answer = parse(buf_cstr(&text));
    assert_int_equal(llm_api_spin.embed_answer(answer, &arena, &vectors, &err), -1);
    assert_int_equal(err.kind, ERROR_MEMORY);
    error_release(&err);
    json_decref(answer);
    buf_release(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests),
        TEST(numbers_that_json_cannot_have),
        TEST(good_answers),
        TEST(bad_answers),
        TEST(an_answer_that_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
