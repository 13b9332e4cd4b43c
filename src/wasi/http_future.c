/* future-incoming-response and incoming-response of wasi:http/types. */
#include "wasi/http_objects.h"

enum wasm_trap_kind future_incoming_response_subscribe(struct component_call *call,
    struct wasi_http_types_future_incoming_response_borrow self,
    struct wasi_io_poll_pollable_own *ret_result)
{
    ret_result->object = pollable_new(wasi_context_of(call), POLLABLE_RESPONSE);
    if (!ret_result->object)
        return wasi_no_memory(call);
    ret_result->object->outgoing = outgoing_ref(self.object->outgoing);
    return WASM_TRAP_NONE;
}

static unsigned status_of(const struct outgoing *outgoing)
{
    return outgoing->local ? local_exchange_status(outgoing->local)
                           : client_request_status(outgoing->request);
}

enum wasm_trap_kind future_incoming_response_get(struct component_call *call,
    struct wasi_http_types_future_incoming_response_borrow self,
    struct wasi_http_types_option_result_result_own_incoming_response_error_code_void *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct wasi_http_types_future_incoming_response *future = self.object;
    struct outgoing *outgoing = future->outgoing;
    if (!outgoing_has_response(outgoing))
        outgoing_drive(context);
    ret_result->is_some = outgoing_has_response(outgoing);
    if (!ret_result->is_some)
        return WASM_TRAP_NONE;
    ret_result->value.is_err = future->taken;
    if (future->taken)
        return WASM_TRAP_NONE;
    future->taken = true;
    ret_result->value.ok.is_err = outgoing_failure(outgoing, &ret_result->value.ok.err);
    if (ret_result->value.ok.is_err)
        return WASM_TRAP_NONE;
    struct wasi_http_types_incoming_response *response =
        wasi_new(context, struct wasi_http_types_incoming_response);
    if (!response)
        return wasi_no_memory(call);
    response->outgoing = outgoing_ref(outgoing);
    response->status = (uint16_t)status_of(outgoing);
    ret_result->value.ok.ok.object = response;
    return WASM_TRAP_NONE;
}

void future_incoming_response_drop(
    void *host, struct wasi_http_types_future_incoming_response *object)
{
    outgoing_unref(host, object->outgoing);
    wasi_object_free(host, object, sizeof(*object));
}

enum wasm_trap_kind incoming_response_status(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self, uint16_t *ret_result)
{
    (void)call;
    *ret_result = self.object->status;
    return WASM_TRAP_NONE;
}

static bool add_local_fields(
    struct wasi_context *context, struct header_list *list, const struct local_exchange *local)
{
    size_t count;
    const struct http_field *fields = local_exchange_fields(local, &count);
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = header_list_add(context, list, fields[i].name, fields[i].value);
    return good;
}

static bool add_network_fields(
    struct wasi_context *context, struct header_list *list, const struct client_request *request)
{
    size_t at = 0;
    struct client_field field;
    bool good = true;
    while (good && client_request_next_field(request, &at, &field))
        good = header_list_add(context, list, field.name, field.value);
    return good;
}

static struct header_list *make_headers(
    struct wasi_context *context, const struct outgoing *outgoing)
{
    struct header_list *list = header_list_new(context);
    if (!list)
        return NULL;
    bool good = outgoing->local ? add_local_fields(context, list, outgoing->local)
                                : add_network_fields(context, list, outgoing->request);
    return good ? list : NULL;
}

enum wasm_trap_kind incoming_response_headers(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self,
    struct wasi_http_types_fields_own *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct wasi_http_types_incoming_response *response = self.object;
    if (!response->headers)
        response->headers = make_headers(context, response->outgoing);
    ret_result->object = response->headers ? fields_new(context, response->headers, true) : NULL;
    return ret_result->object ? WASM_TRAP_NONE : wasi_no_memory(call);
}

enum wasm_trap_kind incoming_response_consume(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self,
    struct wasi_http_types_result_own_incoming_body_void *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct wasi_http_types_incoming_response *response = self.object;
    ret_result->is_err = response->consumed;
    if (response->consumed)
        return WASM_TRAP_NONE;
    struct wasi_http_types_incoming_body *object =
        wasi_new(context, struct wasi_http_types_incoming_body);
    struct body_in *body = body_in_new_outgoing(context, response->outgoing);
    if (!object || !body)
        return wasi_no_memory(call);
    object->body = body;
    response->consumed = true;
    ret_result->ok.object = object;
    return WASM_TRAP_NONE;
}

void incoming_response_drop(void *host, struct wasi_http_types_incoming_response *object)
{
    header_list_unref(host, object->headers);
    outgoing_unref(host, object->outgoing);
    wasi_object_free(host, object, sizeof(*object));
}
