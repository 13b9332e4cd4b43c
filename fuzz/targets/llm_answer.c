/* What a service of models answers, by each protocol to each question. */
#include "fuzz.h"
#include "spin/backend/llm_api.h"

void fuzz_one(struct str input)
{
    static const struct llm_api *const apis[] = {&llm_api_spin, &llm_api_open_ai};
    json_error_t why;
    json_t *answer = json_loadb(input.ptr, input.len, 0, &why);
    for (size_t i = 0; answer && i < countof(apis); i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT(64 * MIB);
        struct error err = ERROR_INIT;
        llm_text text;
        llm_vectors vectors;
        fuzz_succeeded(apis[i]->infer_answer(answer, &arena, &text, &err), &err);
        fuzz_succeeded(apis[i]->embed_answer(answer, &arena, &vectors, &err), &err);
    }
    json_decref(answer);
}
