/*
 * The functions of wasi:http and wasi:io that a request uses, as a table: the host's own, or a
 * stand-in with which the request path is run before the memory is sealed.
 *
 * Results are written where `ret` points, in the layout of the canonical ABI.
 */
#ifndef GUEST_RUNTIME_HTTP_HOST_H
#define GUEST_RUNTIME_HTTP_HOST_H

#include "libc/host.h"

/* variant method: cases below HTTP_METHOD_OTHER have no payload */
enum { HTTP_METHOD_OTHER = 9 };

struct http_method {
    uint8_t which;
    struct host_list name; /* of HTTP_METHOD_OTHER; freed by the caller */
};

/* option<string> */
struct http_optional_text {
    uint8_t present;
    struct host_list text;
};

/* tuple<string, list<u8>> */
struct http_header {
    struct host_list name, value;
};

/* result<own<T>> and result<own<T>, E>: the error is not looked at */
struct http_handle_result {
    uint8_t failed;
    uint32_t handle;
};

/* result<u64, stream-error> */
struct http_size_result {
    uint8_t failed;
    union {
        uint64_t size;
        struct {
            uint8_t closed;
            uint32_t error;
        };
    };
};

/* result<_, error-code>, of which only `failed` is looked at: room for every payload */
struct http_finish_result {
    _Alignas(8) uint8_t failed;
    uint8_t error[63];
};

struct http_host {
    void (*environment)(uint32_t ret); /* list<tuple<string, string>> */

    void (*request_method)(uint32_t request, uint32_t ret);
    void (*request_path)(uint32_t request, uint32_t ret);
    uint32_t (*request_headers)(uint32_t request);
    void (*request_consume)(uint32_t request, uint32_t ret);
    void (*request_drop)(uint32_t request);
    void (*body_stream)(uint32_t body, uint32_t ret);
    void (*body_drop)(uint32_t body);
    void (*input_read)(uint32_t stream, uint64_t len, uint32_t ret); /* blocking */
    void (*input_drop)(uint32_t stream);

    void (*fields_entries)(uint32_t fields, uint32_t ret);
    void (*fields_from_list)(uint32_t entries, uint32_t count, uint32_t ret);
    void (*fields_drop)(uint32_t fields);

    uint32_t (*response_new)(uint32_t fields);
    uint32_t (*response_set_status)(uint32_t response, uint32_t status);
    void (*response_body)(uint32_t response, uint32_t ret);
    void (*response_drop)(uint32_t response);
    void (*outparam_set)(uint32_t outparam, uint32_t is_error, uint32_t response_or_code, uint32_t,
        uint64_t, uint32_t, uint32_t, uint32_t, uint32_t);
    void (*outgoing_write)(uint32_t body, uint32_t ret);
    void (*outgoing_finish)(uint32_t body, uint32_t has_trailers, uint32_t trailers, uint32_t ret);
    void (*output_check)(uint32_t stream, uint32_t ret);
    void (*output_write)(uint32_t stream, uint32_t data, uint32_t len, uint32_t ret);
    void (*output_wait)(uint32_t stream); /* until it takes more */
    void (*output_drop)(uint32_t stream);
};

extern const struct http_host http_host_wasi, http_host_stub;
/* The one in use. */
extern const struct http_host *http_host;

#endif
