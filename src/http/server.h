/*
 * The HTTP/1.1 server: listener, threads, connections (design: ARCHITECTURE.md "Serving").
 *
 * Threads share one epoll set. Whoever gets a connection's event owns the connection until there is
 * nothing left to do for it: reads, parses, calls `handle`, writes. A slow client costs no thread
 * while its request is at most body_ahead_bytes long and its response at most queue_bytes.
 */
#ifndef SPINDLE_HTTP_SERVER_H
#define SPINDLE_HTTP_SERVER_H

#include "base/error.h"
#include "wasi/exchange.h"

struct http_server;

struct http_server_options {
    const char *listen;   /* "127.0.0.1:3000", "[::1]:0", "localhost:3000" */
    unsigned threads;     /* that run at once; 0: as many as cores */
    unsigned max_threads; /* with those that wait in blocking host calls */
    unsigned max_streams; /* exchanges that may keep a thread waiting for their client */
    size_t max_head_bytes, max_fields, max_body_bytes, body_ahead_bytes, queue_bytes;
    size_t max_held_bytes; /* buffered for connections that wait for their client, together */
    unsigned max_connections;
    deadline_t idle_ns, read_ns, write_ns; /* time limits, as durations */
    deadline_t drain_ns;                   /* how long exchanges may still run after a stop */
    /*
     * Answers an exchange, on the thread that read it: sends a head and finishes, or returns
     * without having done so, and then the server answers 500 with an empty body (or cuts the
     * connection when the head is out).
     */
    void (*handle)(void *data, struct http_exchange *x);
    /* On each thread before it first serves, and when it ends. May be NULL. */
    int (*thread_start)(void *data, struct error *err);
    void (*thread_end)(void *data);
    void *data;
};

/* The defaults of base/limits.h; listen and handle are left empty. */
void http_server_options_init(struct http_server_options *options);
/* Binds and listens. ERROR_IO with os_errno EADDRINUSE when the port is taken. */
int http_server_new(
    const struct http_server_options *options, struct http_server **ret_server, struct error *err);
/* "127.0.0.1:3000": the address really bound. */
const char *http_server_address(const struct http_server *server);
/*
 * Serves until http_server_stop; returns after the last exchange has ended, or after drain_ns. In
 * the second case http_server_busy is true and the server must not be freed.
 */
int http_server_run(struct http_server *server, struct error *err);
bool http_server_busy(struct http_server *server);
/* Safe in a signal handler (writes to an eventfd). */
void http_server_stop(struct http_server *server);
void http_server_free(struct http_server *server);

/* Around something that blocks the calling server thread: another one takes over meanwhile. */
void http_thread_blocks(void);
void http_thread_resumes(void);

#endif
