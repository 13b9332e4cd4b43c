#include "client/json_call.h"

#include "base/limits.h"

static struct client_request *start(
    struct client_session *session, const struct client_json_call *call)
{
    struct client_field fields[] = {
        {STR("content-type"), STR("application/json")},
        {STR("authorization"), call->authorization},
    };
    const struct client_head head = {
        .method = STR("POST"),
        .scheme = call->scheme,
        .host = call->host,
        .port = call->port,
        .path = call->path,
        .fields = fields,
        .field_count = call->authorization.len ? 2 : 1,
        .body = CLIENT_BODY_LENGTH,
        .length = call->body.len,
        .connect_ns = LIMIT_CONNECT_NS,
        .first_byte_ns = call->answer_ns,
        .between_ns = call->answer_ns,
    };
    return client_request_start(session, &head);
}

/* As much of the body as there is room for. */
static int write_some(struct client_request *request, const struct client_json_call *call,
    size_t *at, struct error *err)
{
    size_t len = client_request_room(request);
    if (*at == call->body.len)
        return 0;
    if (len > call->body.len - *at)
        len = call->body.len - *at;
    if (!client_request_write(request, str_make(call->body.ptr + *at, len)))
        return error_set(err, ERROR_MEMORY, "no memory for a request");
    *at += len;
    if (*at == call->body.len)
        client_request_finish(request);
    return 0;
}

static int read_some(struct client_request *request, struct buf *answer, struct error *err)
{
    struct str bytes = client_request_body(request);
    buf_append_str(answer, bytes);
    client_request_consume(request, bytes.len);
    if (answer->failed)
        return error_set(err, ERROR_LIMIT, "the answer is longer than %zu bytes", answer->max);
    return 0;
}

/* Between the waits: all that can be done. 1 when the answer is complete. */
static int advance(struct client_session *session, struct client_request *request,
    const struct client_json_call *call, size_t *at, struct buf *answer, struct error *err)
{
    if (write_some(request, call, at, err) < 0)
        return -1;
    client_session_drive(session);
    bool ended = client_request_ended(request);
    if (read_some(request, answer, err) < 0)
        return -1;
    if (client_request_failure(request) != CLIENT_OK)
        return error_set(err, ERROR_IO, "%s", client_request_reason(request));
    return ended;
}

static int run(struct client_session *session, struct client_request *request,
    const struct client_json_call *call, const struct client_wait *wait, struct buf *answer,
    struct error *err)
{
    size_t at = 0;
    int result;
    if (call->body.len == 0)
        client_request_finish(request);
    while ((result = advance(session, request, call, &at, answer, err)) == 0) {
        if (wait->deadline <= clock_monotonic_ns())
            return error_set(err, ERROR_TIMEOUT, "the request's time is over");
        client_session_wait(session, wait->deadline);
    }
    return result;
}

int client_json_call(struct client_pool *pool, const struct client_json_call *call,
    const struct client_wait *wait, unsigned *ret_status, struct buf *answer, struct error *err)
{
    struct buf origin = BUF_INIT(KIB);
    buf_printf(&origin, "%" STR_FMT "://%" STR_FMT ":%u", STR_ARG(call->scheme),
        STR_ARG(call->host), call->port);
    struct client_session *session = client_session_take(pool, buf_str(&origin));
    buf_release(&origin);
    struct client_request *request = session ? start(session, call) : NULL;
    int result = request ? 0 : error_set(err, ERROR_MEMORY, "no memory for a request");
    if (request) {
        if (wait->blocks)
            wait->blocks(wait->data);
        result = run(session, request, call, wait, answer, err);
        if (wait->resumes)
            wait->resumes(wait->data);
    }
    if (result >= 0)
        *ret_status = client_request_status(request);
    client_request_free(request);
    client_session_give(session);
    return result < 0 ? -1 : 0;
}
