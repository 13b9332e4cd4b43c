/*
 * The response: heads, framing, and getting the bytes out.
 *
 * What the handler writes is collected in two buffers, `head` and `out`, and leaves in one system
 * call when the response is finished, unless it grows above COLLECT or the guest flushes. Only then
 * does the head need its framing, so that a short response always has a content-length.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/limits.h"
#include "http/server_int.h"

#define COLLECT    (64 * KIB)
#define SMALL_BODY (2 * KIB)

static struct http_request *request_of(struct http_exchange *x)
{
    return (struct http_request *)x;
}

static const char *reason_of(unsigned status)
{
    switch (status) {
#define XX(number, name, text) \
    case number:               \
        return #text;
        HTTP_STATUS_MAP(XX)
#undef XX
    }
    return "";
}

/* "Not Found" of the parser's table, where it is NOT_FOUND. */
static void append_reason(struct buf *out, unsigned status)
{
    bool first = true;
    for (const char *p = reason_of(status); *p; p++) {
        char c = *p == '_' ? ' ' : first ? *p : (char)(*p | 0x20);
        first = c == ' ';
        buf_append_byte(out, (uint8_t)c);
    }
}

static void append_status_line(struct buf *out, unsigned status)
{
    if (status == 200) {
        buf_append_str(out, STR("HTTP/1.1 200 OK\r\n"));
        return;
    }
    buf_printf(out, "HTTP/1.1 %03u ", status);
    append_reason(out, status);
    buf_append_str(out, STR("\r\n"));
}

static void append_decimal(struct buf *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_append(out, digits + at, sizeof digits - at);
}

static void append_field(struct buf *out, struct str name, struct str value)
{
    if (!buf_reserve(out, name.len + value.len + 4))
        return;
    char *at = (char *)out->data + out->len;
    memcpy(at, name.ptr, name.len);
    at += name.len;
    *at++ = ':';
    *at++ = ' ';
    if (value.len)
        memcpy(at, value.ptr, value.len);
    at += value.len;
    *at++ = '\r';
    *at++ = '\n';
    out->len += name.len + value.len + 4;
}

void response_begin(
    struct http_request *r, struct http_thread *thread, struct http_connection *conn)
{
    r->exchange.ops = &http_exchange_ops;
    r->exchange.head_sent = r->exchange.finished = false;
    r->connection = conn;
    r->thread = thread;
    buf_clear(&r->head);
    buf_clear(&r->out);
    r->out_sent = r->head_sent = 0;
    r->framed = r->chunked = r->has_length = r->no_body = r->has_date = false;
    r->on_wire = r->cut = false;
    r->close =
        !r->keep_alive || atomic_load_explicit(&thread->server->stopping, memory_order_relaxed);
    r->status_sent = 0;
    r->length_left = r->unsent_body = 0;
}

/* Fields that belong to the connection, which is the server's (RFC 9110 7.6.1). */
static bool is_hop_by_hop(struct str name)
{
    static const struct str names[] = {STR("connection"), STR("keep-alive"),
        STR("proxy-connection"), STR("transfer-encoding"), STR("upgrade"), STR("te"),
        STR("trailer")};
    for (size_t i = 0; i < countof(names); i++)
        if (str_equal(name, names[i]))
            return true;
    return false;
}

/* A field of the guest's; content-length and date are noted, as the server has a say in both. */
static void add_guest_field(struct http_request *r, const struct http_field *field)
{
    switch (field->name.len) {
    case 2:
    case 7:
    case 10:
    case 16:
    case 17:
        if (is_hop_by_hop(field->name))
            return;
        break;
    case 4:
        r->has_date = r->has_date || str_equal(field->name, STR("date"));
        break;
    case 14:
        if (!str_equal(field->name, STR("content-length")))
            break;
        if (r->has_length || !str_to_u64(field->value, &r->length_left) || r->status_sent == 204)
            return;
        r->has_length = true;
        break;
    default:
        break;
    }
    append_field(&r->head, field->name, field->value);
}

static enum http_io send_head(
    struct http_exchange *x, unsigned status, const struct http_field *fields, size_t count)
{
    struct http_request *r = request_of(x);
    if (x->head_sent || r->cut || status < 200 || status > 999)
        return HTTP_IO_CLOSED;
    r->status_sent = status;
    r->no_body = r->is_head || status == 204 || status == 304;
    append_status_line(&r->head, status);
    for (size_t i = 0; i < count; i++)
        add_guest_field(r, &fields[i]);
    if (r->head.failed) {
        buf_clear(&r->head);
        return HTTP_IO_CLOSED;
    }
    x->head_sent = true;
    return HTTP_IO_OK;
}

