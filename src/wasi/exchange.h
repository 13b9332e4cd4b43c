/*
 * One HTTP request and its response, between whoever speaks HTTP (src/http) and whoever answers
 * (wasi:http in src/wasi, composed by src/app). Neither includes the other: both include this.
 *
 * An exchange lives from the request's head until its answer is finished. All its memory is the
 * arena's. One thread uses it at a time. `ops` are the server's; any may block, and then lets the
 * server put another thread to work meanwhile.
 */
#ifndef SPINDLE_WASI_EXCHANGE_H
#define SPINDLE_WASI_EXCHANGE_H

#include "base/arena.h"
#include "base/clock.h"

struct http_field {
    struct str name, value; /* name in lower case */
};

enum http_io { HTTP_IO_OK = 0, HTTP_IO_END = 1, HTTP_IO_CLOSED = -1, HTTP_IO_TIMEOUT = -2 };

struct http_exchange;

struct http_exchange_ops {
    /*
     * Request body: a view of the next bytes, at least one and at most `max`, valid until the next
     * call. HTTP_IO_END after the last.
     */
    enum http_io (*read_body)(struct http_exchange *x, size_t max, struct str *ret_bytes);
    /* Would read_body answer without waiting? */
    bool (*body_ready)(struct http_exchange *x);
    /*
     * Sends the head: status and fields in order. With content-length among them exactly so many
     * body bytes must follow; without, the server chunks. The server adds date and drops hop-by-hop
     * fields. The fields are valid during the call only.
     */
    enum http_io (*send_head)(
        struct http_exchange *x, unsigned status, const struct http_field *fields, size_t count);
    /* Body bytes, after the head. May queue a copy. */
    enum http_io (*write_body)(struct http_exchange *x, struct str bytes);
    /* Bytes that write_body would take without waiting. */
    size_t (*write_room)(struct http_exchange *x);
    /* Sends what is queued; called when the guest asks for it and before it waits. May be NULL. */
    enum http_io (*flush)(struct http_exchange *x);
    /* The end of the response. Not called when the answer is cut off. */
    enum http_io (*finish)(struct http_exchange *x);
    /*
     * Gives the exchange up: answers `status` with an empty body if nothing of a response has left
     * yet, whatever was prepared; otherwise the answer is cut off. Ends the exchange.
     */
    void (*reject)(struct http_exchange *x, unsigned status);
};

struct http_exchange {
    const struct http_exchange_ops *ops;
    struct arena *arena;
    /* The request's head, immutable while the exchange is answered. */
    struct str method;         /* as sent: "GET" */
    struct str path;           /* path and query: "/hello?a=b" */
    struct str authority;      /* Host field or absolute form */
    struct str scheme;         /* "http" or "https" */
    struct str client_address; /* "127.0.0.1:40312" */
    struct http_field *fields; /* in order; names in lower case; `host` included */
    size_t field_count;
    bool has_body;  /* content-length above 0, or chunked */
    unsigned depth; /* requests within this process that led to it: 0 if it came over the network */
    /* The response's state. */
    bool head_sent, finished;
};

#endif
