/* response-outparam, outgoing-response, and what only an outgoing request could make. */
#include "wasi/http_objects.h"

enum wasm_trap_kind outgoing_response_constructor(struct component_call *call,
    struct wasi_http_types_fields_own headers,
    struct wasi_http_types_outgoing_response_own *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    ret_result->object = wasi_new(context, struct wasi_http_types_outgoing_response);
    if (!ret_result->object)
        return wasi_no_memory(call);
    ret_result->object->headers = fields_take(context, headers.object);
    ret_result->object->status = 200;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_response_status_code(struct component_call *call,
    struct wasi_http_types_outgoing_response_borrow self, uint16_t *ret_result)
{
    (void)call;
    *ret_result = self.object->status;
    return WASM_TRAP_NONE;
}

/* 1xx is no status of a final response. */
enum wasm_trap_kind outgoing_response_set_status_code(struct component_call *call,
    struct wasi_http_types_outgoing_response_borrow self, uint16_t status_code,
    struct wasi_http_types_result_void_void *ret_result)
{
    (void)call;
    ret_result->is_err = status_code < 200 || status_code > 999;
    if (!ret_result->is_err)
        self.object->status = status_code;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_response_headers(struct component_call *call,
    struct wasi_http_types_outgoing_response_borrow self,
    struct wasi_http_types_fields_own *ret_result)
{
    ret_result->object = fields_new(wasi_context_of(call), self.object->headers, true);
    return ret_result->object ? WASM_TRAP_NONE : wasi_no_memory(call);
}

enum wasm_trap_kind outgoing_response_body(struct component_call *call,
    struct wasi_http_types_outgoing_response_borrow self,
    struct wasi_http_types_result_own_outgoing_body_void *ret_result)
{
    return outgoing_message_body(call, self.object->headers, false, &self.object->body, ret_result);
}

void outgoing_response_drop(void *host, struct wasi_http_types_outgoing_response *object)
{
    header_list_unref(host, object->headers);
    body_out_unref(host, object->body);
    wasi_object_free(host, object, sizeof(*object));
}

/* A response without a body must not promise one. */
static bool make_empty_body(
    struct wasi_context *context, struct wasi_http_types_outgoing_response *response)
{
    struct body_out *body = body_out_new(context);
    if (!body)
        return false;
    response->body = body;
    body->finished =
        header_list_content_length(response->headers, &body->has_length, &body->length) &&
        body_out_has_all(context, body);
    return body->finished;
}

/* Sends the head of a response, whose ownership this takes. */
static void set_response(
    struct wasi_context *context, struct wasi_http_types_outgoing_response *response)
{
    struct http_exchange *x = context->exchange;
    const struct header_list *headers = response->headers;
    if (!response->body && !make_empty_body(context, response)) {
        context->http_state = WASI_HTTP_SET_ERROR;
        return;
    }
    context->http_state = WASI_HTTP_SET;
    context->reply = body_out_ref(response->body);
    if (x->ops->send_head(x, response->status, headers->items, headers->count) != HTTP_IO_OK)
        context->http_gone = true;
    body_out_attach(context, response->body, x);
}

enum wasm_trap_kind response_outparam_set(struct component_call *call,
    struct wasi_http_types_response_outparam_own param,
    struct wasi_http_types_result_own_outgoing_response_error_code response)
{
    struct wasi_context *context = wasi_context_of(call);
    if (context->http_state != WASI_HTTP_OPEN)
        return component_trap(call, "response-outparam.set when no response is expected");
    if (response.is_err) {
        context->http_state = WASI_HTTP_SET_ERROR;
    } else {
        set_response(context, response.ok.object);
        outgoing_response_drop(context, response.ok.object);
    }
    response_outparam_drop(context, param.object);
    return WASM_TRAP_NONE;
}

void response_outparam_drop(void *host, struct wasi_http_types_response_outparam *object)
{
    wasi_object_free(host, object, sizeof(*object));
}