/* Ends the head. `length` is that of the whole body where it is known. */
static void frame(struct http_request *r, const uint64_t *length)
{
    bool may_have_body = r->status_sent != 204 && r->status_sent != 304;
    if (!r->has_length && may_have_body) {
        if (length) {
            buf_append_str(&r->head, STR("content-length: "));
            append_decimal(&r->head, *length);
            buf_append_str(&r->head, STR("\r\n"));
        } else if (r->http10) {
            r->close = true; /* the end of the connection ends the body */
        } else {
            buf_append_str(&r->head, STR("transfer-encoding: chunked\r\n"));
            r->chunked = !r->no_body;
        }
    }
    if (!r->has_date)
        buf_append_str(&r->head, http_date_line(&r->thread->date));
    if (r->close)
        buf_append_str(&r->head, STR("connection: close\r\n"));
    else if (r->http10)
        buf_append_str(&r->head, STR("connection: keep-alive\r\n"));
    buf_append_str(&r->head, STR("\r\n"));
    r->framed = true;
}

/* What was collected before the framing was known becomes the first chunk. */
static void frame_collected(struct http_request *r)
{
    frame(r, NULL);
    if (!r->chunked || !r->out.len)
        return;
    buf_printf(&r->head, "%zx\r\n", r->out.len);
    buf_append_str(&r->out, STR("\r\n"));
}

size_t response_unsent(const struct http_request *r)
{
    return r->head.len - r->head_sent + r->out.len - r->out_sent;
}

static enum http_io broken(struct http_request *r)
{
    r->cut = true;
    return HTTP_IO_CLOSED;
}

/*
 * One sendmsg of head, out and `extra`, as far as the socket takes them. Returns how much of
 * `extra` has been sent, or -1 when the connection is broken.
 */
