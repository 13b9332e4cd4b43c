/* wasi:http/outgoing-handler: says no, and tells whoever runs the application how to allow it. */
#include "wasi/http_objects.h"
#include "host/wasi_http_outgoing_handler.h"

static enum wasm_trap_kind handle(struct component_call *call,
    struct wasi_http_types_outgoing_request_own request,
    struct wasi_http_outgoing_handler_option_own_request_options options,
    struct wasi_http_outgoing_handler_result_own_future_incoming_response_error_code *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct str scheme, authority;
    struct str destination =
        outgoing_request_destination(context, request.object, &scheme, &authority);
    wasi_warn_denied(context, destination);
    outgoing_request_drop(context, request.object);
    if (options.is_some)
        request_options_drop(context, options.value.object);
    ret_result->is_err = true;
    ret_result->err.tag = WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_DENIED;
    return WASM_TRAP_NONE;
}

const struct wasi_http_outgoing_handler_functions wasi_http_outgoing_handler_functions = {
    .handle = handle};
