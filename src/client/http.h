/*
 * Outgoing HTTP on libcurl.
 *
 *     pool     of an application: the connections that wait for their next use
 *     session  of one guest's request while it has something to do with the network: a libcurl
 *              "multi" with its connections; one thread uses it at a time, and its requests make
 *              progress in client_session_drive and client_session_wait only
 *     request  one request and its response; any number in a session at once
 *
 * A session that is given back waits in the pool, last in first out, and takes its open connections
 * along. What belonged to a request is gone by then: its options are forgotten, and connections on
 * which an exchange was not complete are closed. There are no cookies, no redirects, no
 * decompression and no proxies; names that were looked up and TLS sessions are shared by the whole
 * pool.
 *
 * Nothing here waits but client_session_wait. Peers are hostile: heads and what is buffered of
 * bodies have limits (base/limits.h).
 */
#ifndef SPINDLE_CLIENT_HTTP_H
#define SPINDLE_CLIENT_HTTP_H

#include "base/clock.h"
#include "base/error.h"
#include "client/network.h"

struct client_pool;
struct client_session;
struct client_request;

struct client_pool_options {
    const char *ca_file, *ca_folder; /* authorities (PEM); both NULL: the system's */
    struct client_blocked blocked;   /* must outlive the pool */
    unsigned max_idle;               /* sessions that may wait in the pool */
    uint64_t idle_ns;                /* for so long; then their connections are closed */
};

/* The defaults of base/limits.h, the system's authorities, nothing blocked. */
void client_pool_options_init(struct client_pool_options *options);
/* Copies the two names of the options. */
int client_pool_new(
    const struct client_pool_options *options, struct client_pool **ret_pool, struct error *err);
/* Every session has been given back. Takes NULL. */
void client_pool_free(struct client_pool *pool);

/*
 * One that has lately been connected to the origin ("http://host:80"), if there is such a one.
 * NULL when memory is short.
 */
MUST_CHECK struct client_session *client_session_take(struct client_pool *pool, struct str origin);
/* Ends all requests of the session. Takes NULL. */
void client_session_give(struct client_session *session);
/* No request of it is left: it may be given back, so that others can have its connections. */
bool client_session_is_free(const struct client_session *session);
/* Does what can be done without waiting. */
void client_session_drive(struct client_session *session);
/*
 * Waits until something has happened to one of its requests, at most until the deadline, and does
 * what can be done then. May return early.
 */
void client_session_wait(struct client_session *session, deadline_t deadline);

/* Requests. */

/* Can it be a method or the name of a field (RFC 9110 5.6.2)? */
bool client_is_token(struct str text);

struct client_field {
    struct str name, value;
};

enum client_body { CLIENT_BODY_NONE, CLIENT_BODY_LENGTH, CLIENT_BODY_CHUNKED };

/* Valid during client_request_start. */
struct client_head {
    struct str method; /* a token */
    struct str scheme; /* "http" or "https" */
    struct str host;   /* a name, or an address without brackets */
    uint16_t port;
    struct str path; /* and query; visible ASCII; may be empty */
    /* Names and values without line breaks; no `host` and nothing of the connection's own. What a
     * content-length says is not sent: the body's own is. */
    const struct client_field *fields;
    size_t field_count;
    enum client_body body; /* none goes out with HEAD */
    uint64_t length;       /* CLIENT_BODY_LENGTH: exactly so many bytes follow */
    /* From the start until connected; until the head is here; between parts of the body. */
    uint64_t connect_ns, first_byte_ns, between_ns;
};

enum client_failure {
    CLIENT_OK,
    CLIENT_NO_SUCH_HOST,
    CLIENT_REFUSED, /* or not reachable */
    CLIENT_PROHIBITED,
    CLIENT_TERMINATED,
    CLIENT_CONNECT_TIMEOUT,
    CLIENT_FIRST_BYTE_TIMEOUT,
    CLIENT_BETWEEN_BYTES_TIMEOUT,
    CLIENT_TLS,
    CLIENT_CERTIFICATE,
    CLIENT_PROTOCOL,
    CLIENT_HEAD_TOO_LARGE,
    CLIENT_INCOMPLETE, /* the connection ended before the body did */
    CLIENT_CONFIGURATION,
    CLIENT_INTERNAL,
};

/* Adds it to the session. NULL when memory is short or LIMIT_CLIENT_REQUESTS are under way. */
MUST_CHECK struct client_request *client_request_start(
    struct client_session *session, const struct client_head *head);
/* Gives it up if it has not ended. Takes NULL. */
void client_request_free(struct client_request *request);

/* The request's body. */

/* Bytes that should be written next: when it is 0, wait for the session. */
size_t client_request_room(const struct client_request *request);
/*
 * Takes a copy of all the bytes. False when memory is short or more than LIMIT_CLIENT_UPLOAD, or
 * LIMIT_CLIENT_UPLOADS in the session, would wait. Takes and forgets them when the request has
 * ended: the response says why.
 */
MUST_CHECK bool client_request_write(struct client_request *request, struct str bytes);
/* The body is complete. */
void client_request_finish(struct client_request *request);
/* The body will never be complete: the request fails. */
void client_request_abort(struct client_request *request);

/* The response. */

/* Also at any time during the body. CLIENT_OK while all is well. */
enum client_failure client_request_failure(const struct client_request *request);
/* For people: what libcurl says about the failure, in visible ASCII. May be empty. */
const char *client_request_reason(const struct client_request *request);
bool client_request_has_head(const struct client_request *request);
/* The final response's; after the head is here. */
unsigned client_request_status(const struct client_request *request);
/* The next field, its name in lower case. *at is 0 at first. False after the last. */
bool client_request_next_field(
    const struct client_request *request, size_t *at, struct client_field *ret_field);
/* What is here of the body: a view that is valid until the session is used again. */
struct str client_request_body(const struct client_request *request);
/* Forgets the first `count` bytes of it. Views of it are not valid any more. */
void client_request_consume(struct client_request *request, size_t count);
/* The response has ended, well or not; what is here of the body may still be read. */
bool client_request_ended(const struct client_request *request);

#endif
