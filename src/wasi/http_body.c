/* Bodies of wasi:http/types: incoming-body, future-trailers, outgoing-body, and their streams. */
#include "wasi/http_objects.h"

struct body_in {
    struct http_exchange *exchange; /* of the request that is answered, or NULL */
    struct outgoing *outgoing;      /* whose response's it is, or NULL; a reference */
    uint32_t references;
    struct str pending; /* read ahead by body_in_wait; the exchange's memory */
    enum http_io ended; /* HTTP_IO_OK while there may be more */
};

/* Incoming. */

struct body_in *body_in_new(struct wasi_context *context, struct http_exchange *x)
{
    struct body_in *body = wasi_new(context, struct body_in);
    if (body) {
        body->references = 1;
        body->exchange = x;
        body->ended = x->has_body ? HTTP_IO_OK : HTTP_IO_END;
    }
    return body;
}

struct body_in *body_in_new_outgoing(struct wasi_context *context, struct outgoing *outgoing)
{
    struct body_in *body = wasi_new(context, struct body_in);
    if (body) {
        body->references = 1;
        body->outgoing = outgoing_ref(outgoing);
    }
    return body;
}

bool body_in_is_of_client(const struct body_in *body)
{
    return body->exchange != NULL;
}

struct body_in *body_in_ref(struct body_in *body)
{
    body->references++;
    return body;
}

void body_in_unref(struct wasi_context *context, struct body_in *body)
{
    if (--body->references > 0)
        return;
    if (body->outgoing)
        outgoing_unref(context, body->outgoing);
    wasi_object_free(context, body, sizeof(*body));
}

bool body_in_ready(struct body_in *body)
{
    if (body->outgoing)
        return outgoing_body_ready(body->outgoing);
    return body->pending.len > 0 || body->ended != HTTP_IO_OK ||
           body->exchange->ops->body_ready(body->exchange);
}

void body_in_wait(struct wasi_context *context, struct body_in *body)
{
    if (body_in_ready(body))
        return;
    wasi_http_flush(context);
    enum http_io io = body->exchange->ops->read_body(body->exchange, WASI_SCRATCH, &body->pending);
    if (io != HTTP_IO_OK) {
        body->ended = io;
        body->pending = STR_EMPTY;
    }
}

static enum stream_status body_error(
    struct wasi_context *context, enum http_io io, struct wasi_io_error_error *ret_error)
{
    context->http_gone = true;
    *ret_error = (struct wasi_io_error_error){.domain = WASI_ERROR_BODY,
        .text = io == HTTP_IO_TIMEOUT ? "the client was too slow" : "the client went away",
        .io = io};
    return STREAM_FAILED;
}

static enum stream_status read_body(struct wasi_io_streams_input_stream *stream, size_t max,
    bool block, struct str *ret_bytes, struct wasi_io_error_error *ret_error)
{
    struct body_in *body = stream->body;
    if (body->outgoing)
        return outgoing_read(stream->context, body->outgoing, max, block, ret_bytes, ret_error);
    if (body->pending.len == 0 && body->ended == HTTP_IO_OK) {
        struct http_exchange *x = body->exchange;
        if (!x->ops->body_ready(x)) {
            if (!block)
                return STREAM_OK;
            wasi_http_flush(stream->context);
        }
        enum http_io io = x->ops->read_body(x, max, ret_bytes);
        if (likely(io == HTTP_IO_OK))
            return STREAM_OK;
        body->ended = io;
    }
    if (body->pending.len > 0) {
        size_t len = body->pending.len < max ? body->pending.len : max;
        *ret_bytes = str_make(body->pending.ptr, len);
        body->pending = str_skip(body->pending, len);
        return STREAM_OK;
    }
    *ret_bytes = STR_EMPTY;
    if (body->ended == HTTP_IO_END)
        return STREAM_CLOSED;
    return body_error(stream->context, body->ended, ret_error);
}

static void release_body_in(struct wasi_io_streams_input_stream *stream)
{
    body_in_unref(stream->context, stream->body);
}

const struct input_stream_ops body_input_ops = {.read = read_body, .release = release_body_in};

