/*
 * The objects behind wasi:http/types.
 *
 *     incoming-request ──> header_list <── fields (headers of the request; immutable)
 *            └─ consume ─> incoming-body ──> body_in <── input-stream, pollable
 *
 *     outgoing-response ─> header_list <── fields
 *            └─ body ────> outgoing-body ──> body_out <── output-stream
 *                                               └─ context->reply once the response is set
 *
 *     outgoing-request ── as outgoing-response, and when it is handed over:
 *            └─ handle ──> future-incoming-response ─> outgoing <── body_out
 *                              └─ get ─> incoming-response ─┘<── body_in
 *
 * header_list, body_in, body_out and outgoing are counted; everything else belongs to one handle.
 */
#ifndef SPINDLE_WASI_HTTP_OBJECTS_H
#define SPINDLE_WASI_HTTP_OBJECTS_H

#include "wasi/context.h"
#include "host/wasi_http_types.h"

/* Fields. */

/* Names in lower case. Text is in blocks of its own, unless `shared`: then it is the exchange's. */
struct header_list {
    struct http_field *items;
    uint32_t count, capacity;
    uint32_t references;
    uint32_t text_bytes; /* of all names and values, at most LIMIT_WASI_FIELDS */
    bool shared;
};

struct wasi_http_types_fields {
    struct header_list *list;
    bool immutable;
};

/* Empty. NULL as wasi_object. */
MUST_CHECK struct header_list *header_list_new(struct wasi_context *context);
struct header_list *header_list_ref(struct header_list *list);
void header_list_unref(struct wasi_context *context, struct header_list *list);
/* The request's fields without those that a guest must not see. NULL as wasi_object. */
MUST_CHECK struct header_list *header_list_of_exchange(
    struct wasi_context *context, const struct http_exchange *x);
/*
 * Adds a copy of a field, unless a guest must not see it. False as wasi_object, or when the list is
 * full.
 */
MUST_CHECK bool header_list_add(
    struct wasi_context *context, struct header_list *list, struct str name, struct str value);
/* A fields object that holds a new reference to the list. NULL as wasi_object. */
MUST_CHECK struct wasi_http_types_fields *fields_new(
    struct wasi_context *context, struct header_list *list, bool immutable);
/* Takes the list out of a fields object that the host owns, and frees the object. */
struct header_list *fields_take(
    struct wasi_context *context, struct wasi_http_types_fields *fields);
/*
 * The content-length among the fields. False when there are several or it is no number;
 * *ret_present is false when there is none.
 */
bool header_list_content_length(
    const struct header_list *list, bool *ret_present, uint64_t *ret_length);

/* Bodies. */

/* What the guest sends. Bytes written before the response is set are held. */
struct body_out {
    struct http_exchange *exchange; /* NULL until the response is set, and after the request */
    struct outgoing *outgoing;      /* NULL until the request is handed over; a reference */
    uint32_t references;
    bool of_request; /* of an outgoing request */
    bool has_length; /* content-length says `length` */
    bool has_stream, stream_alive, finished;
    uint64_t length, written;
    char *held;
    size_t held_len, held_capacity;
};

#define WASI_HELD_BYTES (8 * MIB)

MUST_CHECK struct body_out *body_out_new(struct wasi_context *context);
struct body_out *body_out_ref(struct body_out *body);
void body_out_unref(struct wasi_context *context, struct body_out *body);
/* The response is set and its head sent: what was held goes out. */
void body_out_attach(
    struct wasi_context *context, struct body_out *body, struct http_exchange *exchange);
/* Would the body be complete with what was written? HEAD responses have none. */
bool body_out_has_all(const struct wasi_context *context, const struct body_out *body);
/* Ends the body, and if it is attached the response. */
void body_out_finish(struct wasi_context *context, struct body_out *body);
/*
 * The outgoing request is under way: what was held goes out. False when there is no memory for it.
 */
MUST_CHECK bool body_out_attach_outgoing(
    struct wasi_context *context, struct body_out *body, struct outgoing *outgoing);
/* The request's body, at its beginning. */
MUST_CHECK struct body_in *body_in_new(struct wasi_context *context, struct http_exchange *x);
/* The body of the response to an outgoing request. */
MUST_CHECK struct body_in *body_in_new_outgoing(
    struct wasi_context *context, struct outgoing *outgoing);
/* The body's wrapper objects (http_body.c). */
struct wasi_http_types_incoming_body {
    struct body_in *body;
    bool has_stream;
};
struct wasi_http_types_outgoing_body {
    struct body_out *body;
};

/* Requests and responses. */

struct wasi_http_types_incoming_request {
    const struct http_exchange *exchange;
    struct header_list *headers; /* NULL until asked for */
    bool consumed;
};

