/* fermyon:spin/llm: language models, by a service that the runtime configuration names. */
#ifndef SPINDLE_SPIN_LLM_H
#define SPINDLE_SPIN_LLM_H

#include "base/str.h"

struct client_pool;
struct llm_api;

enum spin_llm_kind {
    SPIN_LLM_NONE,  /* nothing is configured */
    SPIN_LLM_LOCAL, /* type = "spin": models in this process, which do not exist */
    SPIN_LLM_REMOTE,
};

struct spin_llm {
    const struct str *models; /* that the manifest grants */
    size_t model_count;
    enum spin_llm_kind kind;
    /* SPIN_LLM_REMOTE */
    const struct llm_api *api; /* spin/backend/llm_api.h */
    struct client_pool *client;
    struct str scheme, host; /* "http" or "https" */
    uint16_t port;
    struct str authorization; /* the header's value */
};

/* The two protocols that there are: Spin's own and OpenAI's. */
extern const struct llm_api llm_api_spin, llm_api_open_ai;

#endif