enum wasm_trap_kind incoming_body_stream(struct component_call *call,
    struct wasi_http_types_incoming_body_borrow self,
    struct wasi_http_types_result_own_input_stream_void *ret_result)
{
    struct wasi_http_types_incoming_body *object = self.object;
    ret_result->is_err = object->has_stream;
    if (object->has_stream)
        return WASM_TRAP_NONE;
    struct wasi_io_streams_input_stream *stream =
        input_stream_new(wasi_context_of(call), &body_input_ops);
    if (!stream)
        return wasi_no_memory(call);
    stream->body = body_in_ref(object->body);
    object->has_stream = true;
    ret_result->ok.object = stream;
    return WASM_TRAP_NONE;
}

void incoming_body_drop(void *host, struct wasi_http_types_incoming_body *object)
{
    body_in_unref(host, object->body);
    wasi_object_free(host, object, sizeof(*object));
}

enum wasm_trap_kind incoming_body_finish(struct component_call *call,
    struct wasi_http_types_incoming_body_own this,
    struct wasi_http_types_future_trailers_own *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    ret_result->object = wasi_new(context, struct wasi_http_types_future_trailers);
    if (!ret_result->object)
        return wasi_no_memory(call);
    incoming_body_drop(context, this.object);
    return WASM_TRAP_NONE;
}

/* Trailers are not handed on: a future-trailers is ready at once, with none. */

enum wasm_trap_kind future_trailers_subscribe(struct component_call *call,
    struct wasi_http_types_future_trailers_borrow self,
    struct wasi_io_poll_pollable_own *ret_result)
{
    (void)self;
    ret_result->object = pollable_new(wasi_context_of(call), POLLABLE_READY);
    return ret_result->object ? WASM_TRAP_NONE : wasi_no_memory(call);
}

enum wasm_trap_kind future_trailers_get(struct component_call *call,
    struct wasi_http_types_future_trailers_borrow self,
    struct wasi_http_types_option_result_result_option_own_fields_error_code_void *ret_result)
{
    (void)call;
    ret_result->is_some = true;
    ret_result->value.is_err = self.object->taken;
    ret_result->value.ok.is_err = false;
    ret_result->value.ok.ok.is_some = false;
    self.object->taken = true;
    return WASM_TRAP_NONE;
}

void future_trailers_drop(void *host, struct wasi_http_types_future_trailers *object)
{
    wasi_object_free(host, object, sizeof(*object));
}

/* Outgoing. */

struct body_out *body_out_new(struct wasi_context *context)
{
    struct body_out *body = wasi_new(context, struct body_out);
    if (body)
        body->references = 1;
    return body;
}

struct body_out *body_out_ref(struct body_out *body)
{
    body->references++;
    return body;
}

void body_out_unref(struct wasi_context *context, struct body_out *body)
{
    if (!body || --body->references > 0)
        return;
    if (body->outgoing) {
        if (!body->finished && !(body->has_length && body->written == body->length))
            outgoing_abort(body->outgoing);
        outgoing_unref(context, body->outgoing);
    }
    wasi_object_free(context, body->held, body->held_capacity);
    wasi_object_free(context, body, sizeof(*body));
}

static enum http_io send_bytes(
    struct wasi_context *context, struct body_out *body, struct str bytes)
{
    if (context->http_gone)
        return HTTP_IO_CLOSED;
    enum http_io io = body->exchange->ops->write_body(body->exchange, bytes);
    if (io != HTTP_IO_OK)
        context->http_gone = true;
    return io;
}

/* Keeps bytes until the response is set, or the request is handed over or complete. */
static bool hold(struct wasi_context *context, struct body_out *body, struct str bytes)
{
    size_t needed = body->held_len + bytes.len;
    if (needed > WASI_HELD_BYTES)
        return false;
    if (needed > body->held_capacity) {
        size_t capacity = body->held_capacity ? body->held_capacity * 2 : WASI_WRITE_PERMIT;
        while (capacity < needed)
            capacity *= 2;
        char *held = wasi_object_raw(context, capacity);
        if (!held)
            return false;
        if (body->held_len)
            memcpy(held, body->held, body->held_len);
        wasi_object_free(context, body->held, body->held_capacity);
        body->held = held;
        body->held_capacity = capacity;
    }
    memcpy(body->held + body->held_len, bytes.ptr, bytes.len);
    body->held_len = needed;
    return true;
}

static struct str held_bytes(const struct body_out *body)
{
    return str_make(body->held, body->held_len);
}

