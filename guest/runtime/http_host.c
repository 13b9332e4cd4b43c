#include "http_host.h"

#include "imports.h"

const struct http_host *http_host = &http_host_wasi;

const char *const http_method_names[HTTP_METHOD_OTHER] = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

/* Applications do without it, so that it is no import of this code. */
static struct import outgoing_handler;

bool http_host_can_send(void)
{
    static const char interface[] = "wasi:http/outgoing-handler@0.2.0", name[] = "handle";
    static bool found;
    if (!found && !import_find(interface, name, &outgoing_handler))
        return false;
    found = true;
    return http_host == &http_host_stub || import_allowed(&outgoing_handler, interface, name);
}

static void handle(uint32_t request, uint32_t ret)
{
    const uint64_t flat[] = {request, 0, 0, ret}; /* without options */
    import_call(&outgoing_handler, flat, NULL);
}

static void wait_and_drop(uint32_t pollable)
{
    import_wasi_io_poll_pollable_block(pollable);
    import_wasi_io_poll_pollable_drop(pollable);
}

static void wait_for_output(uint32_t stream)
{
    wait_and_drop(import_wasi_io_streams_output_stream_subscribe(stream));
}

static void wait_for_response(uint32_t future)
{
    wait_and_drop(import_wasi_http_types_future_incoming_response_subscribe(future));
}

const struct http_host http_host_wasi = {
    .environment = import_wasi_cli_environment_get_environment,
    .request_method = import_wasi_http_types_incoming_request_method,
    .request_path = import_wasi_http_types_incoming_request_path_with_query,
    .request_headers = import_wasi_http_types_incoming_request_headers,
    .request_consume = import_wasi_http_types_incoming_request_consume,
    .request_drop = import_wasi_http_types_incoming_request_drop,
    .body_stream = import_wasi_http_types_incoming_body_stream,
    .body_drop = import_wasi_http_types_incoming_body_drop,
    .input_read = import_wasi_io_streams_input_stream_blocking_read,
    .input_drop = import_wasi_io_streams_input_stream_drop,
    .fields_entries = import_wasi_http_types_fields_entries,
    .fields_from_list = import_wasi_http_types_fields_from_list,
    .fields_drop = import_wasi_http_types_fields_drop,
    .response_new = import_wasi_http_types_outgoing_response_constructor,
    .response_set_status = import_wasi_http_types_outgoing_response_set_status_code,
    .response_body = import_wasi_http_types_outgoing_response_body,
    .response_drop = import_wasi_http_types_outgoing_response_drop,
    .outparam_set = import_wasi_http_types_response_outparam_set,
    .outgoing_write = import_wasi_http_types_outgoing_body_write,
    .outgoing_finish = import_wasi_http_types_outgoing_body_finish,
    .outgoing_drop = import_wasi_http_types_outgoing_body_drop,
    .output_check = import_wasi_io_streams_output_stream_check_write,
    .output_write = import_wasi_io_streams_output_stream_write,
    .output_wait = wait_for_output,
    .output_drop = import_wasi_io_streams_output_stream_drop,
    .sent_new = import_wasi_http_types_outgoing_request_constructor,
    .sent_set_method = import_wasi_http_types_outgoing_request_set_method,
    .sent_set_scheme = import_wasi_http_types_outgoing_request_set_scheme,
    .sent_set_authority = import_wasi_http_types_outgoing_request_set_authority,
    .sent_set_path = import_wasi_http_types_outgoing_request_set_path_with_query,
    .sent_body = import_wasi_http_types_outgoing_request_body,
    .sent_drop = import_wasi_http_types_outgoing_request_drop,
    .handle = handle,
    .future_wait = wait_for_response,
    .future_get = import_wasi_http_types_future_incoming_response_get,
    .future_drop = import_wasi_http_types_future_incoming_response_drop,
    .received_status = import_wasi_http_types_incoming_response_status,
    .received_headers = import_wasi_http_types_incoming_response_headers,
    .received_consume = import_wasi_http_types_incoming_response_consume,
    .received_drop = import_wasi_http_types_incoming_response_drop,
    .error_code = import_wasi_http_types_http_error_code,
    .error_drop = import_wasi_io_error_error_drop,
};
