/*
 * One request being read: RFC 9112 syntax by llhttp, the rules that keep two readers of one
 * connection from disagreeing here.
 *
 *     data:  [ earlier ][ head ][ body, decoded, not yet taken ][ free ............ ]
 *            0          start   body_at                body_end  len              cap
 *
 * Everything is kept as offsets, for the buffer may grow while a request arrives. Chunked bodies
 * are decoded in place. After a whole message `next` is where the following one begins.
 */
#ifndef SPINDLE_HTTP_REQUEST_H
#define SPINDLE_HTTP_REQUEST_H

#include <llhttp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "wasi/exchange.h"

struct http_server_options;

struct http_span {
    uint32_t at, len; /* `at` from the request's start */
};

enum request_body { REQUEST_BODY_NONE, REQUEST_BODY_LENGTH, REQUEST_BODY_CHUNKED };

struct http_request {
    /* First member: the exchange's functions find the request by it. */
    struct http_exchange exchange;
    struct http_connection *connection; /* while it is answered */
    struct http_thread *thread;
    struct http_request *next_spare;

    const struct http_server_options *options;
    llhttp_t parser;
    char *data;
    size_t start, len, cap;
    size_t parsed; /* given to the parser so far */

    /* The head. */
    bool head_done, field_open, expects_continue, keep_alive, is_head, http10;
    unsigned status;        /* what to refuse it with, or 0 */
    unsigned ignored_bytes; /* of trailers and chunk extensions, which are limited */
    struct http_span target;
    struct http_span (*fields)[2]; /* name, value; options->max_fields of them */
    size_t field_count;

    /* The body. */
    enum request_body body;
    bool body_done, body_too_large, input_failed;
    uint64_t body_left;  /* REQUEST_BODY_LENGTH: not yet received */
    uint64_t body_total; /* decoded so far */
    size_t body_at, body_end, next;
    size_t stream_at; /* while it is answered: where further body bytes are read to */

    /* The response (response.c). */
    struct http_field *exchange_fields; /* options->max_fields */
    struct arena arena;
    struct buf head, out;
    size_t head_sent, out_sent;
    bool framed; /* the head is complete: content-length or chunked has been decided */
    bool chunked, has_length, no_body, has_date;
    bool on_wire; /* bytes of it have left */
    bool cut;     /* it cannot be completed: the connection must end */
    bool close;   /* the connection ends with this response */
    unsigned status_sent;
    uint64_t length_left; /* of the content-length that the guest has set */
    uint64_t unsent_body; /* bytes of a body that has none on the wire (HEAD) */
};

struct http_request *request_new(const struct http_server_options *options);
void request_free(struct http_request *r);
/* Gives large memory back, so that a spare request is small. */
void request_shrink(struct http_request *r);
/* Begins the message at `start`. */
void request_begin(struct http_request *r);
/* Moves on to what follows a whole message; false if nothing does. */
bool request_next(struct http_request *r);

enum request_progress {
    REQUEST_MORE,   /* needs more bytes */
    REQUEST_READY,  /* can be answered: all here, or too large to be waited for */
    REQUEST_REFUSE, /* answer with `status` and close */
};
/* Looks at the bytes that have arrived since the last call. */
enum request_progress request_advance(struct http_request *r);
/* Room for the next read, at least 1 byte; NULL when memory is short. */
char *request_room(struct http_request *r, size_t *ret_size);
/*
 * While the handler runs nothing may move, as the exchange's fields are views of `data`. So room
 * for a streamed body is made before, and used again and again; what was there must have been
 * taken.
 */
MUST_CHECK bool request_stream_begin(struct http_request *r);
char *request_stream_room(struct http_request *r, size_t *ret_size);
/* Fills r->exchange from the head. False when it must be refused (status is set). */
bool request_to_exchange(struct http_request *r, struct str client, const char *own_address);
/* Body bytes that have arrived and were not taken yet. */
static inline size_t request_body_here(const struct http_request *r)
{
    return r->body_end - r->body_at;
}

#endif
