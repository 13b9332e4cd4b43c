#include "http_host.h"

const struct http_host *http_host = &http_host_wasi;

static void wait_for_output(uint32_t stream)
{
    uint32_t pollable = import_wasi_io_streams_output_stream_subscribe(stream);
    import_wasi_io_poll_pollable_block(pollable);
    import_wasi_io_poll_pollable_drop(pollable);
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
    .output_check = import_wasi_io_streams_output_stream_check_write,
    .output_write = import_wasi_io_streams_output_stream_write,
    .output_wait = wait_for_output,
    .output_drop = import_wasi_io_streams_output_stream_drop,
};
