/* The list of the interfaces that this folder implements. */
#include "host/fermyon_spin_v2_key_value.h"
#include "host/fermyon_spin_v2_llm.h"
#include "host/fermyon_spin_v2_redis.h"
#include "host/fermyon_spin_v2_sqlite.h"
#include "host/fermyon_spin_v2_variables.h"
#include "host/spin_sqlite_v3_sqlite.h"
#include "host/wasi_config_store.h"
#include "host/wasi_keyvalue_atomics.h"
#include "host/wasi_keyvalue_batch.h"
#include "host/wasi_keyvalue_store.h"
#include "spin/spin.h"

#define HOST(prefix) {&prefix##_interface, NULL}

static const struct component_host hosts[] = {
    HOST(fermyon_spin_v2_key_value),
    HOST(fermyon_spin_v2_llm),
    HOST(fermyon_spin_v2_redis),
    HOST(fermyon_spin_v2_sqlite),
    HOST(fermyon_spin_v2_variables),
    HOST(spin_sqlite_v3_sqlite),
    HOST(wasi_config_store),
    HOST(wasi_keyvalue_atomics),
    HOST(wasi_keyvalue_batch),
    HOST(wasi_keyvalue_store),
};

const struct component_host *spin_hosts(size_t *ret_count)
{
    *ret_count = countof(hosts);
    return hosts;
}