struct wasi_http_types_response_outparam {
    struct wasi_context *context;
};

struct wasi_http_types_outgoing_response {
    struct header_list *headers;
    struct body_out *body; /* NULL until asked for */
    uint16_t status;
};

/* A text that the guest set; `len` bytes of its own block. */
struct owned_text {
    char *ptr;
    size_t len;
};

struct wasi_http_types_outgoing_request {
    struct header_list *headers;
    struct body_out *body;
    enum wasi_http_types_method_tag method;
    struct owned_text other_method;
    bool has_path, has_scheme, has_authority;
    struct owned_text path, authority, other_scheme;
    enum wasi_http_types_scheme_tag scheme;
};

struct wasi_http_types_request_options {
    struct wasi_http_types_option_u64 connect, first_byte, between_bytes;
};

/* There are no trailers. */
struct wasi_http_types_future_trailers {
    bool taken;
};

/*
 * An outgoing request under way. Either `request` (over the network), or `local` (answered within
 * the process), or neither: then it has failed from the start.
 */
struct outgoing {
    struct outgoing *previous, *next; /* in context->outgoing */
    uint32_t references;
    struct client_request *request;
    struct local_exchange *local;
    struct str component; /* that answers a local one; empty: the application */
    size_t taken;         /* bytes of the response's body that the guest has seen last */
    bool failed;
    struct wasi_http_types_error_code error; /* when `failed`, or the response is not complete */
};

struct wasi_http_types_future_incoming_response {
    struct outgoing *outgoing;
    bool taken;
};

struct wasi_http_types_incoming_response {
    struct outgoing *outgoing;
    struct header_list *headers; /* NULL until asked for */
    uint16_t status;
    bool consumed;
};

/* http_outgoing.c */

/* The answer to `get`: the failure if there is one. */
bool outgoing_failure(struct outgoing *outgoing, struct wasi_http_types_error_code *ret_error);
/* For the response's body: see input_stream_ops. */
enum stream_status outgoing_read(struct wasi_context *context, struct outgoing *outgoing,
    size_t max, bool block, struct str *ret_bytes, struct wasi_io_error_error *ret_error);
/* Would outgoing_read answer without waiting? */
bool outgoing_body_ready(const struct outgoing *outgoing);
/* For the request's body; a write may wait for room. */
uint64_t outgoing_room(const struct outgoing *outgoing);
enum stream_status outgoing_wait_for_room(struct wasi_context *context,
    const struct outgoing *outgoing, struct wasi_io_error_error *ret_error);
enum stream_status outgoing_write(struct wasi_context *context, struct outgoing *outgoing,
    struct str bytes, struct wasi_io_error_error *ret_error);
/* The body is complete. What was held of a local one is handed over; it is answered now. */
void outgoing_finish(struct wasi_context *context, struct outgoing *outgoing, struct str held);
/* The body will never be complete. */
void outgoing_abort(struct outgoing *outgoing);

/* http_local.c: a request that is answered within the process, all in memory. */

struct local_exchange;

/* `request` outlives it. NULL when its head is larger than LIMIT_LOCAL_HEAD. */
struct local_exchange *local_exchange_new(struct wasi_context *context,
    const struct wasi_http_types_outgoing_request *request, struct str authority);
/* Has it answered, on this thread, from the whole body. False: nobody can answer. */
bool local_exchange_run(struct wasi_context *context, struct local_exchange *local,
    struct str component, struct str body);
/* Takes NULL. */
void local_exchange_free(struct wasi_context *context, struct local_exchange *local);
/* More than LIMIT_LOCAL_DEPTH requests of the process have led to it. */
bool local_exchange_is_too_deep(const struct local_exchange *local);
bool local_exchange_is_done(const struct local_exchange *local);
/* The answer is longer than LIMIT_LOCAL_BODY or than LIMIT_LOCAL_BODIES allow, or was cut off. */
bool local_exchange_is_incomplete(const struct local_exchange *local);
unsigned local_exchange_status(const struct local_exchange *local);
const struct http_field *local_exchange_fields(
    const struct local_exchange *local, size_t *ret_count);
struct str local_exchange_body(const struct local_exchange *local);
/* The name of a method as it is sent. */
struct str outgoing_request_method_name(const struct wasi_http_types_outgoing_request *request);

/* Functions of the resources, by file; http_types.c puts them into the interface's struct. */

/* http_fields.c */
enum wasm_trap_kind fields_constructor(
    struct component_call *call, struct wasi_http_types_fields_own *ret_result);
enum wasm_trap_kind fields_from_list(struct component_call *call,
    struct wasi_http_types_list_tuple2_string_list_u8 entries,
    struct wasi_http_types_result_own_fields_header_error *ret_result);
