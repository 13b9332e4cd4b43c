/*
 * fermyon:spin/llm: asks the service of the runtime configuration. What differs between services is
 * in backend/.
 */
#include "spin/llm.h"

#include "base/limits.h"
#include "client/json_call.h"
#include "host/fermyon_spin_v2_llm.h"
#include "spin/backend/llm_api.h"
#include "spin/context.h"

typedef struct fermyon_spin_v2_llm_error llm_error;

/* What a call needs beside its arguments. */
struct llm_call {
    struct component_call *call;
    const struct spin_llm *llm;
    struct arena *arena;
    llm_error error; /* when it has failed */
    enum wasm_trap_kind trap;
};

static bool is_granted(const struct spin_llm *llm, struct str model)
{
    for (size_t i = 0; llm && i < llm->model_count; i++)
        if (str_equal(llm->models[i], model))
            return true;
    return false;
}

static llm_error runtime_error(struct str text)
{
    return (llm_error){.tag = FERMYON_SPIN_V2_LLM_ERROR_RUNTIME_ERROR, .runtime_error = text};
}

/* Texts of a list may lie over each other in the guest's memory: their sum has no limit. */
static size_t length_of(const struct fermyon_spin_v2_llm_list_string *texts)
{
    size_t bytes = 0;
    for (size_t i = 0; i < texts->len && bytes <= LIMIT_LLM_TEXT_BYTES; i++)
        bytes += texts->data[i].len + 1;
    return bytes;
}

/* The error that ends a call before anything is asked, if there is one. */
static bool check(struct llm_call *c, struct str model, size_t text_bytes)
{
    if (!is_granted(c->llm, model)) {
        struct buf text = BUF_INIT(64 * KIB); /* a longer name is cut off */
        buf_printf(&text,
            "The component does not have access to use '%" STR_FMT
            "'. To give the component access, add '%" STR_FMT
            "' to the 'ai_models' key for the component in your spin.toml manifest",
            STR_ARG(model), STR_ARG(model));
        c->error.tag = FERMYON_SPIN_V2_LLM_ERROR_INVALID_INPUT;
        c->error.invalid_input = text.failed ? STR("The component does not have access to a model "
                                                   "with such a long name")
                                             : arena_copy(c->arena, buf_str(&text));
        buf_release(&text);
        return false;
    }
    if (text_bytes > LIMIT_LLM_TEXT_BYTES) {
        c->error.tag = FERMYON_SPIN_V2_LLM_ERROR_INVALID_INPUT;
        c->error.invalid_input = STR("the text is longer than 4 MiB: ask in parts");
        return false;
    }
    if (c->llm->kind == SPIN_LLM_NONE)
        c->error =
            runtime_error(STR("Local LLM operations are not supported in this version of Spin."));
    if (c->llm->kind == SPIN_LLM_LOCAL)
        c->error = runtime_error(
            STR("Local LLM operations are not supported in this version of Spin. Set type = "
                "\"remote_http\" in [llm_compute] of the runtime configuration, with the url of a "
                "service"));
    return c->llm->kind == SPIN_LLM_REMOTE;
}

/* The text of an error becomes the interface's; empties it. */
static void fail(struct llm_call *c, struct error *err)
{
    struct wasi_context *wasi = wasi_context_of(c->call);
    if (err->kind == ERROR_TIMEOUT && wasi->deadline <= clock_monotonic_ns())
        c->trap = WASM_TRAP_DEADLINE;
    bool no_model = err->kind == ERROR_NOT_FOUND;
    c->error = runtime_error(spin_take_error(c->call, err));
    if (!no_model)
        return;
    wasi_warn(wasi, "Warning: the service of [llm_compute] has no such model: %" STR_FMT,
        STR_ARG(c->error.runtime_error));
    c->error.tag = FERMYON_SPIN_V2_LLM_ERROR_MODEL_NOT_SUPPORTED;
}

