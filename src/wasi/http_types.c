/* wasi:http/types: its functions are in http_fields.c, http_body.c, http_request.c,
 * http_response.c.
 */
#include "wasi/http_objects.h"

/*
 * Outgoing requests are refused by outgoing-handler, so no response or future of one ever exists,
 * and the guest cannot call these; the interface has them all the same.
 */

static enum wasm_trap_kind no_such_object(struct component_call *call)
{
    return component_trap(call, "no request was sent, so there is no such response");
}

static enum wasm_trap_kind incoming_response_status(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self, uint16_t *ret_result)
{
    (void)self;
    *ret_result = 0;
    return no_such_object(call);
}

static enum wasm_trap_kind incoming_response_headers(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self,
    struct wasi_http_types_fields_own *ret_result)
{
    (void)self;
    ret_result->object = NULL;
    return no_such_object(call);
}

static enum wasm_trap_kind incoming_response_consume(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self,
    struct wasi_http_types_result_own_incoming_body_void *ret_result)
{
    (void)self;
    ret_result->is_err = true;
    return no_such_object(call);
}

static void incoming_response_drop(void *host, struct wasi_http_types_incoming_response *object)
{
    (void)host;
    (void)object;
}

static enum wasm_trap_kind future_incoming_response_subscribe(struct component_call *call,
    struct wasi_http_types_future_incoming_response_borrow self,
    struct wasi_io_poll_pollable_own *ret_result)
{
    (void)self;
    ret_result->object = NULL;
    return no_such_object(call);
}

static enum wasm_trap_kind future_incoming_response_get(struct component_call *call,
    struct wasi_http_types_future_incoming_response_borrow self,
    struct wasi_http_types_option_result_result_own_incoming_response_error_code_void *ret_result)
{
    (void)self;
    ret_result->is_some = false;
    return no_such_object(call);
}

static void future_incoming_response_drop(
    void *host, struct wasi_http_types_future_incoming_response *object)
{
    (void)host;
    (void)object;
}

const struct wasi_http_types_functions wasi_http_types_functions = {
    .fields_constructor = fields_constructor,
    .fields_from_list = fields_from_list,
    .fields_get = fields_get,
    .fields_has = fields_has,
    .fields_set = fields_set,
    .fields_delete = fields_delete,
    .fields_append = fields_append,
    .fields_entries = fields_entries,
    .fields_clone = fields_clone,
    .fields_drop = fields_drop,
    .incoming_body_stream = incoming_body_stream,
    .incoming_body_drop = incoming_body_drop,
    .incoming_body_finish = incoming_body_finish,
    .future_trailers_subscribe = future_trailers_subscribe,
    .future_trailers_get = future_trailers_get,
    .future_trailers_drop = future_trailers_drop,
    .outgoing_body_write = outgoing_body_write,
    .outgoing_body_finish = outgoing_body_finish,
    .outgoing_body_drop = outgoing_body_drop,
    .incoming_request_method = incoming_request_method,
    .incoming_request_path_with_query = incoming_request_path_with_query,
    .incoming_request_scheme = incoming_request_scheme,
    .incoming_request_authority = incoming_request_authority,
    .incoming_request_headers = incoming_request_headers,
    .incoming_request_consume = incoming_request_consume,
    .incoming_request_drop = incoming_request_drop,
    .outgoing_request_constructor = outgoing_request_constructor,
    .outgoing_request_body = outgoing_request_body,
    .outgoing_request_method = outgoing_request_method,
    .outgoing_request_set_method = outgoing_request_set_method,
    .outgoing_request_path_with_query = outgoing_request_path_with_query,
    .outgoing_request_set_path_with_query = outgoing_request_set_path_with_query,
    .outgoing_request_scheme = outgoing_request_scheme,
    .outgoing_request_set_scheme = outgoing_request_set_scheme,
    .outgoing_request_authority = outgoing_request_authority,
    .outgoing_request_set_authority = outgoing_request_set_authority,
    .outgoing_request_headers = outgoing_request_headers,
    .outgoing_request_drop = outgoing_request_drop,
    .request_options_constructor = request_options_constructor,
    .request_options_drop = request_options_drop,
    .request_options_connect_timeout = request_options_connect_timeout,
    .request_options_set_connect_timeout = request_options_set_connect_timeout,
    .request_options_first_byte_timeout = request_options_first_byte_timeout,
    .request_options_set_first_byte_timeout = request_options_set_first_byte_timeout,
    .request_options_between_bytes_timeout = request_options_between_bytes_timeout,
    .request_options_set_between_bytes_timeout = request_options_set_between_bytes_timeout,
    .outgoing_response_constructor = outgoing_response_constructor,
    .outgoing_response_status_code = outgoing_response_status_code,
    .outgoing_response_set_status_code = outgoing_response_set_status_code,
    .outgoing_response_headers = outgoing_response_headers,
    .outgoing_response_body = outgoing_response_body,
    .outgoing_response_drop = outgoing_response_drop,
    .response_outparam_set = response_outparam_set,
    .response_outparam_drop = response_outparam_drop,
    .incoming_response_status = incoming_response_status,
    .incoming_response_headers = incoming_response_headers,
    .incoming_response_consume = incoming_response_consume,
    .incoming_response_drop = incoming_response_drop,
    .future_incoming_response_subscribe = future_incoming_response_subscribe,
    .future_incoming_response_get = future_incoming_response_get,
    .future_incoming_response_drop = future_incoming_response_drop,
    .http_error_code = http_error_code,
};