enum wasm_trap_kind fields_get(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name,
    struct wasi_http_types_list_list_u8 *ret_result);
enum wasm_trap_kind fields_has(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name, bool *ret_result);
enum wasm_trap_kind fields_set(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name,
    struct wasi_http_types_list_list_u8 value,
    struct wasi_http_types_result_void_header_error *ret_result);
enum wasm_trap_kind fields_delete(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name,
    struct wasi_http_types_result_void_header_error *ret_result);
enum wasm_trap_kind fields_append(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct str name, struct str value,
    struct wasi_http_types_result_void_header_error *ret_result);
enum wasm_trap_kind fields_entries(struct component_call *call,
    struct wasi_http_types_fields_borrow self,
    struct wasi_http_types_list_tuple2_string_list_u8 *ret_result);
enum wasm_trap_kind fields_clone(struct component_call *call,
    struct wasi_http_types_fields_borrow self, struct wasi_http_types_fields_own *ret_result);
void fields_drop(void *host, struct wasi_http_types_fields *fields);

/* http_body.c */
enum wasm_trap_kind incoming_body_stream(struct component_call *call,
    struct wasi_http_types_incoming_body_borrow self,
    struct wasi_http_types_result_own_input_stream_void *ret_result);
void incoming_body_drop(void *host, struct wasi_http_types_incoming_body *object);
enum wasm_trap_kind incoming_body_finish(struct component_call *call,
    struct wasi_http_types_incoming_body_own this,
    struct wasi_http_types_future_trailers_own *ret_result);
enum wasm_trap_kind future_trailers_subscribe(struct component_call *call,
    struct wasi_http_types_future_trailers_borrow self,
    struct wasi_io_poll_pollable_own *ret_result);
enum wasm_trap_kind future_trailers_get(struct component_call *call,
    struct wasi_http_types_future_trailers_borrow self,
    struct wasi_http_types_option_result_result_option_own_fields_error_code_void *ret_result);
void future_trailers_drop(void *host, struct wasi_http_types_future_trailers *object);
/* The body object of a message with these fields, made once; of both outgoing messages. */
enum wasm_trap_kind outgoing_message_body(struct component_call *call,
    const struct header_list *headers, bool of_request, struct body_out **body,
    struct wasi_http_types_result_own_outgoing_body_void *ret_result);
enum wasm_trap_kind outgoing_body_write(struct component_call *call,
    struct wasi_http_types_outgoing_body_borrow self,
    struct wasi_http_types_result_own_output_stream_void *ret_result);
enum wasm_trap_kind outgoing_body_finish(struct component_call *call,
    struct wasi_http_types_outgoing_body_own this,
    struct wasi_http_types_option_own_fields trailers,
    struct wasi_http_types_result_void_error_code *ret_result);
void outgoing_body_drop(void *host, struct wasi_http_types_outgoing_body *object);
enum wasm_trap_kind http_error_code(struct component_call *call,
    struct wasi_io_error_error_borrow err, struct wasi_http_types_option_error_code *ret_result);

/* http_request.c */
enum wasm_trap_kind incoming_request_method(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self, struct wasi_http_types_method *ret_result);
enum wasm_trap_kind incoming_request_path_with_query(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_option_string *ret_result);
enum wasm_trap_kind incoming_request_scheme(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_option_scheme *ret_result);
enum wasm_trap_kind incoming_request_authority(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_option_string *ret_result);
enum wasm_trap_kind incoming_request_headers(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_fields_own *ret_result);
enum wasm_trap_kind incoming_request_consume(struct component_call *call,
    struct wasi_http_types_incoming_request_borrow self,
    struct wasi_http_types_result_own_incoming_body_void *ret_result);
void incoming_request_drop(void *host, struct wasi_http_types_incoming_request *object);
enum wasm_trap_kind outgoing_request_constructor(struct component_call *call,
    struct wasi_http_types_fields_own headers,
    struct wasi_http_types_outgoing_request_own *ret_result);
enum wasm_trap_kind outgoing_request_body(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_result_own_outgoing_body_void *ret_result);
enum wasm_trap_kind outgoing_request_method(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self, struct wasi_http_types_method *ret_result);
enum wasm_trap_kind outgoing_request_set_method(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self, struct wasi_http_types_method method,
    struct wasi_http_types_result_void_void *ret_result);
enum wasm_trap_kind outgoing_request_path_with_query(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_string *ret_result);
enum wasm_trap_kind outgoing_request_set_path_with_query(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_string path_with_query,
    struct wasi_http_types_result_void_void *ret_result);
enum wasm_trap_kind outgoing_request_scheme(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_scheme *ret_result);
enum wasm_trap_kind outgoing_request_set_scheme(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_scheme scheme,
    struct wasi_http_types_result_void_void *ret_result);