static void forget_held(struct wasi_context *context, struct body_out *body)
{
    wasi_object_free(context, body->held, body->held_capacity);
    body->held = NULL;
    body->held_len = body->held_capacity = 0;
}

struct outgoing *body_out_outgoing(const struct body_out *body)
{
    return body->outgoing;
}

bool body_out_attach_outgoing(
    struct wasi_context *context, struct body_out *body, struct outgoing *outgoing)
{
    body->outgoing = outgoing_ref(outgoing);
    if (outgoing->request && !client_request_write(outgoing->request, held_bytes(body)))
        return false;
    if (outgoing->request)
        forget_held(context, body);
    if (body->finished)
        body_out_finish(context, body);
    return true;
}

void body_out_attach(
    struct wasi_context *context, struct body_out *body, struct http_exchange *exchange)
{
    body->exchange = exchange;
    if (body->held_len)
        send_bytes(context, body, held_bytes(body));
    forget_held(context, body);
    if (body->finished)
        body_out_finish(context, body);
}

bool body_out_has_all(const struct wasi_context *context, const struct body_out *body)
{
    if (!body->has_length || body->written == body->length)
        return true;
    const struct http_exchange *x = context->exchange;
    return !body->of_request && body->written == 0 && x && str_equal(x->method, STR("HEAD"));
}

void body_out_finish(struct wasi_context *context, struct body_out *body)
{
    body->finished = true;
    if (body->outgoing) {
        outgoing_finish(context, body->outgoing, held_bytes(body));
        forget_held(context, body);
    }
    if (!body->exchange || context->http_gone)
        return;
    if (body->exchange->ops->finish(body->exchange) != HTTP_IO_OK)
        context->http_gone = true;
}

static enum stream_status write_body(struct wasi_io_streams_output_stream *stream, struct str bytes,
    struct wasi_io_error_error *ret_error)
{
    struct body_out *body = stream->body;
    struct wasi_context *context = stream->context;
    if (body->has_length && bytes.len > body->length - body->written) {
        *ret_error = (struct wasi_io_error_error){.domain = WASI_ERROR_BODY,
            .text = "more bytes than content-length says",
            .length_is_over = true,
            .of_request = body->of_request,
            .length = body->written + bytes.len};
        return STREAM_FAILED;
    }
    if (body->outgoing && body->outgoing->request) {
        enum stream_status status = outgoing_write(context, body->outgoing, bytes, ret_error);
        if (status != STREAM_OK)
            return status;
    } else if (body->exchange) {
        enum http_io io = send_bytes(context, body, bytes);
        if (io != HTTP_IO_OK)
            return body_error(context, io, ret_error);
    } else if (!hold(context, body, bytes)) {
        ret_error->text = body->of_request
                              ? "too many bytes for a request that is not under way yet"
                              : "too many bytes before the response is set";
        return STREAM_FAILED;
    }
    body->written += bytes.len;
    return STREAM_OK;
}

static enum stream_status flush_body(
    struct wasi_io_streams_output_stream *stream, struct wasi_io_error_error *ret_error)
{
    struct http_exchange *x = stream->body->exchange;
    if (stream->body->outgoing)
        outgoing_drive(stream->context);
    if (!x || !x->ops->flush || stream->context->http_gone)
        return STREAM_OK;
    enum http_io io = x->ops->flush(x);
    return io == HTTP_IO_OK ? STREAM_OK : body_error(stream->context, io, ret_error);
}

static void release_body_out(struct wasi_io_streams_output_stream *stream)
{
    stream->body->stream_alive = false;
    body_out_unref(stream->context, stream->body);
}

static uint64_t body_room(struct wasi_io_streams_output_stream *stream)
{
    struct outgoing *outgoing = stream->body->outgoing;
    return outgoing ? outgoing_room(outgoing) : WASI_WRITE_PERMIT;
}

static enum stream_status wait_for_room(
    struct wasi_io_streams_output_stream *stream, struct wasi_io_error_error *ret_error)
{
    struct outgoing *outgoing = stream->body->outgoing;
    return outgoing ? outgoing_wait_for_room(stream->context, outgoing, ret_error) : STREAM_OK;
}

