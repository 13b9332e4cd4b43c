/* Spin's own protocol, `api_type = "default"`. */
#include "spin/backend/llm_api.h"

static json_t *infer_request(struct str model, struct str prompt, const llm_params *params)
{
    return json_pack("{s:o, s:o, s:{s:I, s:o, s:I, s:o, s:I, s:o}}", "model", llm_json_str(model),
        "prompt", llm_json_str(prompt), "options", "maxTokens", (json_int_t)params->max_tokens,
        "repeatPenalty", llm_json_float(params->repeat_penalty), "repeatPenaltyLastNTokenCount",
        (json_int_t)params->repeat_penalty_last_n_token_count, "temperature",
        llm_json_float(params->temperature), "topK", (json_int_t)params->top_k, "topP",
        llm_json_float(params->top_p));
}

static json_t *embed_request(struct str model, const llm_strings *texts)
{
    return json_pack("{s:o, s:o}", "model", llm_json_str(model), "input", llm_json_strings(texts));
}

static int infer_answer(
    const json_t *answer, struct arena *arena, llm_text *ret_text, struct error *err)
{
    const json_t *usage = json_object_get(answer, "usage");
    llm_text text;
    if (llm_read_text(json_object_get(answer, "text"), "text", arena, &text.text, err) < 0 ||
        llm_read_count(json_object_get(usage, "promptTokenCount"), "usage.promptTokenCount",
            &text.usage.prompt_token_count, err) < 0 ||
        llm_read_count(json_object_get(usage, "generatedTokenCount"), "usage.generatedTokenCount",
            &text.usage.generated_token_count, err) < 0)
        return -1;
    *ret_text = text;
    return 0;
}

static int embed_answer(
    const json_t *answer, struct arena *arena, llm_vectors *ret_vectors, struct error *err)
{
    const json_t *embeddings = json_object_get(answer, "embeddings");
    const json_t *usage = json_object_get(answer, "usage");
    llm_vectors vectors;
    if (llm_read_array(embeddings, "embeddings", arena, &vectors.embeddings, err) < 0)
        return -1;
    for (size_t i = 0; i < vectors.embeddings.len; i++)
        if (llm_read_vector(json_array_get(embeddings, i), "embeddings", arena,
                &vectors.embeddings.data[i], err) < 0)
            return -1;
    if (llm_read_count(json_object_get(usage, "promptTokenCount"), "usage.promptTokenCount",
            &vectors.usage.prompt_token_count, err) < 0)
        return -1;
    *ret_vectors = vectors;
    return 0;
}

const struct llm_api llm_api_spin = {
    .infer_path = "/infer",
    .embed_path = "/embed",
    .infer_request = infer_request,
    .embed_request = embed_request,
    .infer_answer = infer_answer,
    .embed_answer = embed_answer,
};
