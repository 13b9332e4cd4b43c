/*
 * TCP connections to a host by name or address.
 */
#ifndef SPINDLE_CLIENT_CONNECT_H
#define SPINDLE_CLIENT_CONNECT_H

#include "base/error.h"
#include "client/network.h"
#include "client/wait.h"

/*
 * A connected socket that never blocks and sends small packets at once. Tries the addresses of the
 * host in the resolver's order, each for `timeout_ns`; blocked ones are left out. ERROR_DENIED: all
 * were blocked. ERROR_NOT_FOUND: there is no such host. ERROR_TIMEOUT, ERROR_IO: the last one's
 * failure.
 */
int client_connect(struct str host, uint16_t port, const struct client_blocked *blocked,
    uint64_t timeout_ns, const struct client_wait *wait, int *ret_fd, struct error *err);

#endif
