/*
 * Addresses of Redis servers, in the form that Spin takes:
 *
 *     redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?protocol=resp2|resp3]
 *
 * User and password may hold %XX. The protocol is always RESP2: what it carries is the same.
 */
#ifndef SPINDLE_CLIENT_REDIS_ADDRESS_H
#define SPINDLE_CLIENT_REDIS_ADDRESS_H

#include "base/arena.h"
#include "base/error.h"

struct client_redis_address {
    struct str text; /* the whole; two addresses are the same if this is */
    struct str host; /* without brackets */
    uint16_t port;
    struct str user, password; /* empty: none */
    uint32_t database;
};

/*
 * Views of the text, which must outlive it, and the arena's memory. ERROR_INVALID;
 * ERROR_UNSUPPORTED for TLS and local sockets, which are named.
 */
int client_redis_address_parse(struct str text, struct arena *arena,
    struct client_redis_address *ret_address, struct error *err);

#endif
