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
extern const char *const http_method_names[HTTP_METHOD_OTHER];

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

/* variant error-code, which only its description in Python understands: room for every payload */
struct http_error {
    _Alignas(8) uint8_t which;
    uint8_t payload[31];
};
enum { HTTP_ERROR_REQUEST_BODY_SIZE = 17 };

/* result<_, error-code> */
struct http_finish_result {
    uint8_t failed;
    struct http_error error;
};

/* result<own<T>, error-code> */
struct http_send_result {
    _Alignas(8) uint8_t failed;
    union {
        _Alignas(8) uint32_t handle;
        struct http_error error;
    };
};

/* option<result<result<own<incoming-response>, error-code>>> */
struct http_future_result {
    uint8_t present;
    _Alignas(8) uint8_t taken;
    struct http_send_result response;
};

/* option<error-code> */
struct http_optional_error {
    uint8_t present;
    struct http_error error;
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
    void (*outgoing_drop)(uint32_t body);
    void (*output_check)(uint32_t stream, uint32_t ret);
    void (*output_write)(uint32_t stream, uint32_t data, uint32_t len, uint32_t ret);
    void (*output_wait)(uint32_t stream); /* until it takes more */
    void (*output_drop)(uint32_t stream);

    uint32_t (*sent_new)(uint32_t fields); /* an outgoing-request */
    /* These return whether it is refused; options and variants are flat. */
    uint32_t (*sent_set_method)(uint32_t sent, uint32_t which, uint32_t other, uint32_t len);
    uint32_t (*sent_set_scheme)(
        uint32_t sent, uint32_t some, uint32_t which, uint32_t other, uint32_t len);
    uint32_t (*sent_set_authority)(uint32_t sent, uint32_t some, uint32_t text, uint32_t len);
    uint32_t (*sent_set_path)(uint32_t sent, uint32_t some, uint32_t text, uint32_t len);
    void (*sent_body)(uint32_t sent, uint32_t ret);
    void (*sent_drop)(uint32_t sent);
    void (*handle)(uint32_t sent, uint32_t ret); /* found by http_host_can_send */
    void (*future_wait)(uint32_t future);
    void (*future_get)(uint32_t future, uint32_t ret);
    void (*future_drop)(uint32_t future);
    uint32_t (*received_status)(uint32_t received); /* an incoming-response */
    uint32_t (*received_headers)(uint32_t received);
    void (*received_consume)(uint32_t received, uint32_t ret);
    void (*received_drop)(uint32_t received);
    void (*error_code)(uint32_t error, uint32_t ret);
    void (*error_drop)(uint32_t error);
};

extern const struct http_host http_host_wasi, http_host_stub;
/* The one in use. */
extern const struct http_host *http_host;
/*
 * Whether requests can be sent now: the component imports outgoing-handler, and the host is not the
 * builder's. False: a Python exception is set.
 */
bool http_host_can_send(void);

#endif
