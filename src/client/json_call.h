/*
 * One call of a service over HTTP: a POST of JSON, and all of its answer.
 */
#ifndef SPINDLE_CLIENT_JSON_CALL_H
#define SPINDLE_CLIENT_JSON_CALL_H

#include "base/error.h"
#include "client/http.h"
#include "client/wait.h"

struct client_json_call {
    struct str scheme, host; /* "http" or "https"; a name, or an address without brackets */
    uint16_t port;
    struct str path;
    struct str authorization; /* the header's value, without line breaks; empty: none */
    struct str body;
    uint64_t answer_ns; /* how long to wait for the first byte, and between two parts */
};

/*
 * Appends the body of the answer, whatever its status. ERROR_LIMIT: it is longer than the buffer's
 * max. ERROR_TIMEOUT: the deadline. ERROR_IO: there is no complete answer, and why.
 */
int client_json_call(struct client_pool *pool, const struct client_json_call *call,
    const struct client_wait *wait, unsigned *ret_status, struct buf *answer, struct error *err);

#endif