enum wasm_trap_kind outgoing_request_authority(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_string *ret_result);
enum wasm_trap_kind outgoing_request_set_authority(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_option_string authority,
    struct wasi_http_types_result_void_void *ret_result);
enum wasm_trap_kind outgoing_request_headers(struct component_call *call,
    struct wasi_http_types_outgoing_request_borrow self,
    struct wasi_http_types_fields_own *ret_result);
void outgoing_request_drop(void *host, struct wasi_http_types_outgoing_request *object);
/* "scheme://authority", a wasi_temporary; empty when out of memory. */
struct str outgoing_request_destination(struct wasi_context *context,
    const struct wasi_http_types_outgoing_request *request, struct str *ret_scheme,
    struct str *ret_authority);
enum wasm_trap_kind request_options_constructor(
    struct component_call *call, struct wasi_http_types_request_options_own *ret_result);
void request_options_drop(void *host, struct wasi_http_types_request_options *object);
enum wasm_trap_kind request_options_connect_timeout(struct component_call *call,
    struct wasi_http_types_request_options_borrow self,
    struct wasi_http_types_option_u64 *ret_result);
enum wasm_trap_kind request_options_set_connect_timeout(struct component_call *call,
    struct wasi_http_types_request_options_borrow self, struct wasi_http_types_option_u64 duration,
    struct wasi_http_types_result_void_void *ret_result);
enum wasm_trap_kind request_options_first_byte_timeout(struct component_call *call,
    struct wasi_http_types_request_options_borrow self,
    struct wasi_http_types_option_u64 *ret_result);
enum wasm_trap_kind request_options_set_first_byte_timeout(struct component_call *call,
    struct wasi_http_types_request_options_borrow self, struct wasi_http_types_option_u64 duration,
    struct wasi_http_types_result_void_void *ret_result);
enum wasm_trap_kind request_options_between_bytes_timeout(struct component_call *call,
    struct wasi_http_types_request_options_borrow self,
    struct wasi_http_types_option_u64 *ret_result);
enum wasm_trap_kind request_options_set_between_bytes_timeout(struct component_call *call,
    struct wasi_http_types_request_options_borrow self, struct wasi_http_types_option_u64 duration,
    struct wasi_http_types_result_void_void *ret_result);

/* http_response.c */
enum wasm_trap_kind outgoing_response_constructor(struct component_call *call,
    struct wasi_http_types_fields_own headers,
    struct wasi_http_types_outgoing_response_own *ret_result);
enum wasm_trap_kind outgoing_response_status_code(struct component_call *call,
    struct wasi_http_types_outgoing_response_borrow self, uint16_t *ret_result);
enum wasm_trap_kind outgoing_response_set_status_code(struct component_call *call,
    struct wasi_http_types_outgoing_response_borrow self, uint16_t status_code,
    struct wasi_http_types_result_void_void *ret_result);
enum wasm_trap_kind outgoing_response_headers(struct component_call *call,
    struct wasi_http_types_outgoing_response_borrow self,
    struct wasi_http_types_fields_own *ret_result);
enum wasm_trap_kind outgoing_response_body(struct component_call *call,
    struct wasi_http_types_outgoing_response_borrow self,
    struct wasi_http_types_result_own_outgoing_body_void *ret_result);
void outgoing_response_drop(void *host, struct wasi_http_types_outgoing_response *object);
enum wasm_trap_kind response_outparam_set(struct component_call *call,
    struct wasi_http_types_response_outparam_own param,
    struct wasi_http_types_result_own_outgoing_response_error_code response);
void response_outparam_drop(void *host, struct wasi_http_types_response_outparam *object);

/* http_future.c */
enum wasm_trap_kind incoming_response_status(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self, uint16_t *ret_result);
enum wasm_trap_kind incoming_response_headers(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self,
    struct wasi_http_types_fields_own *ret_result);
enum wasm_trap_kind incoming_response_consume(struct component_call *call,
    struct wasi_http_types_incoming_response_borrow self,
    struct wasi_http_types_result_own_incoming_body_void *ret_result);
void incoming_response_drop(void *host, struct wasi_http_types_incoming_response *object);
enum wasm_trap_kind future_incoming_response_subscribe(struct component_call *call,
    struct wasi_http_types_future_incoming_response_borrow self,
    struct wasi_io_poll_pollable_own *ret_result);
enum wasm_trap_kind future_incoming_response_get(struct component_call *call,
    struct wasi_http_types_future_incoming_response_borrow self,
    struct wasi_http_types_option_result_result_own_incoming_response_error_code_void *ret_result);
void future_incoming_response_drop(
    void *host, struct wasi_http_types_future_incoming_response *object);

#endif
