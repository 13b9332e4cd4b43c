#include "app/services.h"

int app_services_open(struct app_services *services, struct error *err)
{
    const struct client_redis_pool_options redis = {0};
    *services = (struct app_services){0};
    return client_redis_pool_new(&redis, &services->redis, err);
}

void app_services_close(struct app_services *services)
{
    client_redis_pool_free(services->redis);
    *services = (struct app_services){0};
}
