/* fermyon:spin/redis: connections to Redis servers that the manifest allows. */
#ifndef SPINDLE_SPIN_REDIS_H
#define SPINDLE_SPIN_REDIS_H

#include "client/allowed_hosts.h"
#include "client/redis.h"

struct spin_redis {
    struct client_redis_pool *pool; /* of the application */
    const struct client_allowed_hosts *allowed;
};

#endif
