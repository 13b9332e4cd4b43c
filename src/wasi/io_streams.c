/* wasi:io/streams: the rules common to all streams; what is behind one is in its ops. */
#include "wasi/context.h"

#define WRITE_AND_FLUSH_BYTES 4096 /* the most that one blocking-write-and-flush takes */

struct wasi_io_streams_input_stream *input_stream_new(
    struct wasi_context *context, const struct input_stream_ops *ops)
{
    struct wasi_io_streams_input_stream *stream =
        wasi_new(context, struct wasi_io_streams_input_stream);
    if (stream) {
        stream->context = context;
        stream->ops = ops;
    }
    return stream;
}

struct wasi_io_streams_output_stream *output_stream_new(
    struct wasi_context *context, const struct output_stream_ops *ops)
{
    struct wasi_io_streams_output_stream *stream =
        wasi_new(context, struct wasi_io_streams_output_stream);
    if (stream) {
        stream->context = context;
        stream->ops = ops;
    }
    return stream;
}

/* Turns a status that is not STREAM_OK into the variant. After it the stream is closed. */
static enum wasm_trap_kind make_error(struct component_call *call, enum stream_status status,
    const struct wasi_io_error_error *error, bool *closed,
    struct wasi_io_streams_stream_error *ret_error)
{
    *closed = true;
    ret_error->tag = WASI_IO_STREAMS_STREAM_ERROR_CLOSED;
    if (status == STREAM_CLOSED)
        return WASM_TRAP_NONE;
    struct wasi_io_error_error *object =
        wasi_new(wasi_context_of(call), struct wasi_io_error_error);
    if (!object)
        return wasi_no_memory(call);
    *object = *error;
    ret_error->tag = WASI_IO_STREAMS_STREAM_ERROR_LAST_OPERATION_FAILED;
    ret_error->last_operation_failed.object = object;
    return WASM_TRAP_NONE;
}

/* Input. */

static enum stream_status read_stream(struct wasi_io_streams_input_stream *stream, uint64_t len,
    bool block, struct str *ret_bytes, struct wasi_io_error_error *ret_error)
{
    *ret_bytes = STR_EMPTY;
    if (stream->closed || !stream->ops)
        return STREAM_CLOSED;
    if (len == 0)
        return STREAM_OK;
    size_t max = len < WASI_SCRATCH ? (size_t)len : WASI_SCRATCH;
    return stream->ops->read(stream, max, block, ret_bytes, ret_error);
}

static enum wasm_trap_kind read_common(struct component_call *call,
    struct wasi_io_streams_input_stream *stream, uint64_t len, bool block,
    struct wasi_io_streams_result_list_u8_stream_error *ret_result)
{
    struct wasi_io_error_error error = {0};
    enum stream_status status = read_stream(stream, len, block, &ret_result->ok, &error);
    ret_result->is_err = status != STREAM_OK;
    if (likely(status == STREAM_OK))
        return WASM_TRAP_NONE;
    return make_error(call, status, &error, &stream->closed, &ret_result->err);
}

static enum wasm_trap_kind input_stream_read(struct component_call *call,
    struct wasi_io_streams_input_stream_borrow self, uint64_t len,
    struct wasi_io_streams_result_list_u8_stream_error *ret_result)
{
    return read_common(call, self.object, len, false, ret_result);
}

static enum wasm_trap_kind input_stream_blocking_read(struct component_call *call,
    struct wasi_io_streams_input_stream_borrow self, uint64_t len,
    struct wasi_io_streams_result_list_u8_stream_error *ret_result)
{
    return read_common(call, self.object, len, true, ret_result);
}

