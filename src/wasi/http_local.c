/*
 * A request that is answered within the process: an exchange whose two bodies are in memory. It
 * begins when the guest's body is complete, and is over when the answering guest is.
 */
#include "base/buf.h"
#include "wasi/http_objects.h"

struct local_exchange {
    struct http_exchange exchange; /* first: its ops get this */
    struct arena arena;
    struct str body; /* the request's; `body_at` bytes are read */
    size_t body_at;
    unsigned status;
    struct http_field *fields;
    size_t field_count;
    struct buf reply;
    bool done, cut;
};

static struct local_exchange *local_of(struct http_exchange *x)
{
    return (struct local_exchange *)x;
}

static enum http_io read_body(struct http_exchange *x, size_t max, struct str *ret_bytes)
{
    struct local_exchange *local = local_of(x);
    struct str left = str_skip(local->body, local->body_at);
    if (left.len == 0)
        return HTTP_IO_END;
    *ret_bytes = str_make(left.ptr, left.len < max ? left.len : max);
    local->body_at += ret_bytes->len;
    return HTTP_IO_OK;
}

static bool body_ready(struct http_exchange *x)
{
    (void)x;
    return true;
}

static bool copy_text(struct arena *a, struct str *text)
{
    char *copy = arena_try_alloc_raw(a, text->len);
    if (!copy)
        return false;
    if (text->len)
        memcpy(copy, text->ptr, text->len);
    text->ptr = copy;
    return true;
}

/* Into the exchange's arena. */
static bool copy_fields(struct local_exchange *local, const struct http_field *fields, size_t count,
    struct http_field **ret_fields)
{
    struct http_field *copy = arena_try_array(&local->arena, count + 1, struct http_field);
    bool good = copy != NULL;
    for (size_t i = 0; i < count && good; i++) {
        copy[i] = fields[i];
        good = copy_text(&local->arena, &copy[i].name) && copy_text(&local->arena, &copy[i].value);
    }
    *ret_fields = copy;
    return good;
}

static enum http_io send_head(
    struct http_exchange *x, unsigned status, const struct http_field *fields, size_t count)
{
    struct local_exchange *local = local_of(x);
    x->head_sent = true;
    local->status = status;
    if (!copy_fields(local, fields, count, &local->fields))
        return HTTP_IO_CLOSED;
    local->field_count = count;
    return HTTP_IO_OK;
}

static enum http_io write_body(struct http_exchange *x, struct str bytes)
{
    struct local_exchange *local = local_of(x);
    if (str_is(x->method, "HEAD"))
        return HTTP_IO_OK;
    buf_append_str(&local->reply, bytes);
    return local->reply.failed ? HTTP_IO_CLOSED : HTTP_IO_OK;
}

static size_t write_room(struct http_exchange *x)
{
    (void)x;
    return WASI_WRITE_PERMIT;
}

static enum http_io finish(struct http_exchange *x)
{
    x->finished = true;
    return HTTP_IO_OK;
}

static void reject(struct http_exchange *x, unsigned status)
{
    struct local_exchange *local = local_of(x);
    local->cut = x->head_sent;
    if (!x->head_sent)
        local->status = status;
    x->head_sent = x->finished = true;
}

static const struct http_exchange_ops local_ops = {
    .read_body = read_body,
    .body_ready = body_ready,
    .send_head = send_head,
    .write_body = write_body,
    .write_room = write_room,
    .finish = finish,
    .reject = reject,
};

static struct str with_slash(struct arena *a, struct str path)
{
    char *text = arena_try_alloc_raw(a, path.len + 1);
    if (!text)
        return STR("/");
    text[0] = '/';
    if (path.len)
        memcpy(text + 1, path.ptr, path.len);
    return str_make(text, path.len + 1);
}

static bool copy_head(struct local_exchange *local,
    const struct wasi_http_types_outgoing_request *request, struct str authority)
{
    struct http_exchange *x = &local->exchange;
    const struct header_list *headers = request->headers;
    x->method = outgoing_request_method_name(request);
    struct str path = request->has_path ? str_make(request->path.ptr, request->path.len) : STR("");
    x->path = path.len && path.ptr[0] == '/' ? path : with_slash(&local->arena, path);
    x->authority = authority;
    x->scheme = STR("http");
    x->client_address = STR("0.0.0.0:0");
    x->field_count = headers->count;
    return copy_text(&local->arena, &x->method) && copy_text(&local->arena, &x->path) &&
           copy_text(&local->arena, &x->authority) &&
           copy_fields(local, headers->items, headers->count, &x->fields);
}

struct local_exchange *local_exchange_new(struct wasi_context *context,
    const struct wasi_http_types_outgoing_request *request, struct str authority)
{
    struct local_exchange *local = calloc(1, sizeof *local);
    if (!local)
        return NULL;
    local->arena = ARENA_INIT(LIMIT_LOCAL_HEAD);
    local->exchange.ops = &local_ops;
    local->exchange.arena = &local->arena;
    local->exchange.depth = context->exchange ? context->exchange->depth + 1 : 1;
    context->local_count++;
    if (!copy_head(local, request, authority)) {
        local_exchange_free(context, local);
        return NULL;
    }
    return local;
}

bool local_exchange_run(struct wasi_context *context, struct local_exchange *local,
    struct str component, struct str body)
{
    const struct wasi_config *config = context->config;
    size_t left = LIMIT_LOCAL_BODIES - context->local_bytes;
    local->reply = BUF_INIT(left < LIMIT_LOCAL_BODY ? left : LIMIT_LOCAL_BODY);
    local->body = body;
    local->exchange.has_body = body.len > 0;
    if (!config->answer || !config->answer(config->data, &local->exchange, component))
        return false;
    if (!local->exchange.finished)
        reject(&local->exchange, 500);
    local->done = true;
    local->body = STR_EMPTY;
    context->local_bytes += local->reply.len;
    return true;
}

void local_exchange_free(struct wasi_context *context, struct local_exchange *local)
{
    if (!local)
        return;
    context->local_count--;
    if (local->done)
        context->local_bytes -= local->reply.len;
    buf_release(&local->reply);
    arena_release(&local->arena);
    free(local);
}

bool local_exchange_is_too_deep(const struct local_exchange *local)
{
    return local->exchange.depth > LIMIT_LOCAL_DEPTH;
}

bool local_exchange_is_done(const struct local_exchange *local)
{
    return local->done;
}

bool local_exchange_is_incomplete(const struct local_exchange *local)
{
    return local->cut;
}

unsigned local_exchange_status(const struct local_exchange *local)
{
    return local->status;
}

const struct http_field *local_exchange_fields(
    const struct local_exchange *local, size_t *ret_count)
{
    *ret_count = local->field_count;
    return local->fields;
}

struct str local_exchange_body(const struct local_exchange *local)
{
    return buf_str(&local->reply);
}