static int post(struct llm_call *c, const char *path, const json_t *request, unsigned *ret_status,
    struct buf *answer, struct error *err)
{
    struct wasi_context *wasi = wasi_context_of(c->call);
    char *body = json_dumps(request, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (!body)
        return error_set(err, ERROR_MEMORY, "no memory for a request");
    const struct client_json_call call = {
        .scheme = c->llm->scheme,
        .host = c->llm->host,
        .port = c->llm->port,
        .path = str_of(path),
        .authorization = c->llm->authorization,
        .body = str_of(body),
        .answer_ns = LIMIT_LLM_ANSWER_NS,
    };
    const struct client_wait wait = spin_wait(wasi);
    int result = client_json_call(c->llm->client, &call, &wait, ret_status, answer, err);
    free(body);
    return result < 0 ? error_wrap(err, "POST %s request error", path) : 0;
}

/* Asks; NULL, and the call has failed. `request` is taken. */
static json_t *ask(struct llm_call *c, const char *path, json_t *request, unsigned *ret_status)
{
    struct error err = ERROR_INIT;
    struct buf answer = BUF_INIT(LIMIT_LLM_ANSWER_BYTES);
    json_t *document = NULL;
    json_error_t why;
    if (!request) {
        c->error.tag = FERMYON_SPIN_V2_LLM_ERROR_INVALID_INPUT;
        c->error.invalid_input = STR("a parameter is a number that JSON cannot have");
        return NULL;
    }
    if (post(c, path, request, ret_status, &answer, &err) == 0) {
        document = json_loadb((const char *)answer.data, answer.len, 0, &why);
        if (!document)
            error_set(&err, ERROR_INVALID,
                "Failed to deserialize response for \"POST %s\" (status %u): %s", path, *ret_status,
                why.text);
    }
    if (!document)
        fail(c, &err);
    json_decref(request);
    buf_release(&answer);
    return document;
}

static void fail_answer(struct llm_call *c, const char *path, unsigned status, struct error *err)
{
    if (err->kind == ERROR_INVALID)
        error_wrap(err, "Failed to deserialize response for \"POST %s\" (status %u)", path, status);
    fail(c, err);
}

static struct llm_call begin(struct component_call *call)
{
    return (struct llm_call){
        .call = call, .llm = spin_context_of(call)->config->llm, .arena = spin_results(call)};
}

static enum wasm_trap_kind infer(struct component_call *call, struct str model, struct str prompt,
    struct fermyon_spin_v2_llm_option_inferencing_params given,
    struct fermyon_spin_v2_llm_result_inferencing_result_error *ret_result)
{
    static const llm_params usual = {.max_tokens = 100,
        .repeat_penalty = 1.1f,
        .repeat_penalty_last_n_token_count = 64,
        .temperature = 0.8f,
        .top_k = 40,
        .top_p = 0.9f};
    struct llm_call c = begin(call);
    ret_result->is_err = true;
    if (check(&c, model, prompt.len)) {
        const struct llm_api *api = c.llm->api;
        struct error err = ERROR_INIT;
        unsigned status;
        json_t *answer = ask(&c, api->infer_path,
            api->infer_request(model, prompt, given.is_some ? &given.value : &usual), &status);
        if (answer && api->infer_answer(answer, c.arena, &ret_result->ok, &err) == 0)
            ret_result->is_err = false;
        else if (answer)
            fail_answer(&c, api->infer_path, status, &err);
        json_decref(answer);
    }
    if (ret_result->is_err)
        ret_result->err = c.error;
    return c.trap;
}

static enum wasm_trap_kind generate_embeddings(struct component_call *call, struct str model,
    struct fermyon_spin_v2_llm_list_string text,
    struct fermyon_spin_v2_llm_result_embeddings_result_error *ret_result)
{
    struct llm_call c = begin(call);
    ret_result->is_err = true;
    if (check(&c, model, length_of(&text))) {
        const struct llm_api *api = c.llm->api;
        struct error err = ERROR_INIT;
        unsigned status;
        json_t *answer = ask(&c, api->embed_path, api->embed_request(model, &text), &status);
        if (answer && api->embed_answer(answer, c.arena, &ret_result->ok, &err) == 0)
            ret_result->is_err = false;
        else if (answer)
            fail_answer(&c, api->embed_path, status, &err);
        json_decref(answer);
    }
    if (ret_result->is_err)
        ret_result->err = c.error;
    return c.trap;
}

const struct fermyon_spin_v2_llm_functions fermyon_spin_v2_llm_functions = {
    .infer = infer,
    .generate_embeddings = generate_embeddings,
};
