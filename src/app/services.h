/*
 * What the components of one application share: connections to elsewhere, kept between requests.
 */
#ifndef SPINDLE_APP_SERVICES_H
#define SPINDLE_APP_SERVICES_H

#include "client/redis.h"

struct app_services {
    struct client_redis_pool *redis;
};

int app_services_open(struct app_services *services, struct error *err);
/* No instance is left. Takes one that was never opened. */
void app_services_close(struct app_services *services);

#endif
