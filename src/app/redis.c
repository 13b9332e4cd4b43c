/* fermyon:spin/redis for a component: where it may connect to, and the application's connections.
 */
#include "spin/redis.h"

#include "app/component.h"

int app_redis_grant(struct app_component *c, struct error *err)
{
    struct spin_redis *redis = arena_try_array(&c->grants, 1, struct spin_redis);
    if (!redis)
        return error_set(err, ERROR_MEMORY, "no memory for a component's grants");
    *redis = (struct spin_redis){.pool = c->services->redis, .allowed = &c->allowed_hosts};
    c->spin.redis = redis;
    return 0;
}
