/* OpenAI's protocol, which others speak too, `api_type = "open_ai"`. */
#include "spin/backend/llm_api.h"

static json_t *infer_request(struct str model, struct str prompt, const llm_params *params)
{
    return json_pack("{s:[{s:s, s:o}], s:o, s:I, s:o}", "messages", "role", "user", "content",
        llm_json_str(prompt), "model", llm_json_str(model), "max_completion_tokens",
        (json_int_t)params->max_tokens, "frequency_penalty",
        llm_json_float(params->repeat_penalty));
}

static json_t *embed_request(struct str model, const llm_strings *texts)
{
    return json_pack("{s:o, s:o}", "input", llm_json_strings(texts), "model", llm_json_str(model));
}

/* {"error": {"message": "...", "code": "..."}} */
static int check_error(const json_t *answer, struct error *err)
{
    const json_t *error = json_object_get(answer, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *code = json_string_value(json_object_get(error, "code"));
    if (!error)
        return 0;
    bool is_model = code && !strcmp(code, "model_not_found");
    return error_set(err, is_model ? ERROR_NOT_FOUND : ERROR_CHILD, "%s",
        message && *message ? message : "the service reports an error without a message");
}

static int infer_answer(
    const json_t *answer, struct arena *arena, llm_text *ret_text, struct error *err)
{
    const json_t *choice = json_array_get(json_object_get(answer, "choices"), 0);
    const json_t *content = json_object_get(json_object_get(choice, "message"), "content");
    const json_t *usage = json_object_get(answer, "usage");
    llm_text text;
    if (check_error(answer, err) < 0 ||
        llm_read_text(content, "choices[0].message.content", arena, &text.text, err) < 0 ||
        llm_read_count(json_object_get(usage, "prompt_tokens"), "usage.prompt_tokens",
            &text.usage.prompt_token_count, err) < 0 ||
        llm_read_count(json_object_get(usage, "completion_tokens"), "usage.completion_tokens",
            &text.usage.generated_token_count, err) < 0)
        return -1;
    *ret_text = text;
    return 0;
}

static int embed_answer(
    const json_t *answer, struct arena *arena, llm_vectors *ret_vectors, struct error *err)
{
    const json_t *data = json_object_get(answer, "data");
    const json_t *usage = json_object_get(answer, "usage");
    llm_vectors vectors;
    if (check_error(answer, err) < 0 ||
        llm_read_array(data, "data", arena, &vectors.embeddings, err) < 0)
        return -1;
    for (size_t i = 0; i < vectors.embeddings.len; i++)
        if (llm_read_vector(json_object_get(json_array_get(data, i), "embedding"),
                "data[].embedding", arena, &vectors.embeddings.data[i], err) < 0)
            return -1;
    if (llm_read_count(json_object_get(usage, "prompt_tokens"), "usage.prompt_tokens",
            &vectors.usage.prompt_token_count, err) < 0)
        return -1;
    *ret_vectors = vectors;
    return 0;
}

const struct llm_api llm_api_open_ai = {
    .infer_path = "/v1/chat/completions",
    .embed_path = "/v1/embeddings",
    .infer_request = infer_request,
    .embed_request = embed_request,
    .infer_answer = infer_answer,
    .embed_answer = embed_answer,
};
