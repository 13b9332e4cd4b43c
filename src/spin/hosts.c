/* The list of the interfaces that this folder implements. */
#include "host/fermyon_spin_v2_redis.h"
#include "host/fermyon_spin_v2_variables.h"
#include "host/wasi_config_store.h"
#include "spin/spin.h"

#define HOST(prefix) {&prefix##_interface, NULL}

static const struct component_host hosts[] = {
    HOST(fermyon_spin_v2_redis),
    HOST(fermyon_spin_v2_variables),
    HOST(wasi_config_store),
};

const struct component_host *spin_hosts(size_t *ret_count)
{
    *ret_count = countof(hosts);
    return hosts;
}
