/*
 * What the components of one application share: variables, copies of files, stores, and
 * connections to elsewhere, kept between requests.
 */
#ifndef SPINDLE_APP_SERVICES_H
#define SPINDLE_APP_SERVICES_H

#include "app/files.h"
#include "app/stores.h"
#include "app/variables.h"
#include "client/http.h"
#include "client/redis.h"

struct app_services {
    struct app_variables variables;
    struct app_files files;
    struct arena arena;
    struct client_blocked blocked; /* networks that nobody may connect to */
    struct client_pool *http;      /* NULL: no component may send requests */
    struct client_redis_pool *redis;
    struct client_pool *llm; /* to the service of [llm_compute]; NULL: there is none */
    struct app_stores stores;
};

/* `services` needs app_services_close when this fails, too. */
int app_services_open(
    struct app_services *services, const struct app_options *options, struct error *err);
/* No instance is left. Takes one that was never opened. */
void app_services_close(struct app_services *services);

#endif
