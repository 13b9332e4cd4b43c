/*
 * The host while a component is built: WASI as it is, except that
 * - random bytes and monotonic time are the same in every build, so that the same inputs give the
 *   same component (the guest draws new ones at each request), and wall-clock time can be set;
 * - requests to the network trap, naming the call.
 */
#ifndef SPINDLE_COMPONENTIZE_HOSTS_H
#define SPINDLE_COMPONENTIZE_HOSTS_H

#include "component/component.h"

/* State of the substitutes; found through wasi_context_embedder. */
struct build_host {
    uint64_t random;       /* state of the generator */
    uint64_t monotonic_ns; /* what the clock said last */
    uint64_t wall_seconds; /* 0: the real time */
};

void build_host_init(struct build_host *h);
/* In the arena; as wasi_hosts. */
const struct component_host *build_hosts(struct arena *a, size_t *ret_count);
/* Whether one of them is the interface of that name. */
bool build_hosts_offer(struct str interface);

#endif
