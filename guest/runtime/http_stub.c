/*
 * A host that is not there: one request, always the same, whose response goes nowhere. It allocates
 * what a host would allocate, so that the request path is warmed as it will be used.
 */
#include <stdlib.h>
#include <string.h>

#include "http_host.h"

/* Blocks of cabi_realloc, like the host's. */
static struct host_list give(const void *data, size_t len)
{
    uint8_t *block = malloc(len + 1);
    if (block == NULL)
        return (struct host_list){0};
    memcpy(block, data, len);
    return (struct host_list){block, (uint32_t)len};
}

static struct host_list give_text(const char *text)
{
    return give(text, strlen(text));
}

#define RESULT(type, ret) ((type *)(uintptr_t)(ret))

static void no_environment(uint32_t ret)
{
    *RESULT(struct host_list, ret) = (struct host_list){0};
}

static void get(uint32_t request, uint32_t ret)
{
    (void)request;
    RESULT(struct http_method, ret)->which = 0;
}

static void path(uint32_t request, uint32_t ret)
{
    (void)request;
    *RESULT(struct http_optional_text, ret) = (struct http_optional_text){1, give_text("/hello")};
}

static uint32_t some_handle(uint32_t parent)
{
    return parent;
}

static void handle_result(uint32_t parent, uint32_t ret)
{
    *RESULT(struct http_handle_result, ret) = (struct http_handle_result){.handle = parent};
}

static void drop(uint32_t handle)
{
    (void)handle;
}

/* Every other body has a few bytes. */
static void read_body(uint32_t stream, uint64_t len, uint32_t ret)
{
    static uint32_t reads;
    struct host_stream_result *result = RESULT(struct host_stream_result, ret);
    (void)stream;
    (void)len;
    *result = (struct host_stream_result){.failed = 1};
    result->closed = 1;
    if (reads++ % 3 == 1)
        *result = (struct host_stream_result){.list = give_text("{\"a\":1}")};
}

static void entries(uint32_t fields, uint32_t ret)
{
    static const char *const texts[][2] = {
        {"host", "localhost:3000"},
        {"user-agent", "curl/8.0"},
        {"accept", "*/*"},
        {"spin-full-url", "http://localhost:3000/hello"},
        {"spin-path-info", "/hello"},
        {"spin-client-addr", "127.0.0.1:40000"},
    };
    enum { COUNT = sizeof texts / sizeof texts[0] };
    (void)fields;
    struct http_header headers[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        headers[i] = (struct http_header){give_text(texts[i][0]), give_text(texts[i][1])};
    struct host_list list = give(headers, sizeof headers);
    list.len = COUNT;
    *RESULT(struct host_list, ret) = list;
}

static void from_list(uint32_t list, uint32_t count, uint32_t ret)
{
    (void)count;
    handle_result(list, ret);
}

static uint32_t set_status(uint32_t response, uint32_t status)
{
    (void)response;
    (void)status;
    return 0;
}

static void set_outparam(uint32_t outparam, uint32_t is_error, uint32_t response_or_code,
    uint32_t a, uint64_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f)
{
    (void)outparam, (void)is_error, (void)response_or_code;
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
}

static void finish(uint32_t body, uint32_t has_trailers, uint32_t trailers, uint32_t ret)
{
    (void)has_trailers, (void)trailers;
    handle_result(body, ret);
}

static void check_output(uint32_t stream, uint32_t ret)
{
    (void)stream;
    *RESULT(struct http_size_result, ret) = (struct http_size_result){.size = 65536};
}

static void write_output(uint32_t stream, uint32_t data, uint32_t len, uint32_t ret)
{
    (void)data, (void)len;
    handle_result(stream, ret);
}

static uint32_t take_text(uint32_t sent, uint32_t some, uint32_t text, uint32_t len)
{
    (void)sent, (void)some, (void)text, (void)len;
    return 0;
}

static uint32_t take_scheme(
    uint32_t sent, uint32_t some, uint32_t which, uint32_t other, uint32_t len)
{
    (void)sent, (void)some, (void)which, (void)other, (void)len;
    return 0;
}

static void respond(uint32_t sent, uint32_t ret)
{
    *RESULT(struct http_send_result, ret) = (struct http_send_result){.handle = sent};
}

static void get_response(uint32_t future, uint32_t ret)
{
    struct http_future_result *result = RESULT(struct http_future_result, ret);
    *result = (struct http_future_result){.present = 1};
    result->response.handle = future;
}

static uint32_t ok_status(uint32_t received)
{
    (void)received;
    return 200;
}

static void no_error(uint32_t error, uint32_t ret)
{
    (void)error;
    RESULT(struct http_optional_error, ret)->present = 0;
}

const struct http_host http_host_stub = {
    .environment = no_environment,
    .request_method = get,
    .request_path = path,
    .request_headers = some_handle,
    .request_consume = handle_result,
    .request_drop = drop,
    .body_stream = handle_result,
    .body_drop = drop,
    .input_read = read_body,
    .input_drop = drop,
    .fields_entries = entries,
    .fields_from_list = from_list,
    .fields_drop = drop,
    .response_new = some_handle,
    .response_set_status = set_status,
    .response_body = handle_result,
    .response_drop = drop,
    .outparam_set = set_outparam,
    .outgoing_write = handle_result,
    .outgoing_finish = finish,
    .outgoing_drop = drop,
    .output_check = check_output,
    .output_write = write_output,
    .output_wait = drop,
    .output_drop = drop,
    .sent_new = some_handle,
    .sent_set_method = take_text,
    .sent_set_scheme = take_scheme,
    .sent_set_authority = take_text,
    .sent_set_path = take_text,
    .sent_body = handle_result,
    .sent_drop = drop,
    .handle = respond,
    .future_wait = drop,
    .future_get = get_response,
    .future_drop = drop,
    .received_status = ok_status,
    .received_headers = some_handle,
    .received_consume = handle_result,
    .received_drop = drop,
    .error_code = no_error,
    .error_drop = drop,
};
