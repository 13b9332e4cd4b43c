/* fermyon:spin/llm for a component: which models it may use, and the service that has them. */
#include "spin/llm.h"

#include "app/component.h"

static int fail(const struct runtime_config *config, struct error *err, const char *what)
{
    return runtime_config_fail(
        config, config->llm.place, ERROR_INVALID, err, "%s in [llm_compute]", what);
}

/* A token becomes part of a header. */
static bool is_header_text(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return false;
    return true;
}

static int configure_remote(struct app_component *c, struct spin_llm *llm, struct error *err)
{
    const struct runtime_config *config = c->options->runtime_config;
    struct str token = config->llm.auth_token;
    struct client_target target;
    if (!client_target_parse(config->llm.url, STR(""), &target) ||
        !(str_is(target.scheme, "http") || str_is(target.scheme, "https")) || target.userinfo.len)
        return fail(config, err, "`url` must be \"http://HOST:PORT\" or \"https://HOST\"");
    if (!is_header_text(token))
        return fail(config, err, "`auth_token` has characters that a header cannot have,");
    char *authorization = arena_try_alloc_raw(&c->grants, token.len + sizeof("bearer "));
    if (!authorization)
        return error_set(err, ERROR_MEMORY, "no memory for a component's grants");
    int len =
        snprintf(authorization, token.len + sizeof("bearer "), "bearer %" STR_FMT, STR_ARG(token));
    llm->authorization = str_make(authorization, (size_t)len);
    llm->api = config->llm.open_ai ? &llm_api_open_ai : &llm_api_spin;
    llm->scheme = target.scheme;
    llm->host = target.host;
    llm->port = target.port;
    llm->client = c->services->llm;
    return 0;
}

static int configure(struct app_component *c, struct spin_llm *llm, struct error *err)
{
    const struct runtime_config *config = c->options->runtime_config;
    switch (config ? config->llm.kind : RUNTIME_LLM_NONE) {
    case RUNTIME_LLM_REMOTE_HTTP:
        llm->kind = SPIN_LLM_REMOTE;
        return configure_remote(c, llm, err);
    case RUNTIME_LLM_SPIN:
        llm->kind = SPIN_LLM_LOCAL;
        return 0;
    default:
        llm->kind = SPIN_LLM_NONE;
        return 0;
    }
}

int app_llm_grant(struct app_component *c, struct error *err)
{
    const struct manifest_strings *listed = &c->manifest->ai_models;
    if (listed->count == 0)
        return 0;
    struct spin_llm *llm = arena_try_array(&c->grants, 1, struct spin_llm);
    struct str *models = arena_try_array(&c->grants, listed->count, struct str);
    if (!llm || !models)
        return error_set(err, ERROR_MEMORY, "no memory for a component's grants");
    for (size_t i = 0; i < listed->count; i++)
        models[i] = listed->items[i].text;
    llm->models = models;
    llm->model_count = listed->count;
    c->spin.llm = llm;
    return configure(c, llm, err);
}
