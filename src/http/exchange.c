/*
 * Running a handler on a request, and the request's body while it runs.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "http/server_int.h"

/* One read of a streamed body, without waiting. */
static enum http_io receive(struct http_request *r, bool *ret_waits)
{
    *ret_waits = false;
    size_t room;
    char *at = request_stream_room(r, &room);
    ssize_t n = recv(r->connection->fd, at, room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        *ret_waits = true;
        return HTTP_IO_OK;
    }
    if (n <= 0)
        return HTTP_IO_CLOSED;
    r->len += (size_t)n;
    return request_advance(r) == REQUEST_REFUSE ? HTTP_IO_CLOSED : HTTP_IO_OK;
}

/* The client waits for leave to send its body; it has it now that somebody reads. */
static bool send_continue(struct http_request *r)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!r->expects_continue)
        return true;
    r->expects_continue = false;
    return r->exchange.head_sent ||
           send(r->connection->fd, line, sizeof line - 1, MSG_NOSIGNAL) >= 0;
}

enum http_io exchange_read_body(struct http_exchange *x, size_t max, struct str *ret_bytes)
{
    struct http_request *r = (struct http_request *)x;
    while (!request_body_here(r)) {
        if (r->body_done)
            return HTTP_IO_END;
        if (r->input_failed || !send_continue(r))
            return HTTP_IO_CLOSED;
        bool waits;
        if (receive(r, &waits) != HTTP_IO_OK) {
            r->input_failed = true;
            return HTTP_IO_CLOSED;
        }
        if (!waits)
            continue;
        enum http_io waited = connection_wait(r->connection, POLLIN, r->options->read_ns);
        if (waited != HTTP_IO_OK) {
            r->input_failed = true;
            return waited;
        }
    }
    size_t here = request_body_here(r);
    size_t take = here < max ? here : max;
    *ret_bytes = str_make(r->data + r->body_at, take);
    r->body_at += take;
    return HTTP_IO_OK;
}

bool exchange_body_ready(struct http_exchange *x)
{
    struct http_request *r = (struct http_request *)x;
    if (request_body_here(r) || r->body_done || r->input_failed)
        return true;
    bool waits;
    if (!send_continue(r) || receive(r, &waits) != HTTP_IO_OK)
        r->input_failed = true;
    return request_body_here(r) || r->body_done || r->input_failed;
}

static struct str client_of(const struct http_connection *conn)
{
    return str_make(conn->address, conn->address_len);
}

void exchange_run(struct http_thread *thread, struct http_connection *conn)
{
    struct http_request *r = conn->request;
    struct http_exchange *x = &r->exchange;
    struct http_server *server = thread->server;
    arena_reset(&r->arena);
    if (!request_stream_begin(r) || !request_to_exchange(r, client_of(conn), server->address)) {
        exchange_refuse(thread, conn, r->status ? r->status : 503);
        return;
    }
    response_begin(r, thread, conn);
    server->options.handle(server->options.data, x);
    if (!x->finished)
        response_reject(x, r->body_too_large ? 413 : 500);
}

void exchange_refuse(struct http_thread *thread, struct http_connection *conn, unsigned status)
{
    struct http_request *r = conn->request;
    r->keep_alive = r->body_done = false;
    response_begin(r, thread, conn);
    response_reject(&r->exchange, status);
}