static enum wasm_trap_kind skip_common(struct component_call *call,
    struct wasi_io_streams_input_stream *stream, uint64_t len, bool block,
    struct wasi_io_streams_result_u64_stream_error *ret_result)
{
    struct wasi_io_error_error error = {0};
    struct str bytes;
    enum stream_status status = read_stream(stream, len, block, &bytes, &error);
    ret_result->is_err = status != STREAM_OK;
    if (status != STREAM_OK)
        return make_error(call, status, &error, &stream->closed, &ret_result->err);
    ret_result->ok = bytes.len;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind input_stream_skip(struct component_call *call,
    struct wasi_io_streams_input_stream_borrow self, uint64_t len,
    struct wasi_io_streams_result_u64_stream_error *ret_result)
{
    return skip_common(call, self.object, len, false, ret_result);
}

static enum wasm_trap_kind input_stream_blocking_skip(struct component_call *call,
    struct wasi_io_streams_input_stream_borrow self, uint64_t len,
    struct wasi_io_streams_result_u64_stream_error *ret_result)
{
    return skip_common(call, self.object, len, true, ret_result);
}

static enum wasm_trap_kind input_stream_subscribe(struct component_call *call,
    struct wasi_io_streams_input_stream_borrow self, struct wasi_io_poll_pollable_own *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    const struct wasi_io_streams_input_stream *stream = self.object;
    bool waits = stream->ops == &body_input_ops && !stream->closed;
    ret_result->object = pollable_new(context, waits ? POLLABLE_BODY : POLLABLE_READY);
    if (!ret_result->object)
        return wasi_no_memory(call);
    if (waits)
        ret_result->object->body = body_in_ref(stream->body);
    return WASM_TRAP_NONE;
}

static void input_stream_drop(void *host, struct wasi_io_streams_input_stream *stream)
{
    if (stream->ops)
        stream->ops->release(stream);
    wasi_object_free(host, stream, sizeof(*stream));
}

/* Output. */

static uint64_t stream_room(struct wasi_io_streams_output_stream *stream)
{
    return stream->ops->room ? stream->ops->room(stream) : WASI_WRITE_PERMIT;
}

static enum wasm_trap_kind output_stream_check_write(struct component_call *call,
    struct wasi_io_streams_output_stream_borrow self,
    struct wasi_io_streams_result_u64_stream_error *ret_result)
{
    struct wasi_io_streams_output_stream *stream = self.object;
    ret_result->is_err = stream->closed;
    if (stream->closed)
        return make_error(call, STREAM_CLOSED, NULL, &stream->closed, &ret_result->err);
    stream->permit = stream_room(stream);
    ret_result->ok = stream->permit;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind finish_output(struct component_call *call,
    struct wasi_io_streams_output_stream *stream, enum stream_status status,
    const struct wasi_io_error_error *error,
    struct wasi_io_streams_result_void_stream_error *ret_result)
{
    ret_result->is_err = status != STREAM_OK;
    if (likely(status == STREAM_OK))
        return WASM_TRAP_NONE;
    return make_error(call, status, error, &stream->closed, &ret_result->err);
}

static enum stream_status flush_stream(
    struct wasi_io_streams_output_stream *stream, struct wasi_io_error_error *error)
{
    if (stream->closed)
        return STREAM_CLOSED;
    return stream->ops->flush ? stream->ops->flush(stream, error) : STREAM_OK;
}

static enum wasm_trap_kind write_common(struct component_call *call,
    struct wasi_io_streams_output_stream *stream, struct str bytes, bool flush,
    struct wasi_io_streams_result_void_stream_error *ret_result)
{
    struct wasi_io_error_error error = {0};
    enum stream_status status = STREAM_CLOSED;
    if (!stream->closed)
        status = bytes.len ? stream->ops->write(stream, bytes, &error) : STREAM_OK;
    if (status == STREAM_OK && flush)
        status = flush_stream(stream, &error);
    return finish_output(call, stream, status, &error, ret_result);
}

/* Takes from what the last check-write allowed. */
static enum wasm_trap_kind use_permit(
    struct component_call *call, struct wasi_io_streams_output_stream *stream, uint64_t len)
{
    if (len > stream->permit && !stream->closed)
        return component_trap(call, "write of %llu bytes, where check-write allowed %llu",
            (unsigned long long)len, (unsigned long long)stream->permit);
    stream->permit -= len < stream->permit ? len : stream->permit;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind output_stream_write(struct component_call *call,
    struct wasi_io_streams_output_stream_borrow self, struct str contents,
    struct wasi_io_streams_result_void_stream_error *ret_result)
{
    enum wasm_trap_kind trap = use_permit(call, self.object, contents.len);
    if (trap != WASM_TRAP_NONE)
        return trap;
    return write_common(call, self.object, contents, false, ret_result);
}

static enum wasm_trap_kind output_stream_blocking_write_and_flush(struct component_call *call,
    struct wasi_io_streams_output_stream_borrow self, struct str contents,
    struct wasi_io_streams_result_void_stream_error *ret_result)
{
    if (contents.len > WRITE_AND_FLUSH_BYTES)
        return component_trap(call, "blocking-write-and-flush of %zu bytes, above %u", contents.len,
            WRITE_AND_FLUSH_BYTES);
    return write_common(call, self.object, contents, true, ret_result);
}

static enum wasm_trap_kind output_stream_flush(struct component_call *call,
    struct wasi_io_streams_output_stream_borrow self,
    struct wasi_io_streams_result_void_stream_error *ret_result)
{
    struct wasi_io_error_error error = {0};
    return finish_output(call, self.object, flush_stream(self.object, &error), &error, ret_result);
}

static enum wasm_trap_kind output_stream_subscribe(struct component_call *call,
    struct wasi_io_streams_output_stream_borrow self, struct wasi_io_poll_pollable_own *ret_result)
{
    const struct wasi_io_streams_output_stream *stream = self.object;
    struct outgoing *outgoing =
        stream->ops == &body_output_ops ? body_out_outgoing(stream->body) : NULL;
    bool waits = outgoing && !stream->closed;
    ret_result->object =
        pollable_new(wasi_context_of(call), waits ? POLLABLE_UPLOAD : POLLABLE_READY);
    if (!ret_result->object)
        return wasi_no_memory(call);
    if (waits)
        ret_result->object->outgoing = outgoing_ref(outgoing);
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind write_zeroes(struct component_call *call,
    struct wasi_io_streams_output_stream *stream, uint64_t len, bool flush,
    struct wasi_io_streams_result_void_stream_error *ret_result)
{
    static const char zeroes[4096];
    ret_result->is_err = false;
    while (len > 0 && !ret_result->is_err) {
        size_t part = len < sizeof(zeroes) ? (size_t)len : sizeof(zeroes);
        enum wasm_trap_kind trap =
            write_common(call, stream, str_make(zeroes, part), false, ret_result);
        if (trap != WASM_TRAP_NONE)
            return trap;
        len -= part;
    }
    if (ret_result->is_err || !flush)
        return WASM_TRAP_NONE;
    return write_common(call, stream, STR_EMPTY, true, ret_result);
}

static enum wasm_trap_kind output_stream_write_zeroes(struct component_call *call,
    struct wasi_io_streams_output_stream_borrow self, uint64_t len,
    struct wasi_io_streams_result_void_stream_error *ret_result)
{
    enum wasm_trap_kind trap = use_permit(call, self.object, len);
    if (trap != WASM_TRAP_NONE)
        return trap;
    return write_zeroes(call, self.object, len, false, ret_result);
}

static enum wasm_trap_kind output_stream_blocking_write_zeroes_and_flush(
    struct component_call *call, struct wasi_io_streams_output_stream_borrow self, uint64_t len,
    struct wasi_io_streams_result_void_stream_error *ret_result)
{
    if (len > WRITE_AND_FLUSH_BYTES)
        return component_trap(call, "blocking-write-zeroes-and-flush of %llu bytes, above %u",
            (unsigned long long)len, WRITE_AND_FLUSH_BYTES);
    return write_zeroes(call, self.object, len, true, ret_result);
}

/* First room, then bytes: a write that waits could change what was read. */
static enum wasm_trap_kind splice_common(struct component_call *call,
    struct wasi_io_streams_output_stream *to, struct wasi_io_streams_input_stream *from,
    uint64_t len, bool block, struct wasi_io_streams_result_u64_stream_error *ret_result)
{
    struct wasi_io_error_error error = {0};
    struct str bytes;
    enum stream_status status = to->closed ? STREAM_CLOSED : STREAM_OK;
    ret_result->is_err = true;
    if (status == STREAM_OK && block && to->ops->wait)
        status = to->ops->wait(to, &error);
    if (status != STREAM_OK)
        return make_error(call, status, &error, &to->closed, &ret_result->err);
    uint64_t room = stream_room(to);
    status = read_stream(from, len < room ? len : room, block, &bytes, &error);
    if (status != STREAM_OK)
        return make_error(call, status, &error, &from->closed, &ret_result->err);
    status = bytes.len ? to->ops->write(to, bytes, &error) : STREAM_OK;
    if (status != STREAM_OK)
        return make_error(call, status, &error, &to->closed, &ret_result->err);
    *ret_result =
        (struct wasi_io_streams_result_u64_stream_error){.is_err = false, .ok = bytes.len};
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind output_stream_splice(struct component_call *call,
    struct wasi_io_streams_output_stream_borrow self,
    struct wasi_io_streams_input_stream_borrow src, uint64_t len,
    struct wasi_io_streams_result_u64_stream_error *ret_result)
{
    return splice_common(call, self.object, src.object, len, false, ret_result);
}

static enum wasm_trap_kind output_stream_blocking_splice(struct component_call *call,
    struct wasi_io_streams_output_stream_borrow self,
    struct wasi_io_streams_input_stream_borrow src, uint64_t len,
    struct wasi_io_streams_result_u64_stream_error *ret_result)
{
    return splice_common(call, self.object, src.object, len, true, ret_result);
}

static void output_stream_drop(void *host, struct wasi_io_streams_output_stream *stream)
{
    if (stream->ops->release)
        stream->ops->release(stream);
    wasi_object_free(host, stream, sizeof(*stream));
}

const struct wasi_io_streams_functions wasi_io_streams_functions = {
    .input_stream_read = input_stream_read,
    .input_stream_blocking_read = input_stream_blocking_read,
    .input_stream_skip = input_stream_skip,
    .input_stream_blocking_skip = input_stream_blocking_skip,
    .input_stream_subscribe = input_stream_subscribe,
    .output_stream_check_write = output_stream_check_write,
    .output_stream_write = output_stream_write,
    .output_stream_blocking_write_and_flush = output_stream_blocking_write_and_flush,
    .output_stream_flush = output_stream_flush,
    .output_stream_blocking_flush = output_stream_flush,
    .output_stream_subscribe = output_stream_subscribe,
    .output_stream_write_zeroes = output_stream_write_zeroes,
    .output_stream_blocking_write_zeroes_and_flush = output_stream_blocking_write_zeroes_and_flush,
    .output_stream_splice = output_stream_splice,
    .output_stream_blocking_splice = output_stream_blocking_splice,
    .input_stream_drop = input_stream_drop,
    .output_stream_drop = output_stream_drop,
};
