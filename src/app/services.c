#include "app/services.h"

#include "app/app.h"
#include "base/limits.h"

/* `block_networks` of the runtime config. */
static int read_blocked(
    const struct runtime_config *config, struct app_services *services, struct error *err)
{
    const struct manifest_strings *listed = &config->block_networks;
    struct client_network *networks =
        arena_try_array(&services->arena, listed->count + 1, struct client_network);
    struct client_blocked blocked = {.networks = networks};
    if (!networks)
        return error_set(err, ERROR_MEMORY, "no memory for the blocked networks");
    for (size_t i = 0; i < listed->count; i++) {
        struct str text = listed->items[i].text;
        if (str_is(text, "private"))
            blocked.private = true;
        else if (!client_network_parse(text, &networks[blocked.count++]))
            return runtime_config_fail(config, listed->items[i].place, ERROR_INVALID, err,
                "\"%" STR_FMT "\" in `block_networks` is not a network: write \"10.0.0.0/8\", "
                "\"fd00::/8\" or \"private\"",
                STR_ARG(text));
    }
    services->blocked = blocked;
    return 0;
}

static int open_redis(
    const struct runtime_config *config, struct app_services *services, struct error *err)
{
    uint64_t most = config ? config->redis_max_connections : 0;
    const struct client_redis_pool_options options = {
        .max_connections =
            most > LIMIT_REDIS_CONNECTIONS ? LIMIT_REDIS_CONNECTIONS : (unsigned)most,
        .blocked = services->blocked};
    return client_redis_pool_new(&options, &services->redis, err);
}

/* The service is the choice of who runs the application: blocked networks are not for it. */
static int open_llm(
    const struct runtime_config *config, struct app_services *services, struct error *err)
{
    struct client_pool_options options;
    if (!config || config->llm.kind != RUNTIME_LLM_REMOTE_HTTP)
        return 0;
    client_pool_options_init(&options);
    options.ca_file = getenv("SSL_CERT_FILE");
    options.ca_folder = getenv("SSL_CERT_DIR");
    return client_pool_new(&options, &services->llm, err);
}

int app_services_open(
    struct app_services *services, const struct app_options *options, struct error *err)
{
    const struct runtime_config *config = options->runtime_config;
    *services = (struct app_services){.arena = ARENA_INIT(LIMIT_GRANTS_BYTES)};
    if (app_variables_resolve(
            options->manifest, &options->variables, config, &services->variables, err) < 0)
        return -1;
    if ((config && read_blocked(config, services, err) < 0) ||
        open_redis(config, services, err) < 0)
        return -1;
    app_stores_open(&services->stores, options);
    return open_llm(config, services, err);
}

void app_services_close(struct app_services *services)
{
    app_stores_close(&services->stores);
    client_pool_free(services->http);
    client_pool_free(services->llm);
    client_redis_pool_free(services->redis);
    arena_release(&services->arena);
    app_files_release(&services->files);
    app_variables_release(&services->variables);
    *services = (struct app_services){0};
}
