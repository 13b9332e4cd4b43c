#include "app/services.h"

int app_services_open(
    struct app_services *services, const struct app_options *options, struct error *err)
{
    const struct client_redis_pool_options redis = {0};
    *services = (struct app_services){0};
    if (app_variables_resolve(options->manifest, &options->variables, options->runtime_config,
            &services->variables, err) < 0)
        return -1;
    return client_redis_pool_new(&redis, &services->redis, err);
}

void app_services_close(struct app_services *services)
{
    client_redis_pool_free(services->redis);
    app_files_release(&services->files);
    app_variables_release(&services->variables);
    *services = (struct app_services){0};
}
