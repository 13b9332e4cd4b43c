/*
 * Outgoing HTTP of a component: the application's connections, and who answers a request that stays
 * in the process.
 */
#include "app/component.h"
#include "base/limits.h"

static bool answer(void *data, struct http_exchange *x, struct str component)
{
    struct app_component *c = data;
    if (component.len)
        return app_answer_by(c->app, x, component);
    app_answer_itself(c->app, x);
    return true;
}

/* The connections are the application's, made when a component first needs some. */
static int open_pool(struct app_component *c, struct error *err)
{
    const struct runtime_config *config = c->options->runtime_config;
    struct client_pool_options options;
    if (c->services->http)
        return 0;
    client_pool_options_init(&options);
    options.ca_file = getenv("SSL_CERT_FILE");
    options.ca_folder = getenv("SSL_CERT_DIR");
    options.blocked = c->services->blocked;
    if (config && !config->http_pooling)
        options.max_idle = 0;
    return client_pool_new(&options, &c->services->http, err);
}

int app_outbound_grant(struct app_component *c, struct error *err)
{
    if (c->allowed_hosts.count == 0)
        return 0;
    if (open_pool(c, err) < 0)
        return -1;
    c->wasi.allowed_hosts = &c->allowed_hosts;
    c->wasi.client = c->services->http;
    c->wasi.answer = answer;
    return 0;
}
