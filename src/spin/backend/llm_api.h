/*
 * What differs between the protocols of services that have models: paths, requests, answers. All
 * are JSON over a POST.
 *
 * A service's answers are not trusted: what is absent or of another type is an error,
 * ERROR_INVALID. An answer that reports an error itself: ERROR_NOT_FOUND if it is that there is no
 * such model, else ERROR_CHILD, with the service's own text.
 */
#ifndef SPINDLE_SPIN_BACKEND_LLM_API_H
#define SPINDLE_SPIN_BACKEND_LLM_API_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "host/fermyon_spin_v2_llm.h"
#include "spin/llm.h"

typedef struct fermyon_spin_v2_llm_inferencing_params llm_params;
typedef struct fermyon_spin_v2_llm_inferencing_result llm_text;
typedef struct fermyon_spin_v2_llm_embeddings_result llm_vectors;
typedef struct fermyon_spin_v2_llm_list_string llm_strings;

struct llm_api {
    const char *infer_path, *embed_path;
    /* NULL: not UTF-8, a number that JSON cannot have, or out of memory. */
    json_t *(*infer_request)(struct str model, struct str prompt, const llm_params *params);
    json_t *(*embed_request)(struct str model, const llm_strings *texts);
    /* Results are in the arena. */
    int (*infer_answer)(
        const json_t *answer, struct arena *arena, llm_text *ret_text, struct error *err);
    int (*embed_answer)(
        const json_t *answer, struct arena *arena, llm_vectors *ret_vectors, struct error *err);
};

/* Reading answers (llm_json.c). `what` names the member for the message: "usage.prompt_tokens". */

/* A real number as short as a 32-bit float allows: 0.8, not 0.800000012. NULL if not finite. */
json_t *llm_json_float(float number);
json_t *llm_json_str(struct str text);
json_t *llm_json_strings(const llm_strings *texts);
int llm_read_count(const json_t *value, const char *what, uint32_t *ret_count, struct error *err);
int llm_read_text(const json_t *value, const char *what, struct arena *arena, struct str *ret_text,
    struct error *err);
int llm_read_vector(const json_t *value, const char *what, struct arena *arena,
    struct fermyon_spin_v2_llm_list_f32 *ret_vector, struct error *err);
/* An array, with a place for each vector in *ret_vectors. */
int llm_read_array(const json_t *value, const char *what, struct arena *arena,
    struct fermyon_spin_v2_llm_list_list_f32 *ret_vectors, struct error *err);

#endif