const struct output_stream_ops body_output_ops = {.write = write_body,
    .flush = flush_body,
    .room = body_room,
    .wait = wait_for_room,
    .release = release_body_out};

enum wasm_trap_kind outgoing_message_body(struct component_call *call,
    const struct header_list *headers, bool of_request, struct body_out **body,
    struct wasi_http_types_result_own_outgoing_body_void *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    bool has_length;
    uint64_t length = 0;
    ret_result->is_err =
        *body != NULL || !header_list_content_length(headers, &has_length, &length);
    if (ret_result->is_err)
        return WASM_TRAP_NONE;
    struct wasi_http_types_outgoing_body *object =
        wasi_new(context, struct wasi_http_types_outgoing_body);
    *body = body_out_new(context);
    if (!object || !*body)
        return wasi_no_memory(call);
    (*body)->of_request = of_request;
    (*body)->has_length = has_length;
    (*body)->length = length;
    object->body = body_out_ref(*body);
    ret_result->ok.object = object;
    return WASM_TRAP_NONE;
}

enum wasm_trap_kind outgoing_body_write(struct component_call *call,
    struct wasi_http_types_outgoing_body_borrow self,
    struct wasi_http_types_result_own_output_stream_void *ret_result)
{
    struct body_out *body = self.object->body;
    ret_result->is_err = body->has_stream;
    if (body->has_stream)
        return WASM_TRAP_NONE;
    struct wasi_io_streams_output_stream *stream =
        output_stream_new(wasi_context_of(call), &body_output_ops);
    if (!stream)
        return wasi_no_memory(call);
    stream->body = body_out_ref(body);
    body->has_stream = body->stream_alive = true;
    ret_result->ok.object = stream;
    return WASM_TRAP_NONE;
}

/* HTTP-request-body-size or HTTP-response-body-size. */
static void length_error(
    bool of_request, uint64_t length, struct wasi_http_types_error_code *ret_error)
{
    const struct wasi_http_types_option_u64 size = {.is_some = true, .value = length};
    if (of_request) {
        ret_error->tag = WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_BODY_SIZE;
        ret_error->HTTP_request_body_size = size;
    } else {
        ret_error->tag = WASI_HTTP_TYPES_ERROR_CODE_HTTP_RESPONSE_BODY_SIZE;
        ret_error->HTTP_response_body_size = size;
    }
}

/* Trailers are accepted and not sent: HTTP/1.1 has them only for clients that ask. */
enum wasm_trap_kind outgoing_body_finish(struct component_call *call,
    struct wasi_http_types_outgoing_body_own this,
    struct wasi_http_types_option_own_fields trailers,
    struct wasi_http_types_result_void_error_code *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct body_out *body = this.object->body;
    if (body->stream_alive)
        return component_trap(call, "outgoing-body.finish while its output-stream is alive");
    if (trailers.is_some)
        fields_drop(context, trailers.value.object);
    ret_result->is_err = !body_out_has_all(context, body);
    if (ret_result->is_err)
        length_error(body->of_request, body->written, &ret_result->err);
    else
        body_out_finish(context, body);
    outgoing_body_drop(context, this.object);
    return WASM_TRAP_NONE;
}

void outgoing_body_drop(void *host, struct wasi_http_types_outgoing_body *object)
{
    body_out_unref(host, object->body);
    wasi_object_free(host, object, sizeof(*object));
}

enum wasm_trap_kind http_error_code(struct component_call *call,
    struct wasi_io_error_error_borrow err, struct wasi_http_types_option_error_code *ret_result)
{
    (void)call;
    const struct wasi_io_error_error *error = err.object;
    ret_result->is_some = error->domain == WASI_ERROR_BODY || error->domain == WASI_ERROR_HTTP;
    if (!ret_result->is_some)
        return WASM_TRAP_NONE;
    ret_result->value = (struct wasi_http_types_error_code){0};
    if (error->domain == WASI_ERROR_HTTP)
        ret_result->value.tag = (enum wasi_http_types_error_code_tag)error->http_code;
    else if (error->length_is_over)
        length_error(error->of_request, error->length, &ret_result->value);
    else if (error->io == HTTP_IO_TIMEOUT)
        ret_result->value.tag = WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_READ_TIMEOUT;
    else
        ret_result->value.tag = WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_TERMINATED;
    return WASM_TRAP_NONE;
}