static ssize_t push(struct http_request *r, struct str extra)
{
    struct iovec parts[3] = {
        {r->head.data + r->head_sent, r->head.len - r->head_sent},
        {r->out.data + r->out_sent, r->out.len - r->out_sent},
        {(char *)(uintptr_t)extra.ptr, extra.len},
    };
    struct iovec used[3];
    size_t count = 0;
    for (size_t i = 0; i < countof(parts); i++)
        if (parts[i].iov_len)
            used[count++] = parts[i];
    if (!count)
        return 0;
    struct msghdr message = {.msg_iov = used, .msg_iovlen = count};
    ssize_t n;
    do {
        n = count == 1 ? send(r->connection->fd, used->iov_base, used->iov_len, MSG_NOSIGNAL)
                       : sendmsg(r->connection->fd, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    r->on_wire = true;
    size_t sent = (size_t)n, part = sent < parts[0].iov_len ? sent : parts[0].iov_len;
    r->head_sent += part;
    sent -= part;
    part = sent < parts[1].iov_len ? sent : parts[1].iov_len;
    r->out_sent += part;
    if (r->out_sent == r->out.len) {
        buf_clear(&r->out);
        r->out_sent = 0;
    }
    return (ssize_t)(sent - part);
}

bool response_push(struct http_request *r)
{
    return !r->cut && push(r, STR_EMPTY) >= 0;
}

/* Keeps the sent part of the queue from growing without end. */
static void compact(struct http_request *r)
{
    if (r->out_sent < COLLECT || r->out_sent < r->out.len / 2)
        return;
    memmove(r->out.data, r->out.data + r->out_sent, r->out.len - r->out_sent);
    r->out.len -= r->out_sent;
    r->out_sent = 0;
}

/* Waits for the client until no more than queue_bytes are left. */
static enum http_io wait_for_room(struct http_request *r)
{
    while (response_unsent(r) > r->options->queue_bytes) {
        enum http_io waited = connection_wait(r->connection, POLLOUT, r->options->write_ns);
        if (waited != HTTP_IO_OK) {
            r->cut = true;
            return waited;
        }
        if (!response_push(r))
            return broken(r);
    }
    return HTTP_IO_OK;
}

/* Sends bytes of the body, framed as need be; queues what the socket does not take. */
static enum http_io send_bytes(struct http_request *r, struct str bytes)
{
    if (r->chunked)
        buf_printf(&r->out, "%zx\r\n", bytes.len);
    compact(r);
    ssize_t sent = push(r, bytes);
    if (sent < 0)
        return broken(r);
    buf_append_str(&r->out, str_skip(bytes, (size_t)sent));
    if (r->chunked)
        buf_append_str(&r->out, STR("\r\n"));
    if (r->out.failed)
        return broken(r);
    return wait_for_room(r);
}

static enum http_io write_body(struct http_exchange *x, struct str bytes)
{
    struct http_request *r = request_of(x);
    if (!x->head_sent || x->finished || r->cut)
        return HTTP_IO_CLOSED;
    if (r->has_length && !r->no_body) {
        if (bytes.len > r->length_left)
            return broken(r);
        r->length_left -= bytes.len;
    }
    if (r->no_body) {
        r->unsent_body += bytes.len;
        return HTTP_IO_OK;
    }
    if (!bytes.len)
        return HTTP_IO_OK;
    if (!r->framed) {
        if (r->out.len + bytes.len <= COLLECT) {
            buf_append_str(&r->out, bytes);
            return r->out.failed ? broken(r) : HTTP_IO_OK;
        }
        frame_collected(r);
    }
    return send_bytes(r, bytes);
}

static size_t write_room(struct http_exchange *x)
{
    struct http_request *r = request_of(x);
    if (r->cut)
        return r->options->queue_bytes; /* so that the guest writes, and learns of it */
    size_t unsent = response_unsent(r);
    if (unsent >= r->options->queue_bytes && r->framed) {
        if (!response_push(r))
            r->cut = true;
        unsent = response_unsent(r);
    }
    return unsent < r->options->queue_bytes ? r->options->queue_bytes - unsent : 0;
}

static enum http_io flush(struct http_exchange *x)
{
    struct http_request *r = request_of(x);
    if (!x->head_sent || x->finished)
        return HTTP_IO_OK;
    if (r->cut)
        return HTTP_IO_CLOSED;
    if (!r->framed)
        frame_collected(r);
    return response_push(r) ? HTTP_IO_OK : broken(r);
}

/* One plain send is cheaper than a gathering one by more than copying a short body costs. */
static void join_small(struct http_request *r)
{
    if (r->on_wire || r->out.len > SMALL_BODY)
        return;
    buf_append_str(&r->head, buf_str(&r->out));
    buf_clear(&r->out);
}

static enum http_io finish(struct http_exchange *x)
{
    struct http_request *r = request_of(x);
    if (!x->head_sent || x->finished || r->cut)
        return HTTP_IO_CLOSED;
    if (r->has_length && r->length_left && !r->no_body)
        return HTTP_IO_CLOSED;
    if (!r->framed) {
        uint64_t length = r->no_body ? r->unsent_body : r->out.len;
        frame(r, &length);
    }
    if (r->chunked)
        buf_append_str(&r->out, STR("0\r\n\r\n"));
    join_small(r);
    if (r->out.failed || r->head.failed || !response_push(r))
        return broken(r);
    x->finished = true;
    return HTTP_IO_OK;
}

void response_reject(struct http_exchange *x, unsigned status)
{
    struct http_request *r = request_of(x);
    x->head_sent = x->finished = true;
    if (r->on_wire) {
        r->cut = true;
        return;
    }
    r->cut = false;
    buf_clear(&r->head);
    buf_clear(&r->out);
    r->out_sent = r->head_sent = 0;
    r->has_length = r->has_date = r->chunked = false;
    r->status_sent = status;
    uint64_t none = 0;
    append_status_line(&r->head, status);
    frame(r, &none);
    if (!response_push(r))
        r->cut = true;
}

bool response_detach(struct http_request *r, struct http_connection *conn)
{
    conn->queue = BUF_INIT(SIZE_MAX / 2);
    conn->queue_sent = 0;
    if (r->head_sent == r->head.len) { /* the usual case: hand the memory over */
        conn->queue = r->out;
        conn->queue_sent = r->out_sent;
        r->out = BUF_INIT(SIZE_MAX / 2);
    } else {
        buf_append(&conn->queue, r->head.data + r->head_sent, r->head.len - r->head_sent);
        buf_append(&conn->queue, r->out.data + r->out_sent, r->out.len - r->out_sent);
    }
    return !conn->queue.failed;
}

const struct http_exchange_ops http_exchange_ops = {
    .read_body = exchange_read_body,
    .body_ready = exchange_body_ready,
    .send_head = send_head,
    .write_body = write_body,
    .write_room = write_room,
    .flush = flush,
    .finish = finish,
    .reject = response_reject,
};
