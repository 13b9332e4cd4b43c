/* One request of wasi:http/incoming-handler: from the exchange to handles, and its end. */
#include "base/utf8.h"
#include "wasi/http_objects.h"

/* What becomes a string in the guest must be UTF-8; field values are bytes. */
static int check_head(const struct http_exchange *x, struct error *err)
{
    bool valid = utf8_valid(x->method) && utf8_valid(x->path) && utf8_valid(x->authority) &&
                 utf8_valid(x->scheme);
    for (size_t i = 0; i < x->field_count && valid; i++)
        valid = utf8_valid(x->fields[i].name);
    return valid ? 0 : error_set(err, ERROR_INVALID, "the request's head is not UTF-8");
}

int wasi_http_begin(struct wasi_context *context, struct http_exchange *x,
    struct component_instance *instance, uint32_t *ret_request, uint32_t *ret_response_out,
    struct error *err)
{
    if (check_head(x, err) < 0)
        return -1;
    struct wasi_http_types_incoming_request *request =
        wasi_new(context, struct wasi_http_types_incoming_request);
    struct wasi_http_types_response_outparam *out =
        wasi_new(context, struct wasi_http_types_response_outparam);
    if (!request || !out)
        return error_set(err, ERROR_MEMORY, "no memory for a request");
    request->exchange = x;
    if (component_instance_give(
            instance, &wasi_http_types_incoming_request_resource, request, ret_request) < 0 ||
        component_instance_give(
            instance, &wasi_http_types_response_outparam_resource, out, ret_response_out) < 0)
        return error_set(err, ERROR_LIMIT, "the instance takes no more handles");
    context->exchange = x;
    context->http_state = WASI_HTTP_OPEN;
    context->http_gone = false;
    return 0;
}

void wasi_http_flush(struct wasi_context *context)
{
    struct http_exchange *x = context->exchange;
    if (context->http_state != WASI_HTTP_SET || context->http_gone || !x->ops->flush)
        return;
    if (x->ops->flush(x) != HTTP_IO_OK)
        context->http_gone = true;
}

/* After the response's head is out. */
static enum wasi_http_outcome end_body(struct wasi_context *context)
{
    struct body_out *body = context->reply;
    /* content-length was fulfilled without `finish`: the client has everything. */
    if (!body->finished && body->has_length && body_out_has_all(context, body))
        body_out_finish(context, body);
    if (context->http_gone)
        return WASI_HTTP_GONE;
    return body->finished ? WASI_HTTP_ANSWERED : WASI_HTTP_CUT;
}

enum wasi_http_outcome wasi_http_end(struct wasi_context *context)
{
    enum wasi_http_outcome outcome = WASI_HTTP_NO_RESPONSE;
    if (context->http_state == WASI_HTTP_SET) {
        outcome = end_body(context);
        context->reply->exchange = NULL;
        body_out_unref(context, context->reply);
        context->reply = NULL;
    } else if (context->http_gone) {
        outcome = WASI_HTTP_GONE;
    } else if (context->http_state == WASI_HTTP_SET_ERROR) {
        outcome = WASI_HTTP_ERROR;
    }
    context->http_state = WASI_HTTP_IDLE;
    context->exchange = NULL;
    return outcome;
}
