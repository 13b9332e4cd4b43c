/*
 * wasi:http/outgoing-handler: may the component ask whom it wants to ask, and who answers: a server
 * (src/client), or something of this process (http_local.c).
 *
 * Nothing runs in the background. Requests over the network make progress while the guest waits,
 * polls, reads, writes or flushes.
 */
#include "wasi/http_objects.h"
#include "host/wasi_http_outgoing_handler.h"

#define DEFAULT_TIMEOUT (600 * NS_PER_S)

/* Outgoing requests. */

static struct outgoing *outgoing_new(struct wasi_context *context)
{
    struct outgoing *outgoing = wasi_new(context, struct outgoing);
    if (!outgoing)
        return NULL;
    outgoing->references = 1;
    outgoing->next = context->outgoing;
    if (outgoing->next)
        outgoing->next->previous = outgoing;
    context->outgoing = outgoing;
    return outgoing;
}

struct outgoing *outgoing_ref(struct outgoing *outgoing)
{
    outgoing->references++;
    return outgoing;
}

void outgoing_unref(struct wasi_context *context, struct outgoing *outgoing)
{
    if (--outgoing->references > 0)
        return;
    client_request_free(outgoing->request);
    if (context->session && client_session_is_free(context->session)) {
        client_session_give(context->session);
        context->session = NULL;
    }
    local_exchange_free(context, outgoing->local);
    if (outgoing->next)
        outgoing->next->previous = outgoing->previous;
    if (outgoing->previous)
        outgoing->previous->next = outgoing->next;
    else
        context->outgoing = outgoing->next;
    wasi_object_free(context, outgoing, sizeof(*outgoing));
}

void outgoing_reset(struct wasi_context *context)
{
    for (struct outgoing *outgoing = context->outgoing; outgoing; outgoing = outgoing->next)
        local_exchange_free(context, outgoing->local);
    context->outgoing = NULL;
    client_session_give(context->session);
    context->session = NULL;
}

static void fail(struct outgoing *outgoing, enum wasi_http_types_error_code_tag tag)
{
    outgoing->failed = true;
    outgoing->error = (struct wasi_http_types_error_code){.tag = tag};
}

static void fail_with_dns_error(struct outgoing *outgoing)
{
    fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_DNS_ERROR);
    outgoing->error.DNS_error.rcode.is_some = true;
    outgoing->error.DNS_error.rcode.value = STR("address not available");
}

/* Waiting. */

void outgoing_drive(struct wasi_context *context)
{
    if (context->session)
        client_session_drive(context->session);
}

void outgoing_wait(struct wasi_context *context, deadline_t deadline)
{
    wasi_blocks(context);
    client_session_wait(context->session, deadline);
    wasi_resumes(context);
}

bool outgoing_is_local(const struct outgoing *outgoing)
{
    return !outgoing->request || client_request_ended(outgoing->request);
}

bool outgoing_has_response(const struct outgoing *outgoing)
{
    if (outgoing->failed)
        return true;
    if (outgoing->local)
        return local_exchange_is_done(outgoing->local);
    return client_request_has_head(outgoing->request) || client_request_ended(outgoing->request);
}

bool outgoing_has_room(const struct outgoing *outgoing)
{
    return outgoing_room(outgoing) > 0;
}

/* The response. */

static enum wasi_http_types_error_code_tag tag_of(enum client_failure failure)
{
    static const enum wasi_http_types_error_code_tag tags[] = {
        [CLIENT_NO_SUCH_HOST] = WASI_HTTP_TYPES_ERROR_CODE_DNS_ERROR,
        [CLIENT_REFUSED] = WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_REFUSED,
        [CLIENT_PROHIBITED] = WASI_HTTP_TYPES_ERROR_CODE_DESTINATION_IP_PROHIBITED,
        [CLIENT_TERMINATED] = WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_TERMINATED,
        [CLIENT_CONNECT_TIMEOUT] = WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_TIMEOUT,
        [CLIENT_FIRST_BYTE_TIMEOUT] = WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_READ_TIMEOUT,
        [CLIENT_BETWEEN_BYTES_TIMEOUT] = WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_READ_TIMEOUT,
        [CLIENT_TLS] = WASI_HTTP_TYPES_ERROR_CODE_TLS_PROTOCOL_ERROR,
        [CLIENT_CERTIFICATE] = WASI_HTTP_TYPES_ERROR_CODE_TLS_CERTIFICATE_ERROR,
        [CLIENT_PROTOCOL] = WASI_HTTP_TYPES_ERROR_CODE_HTTP_PROTOCOL_ERROR,
        [CLIENT_HEAD_TOO_LARGE] = WASI_HTTP_TYPES_ERROR_CODE_HTTP_RESPONSE_HEADER_SECTION_SIZE,
        [CLIENT_INCOMPLETE] = WASI_HTTP_TYPES_ERROR_CODE_HTTP_RESPONSE_INCOMPLETE,
        [CLIENT_CONFIGURATION] = WASI_HTTP_TYPES_ERROR_CODE_CONFIGURATION_ERROR,
        [CLIENT_INTERNAL] = WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR,
    };
    return tags[failure];
}

bool outgoing_failure(struct outgoing *outgoing, struct wasi_http_types_error_code *ret_error)
{
    const struct client_request *request = outgoing->request;
    if (!outgoing->failed && request && !client_request_has_head(request)) {
        enum client_failure failure = client_request_failure(request);
        if (failure == CLIENT_NO_SUCH_HOST)
            fail_with_dns_error(outgoing);
        else
            fail(outgoing, tag_of(failure));
        if (failure == CLIENT_INTERNAL) {
            outgoing->error.internal_error.is_some = true;
            outgoing->error.internal_error.value = str_of(client_request_reason(request));
        }
    }
    *ret_error = outgoing->error;
    return outgoing->failed;
}

static struct str body_left(const struct outgoing *outgoing)
{
    struct str all = outgoing->local ? local_exchange_body(outgoing->local)
                                     : client_request_body(outgoing->request);
    return str_skip(all, outgoing->taken);
}

static bool has_ended(const struct outgoing *outgoing)
{
    return outgoing->local || client_request_ended(outgoing->request);
}

bool outgoing_body_ready(const struct outgoing *outgoing)
{
    return body_left(outgoing).len > 0 || has_ended(outgoing);
}

static enum stream_status end_of_body(
    const struct outgoing *outgoing, struct wasi_io_error_error *ret_error)
{
    ret_error->domain = WASI_ERROR_HTTP;
    if (outgoing->local) {
        if (!local_exchange_is_incomplete(outgoing->local))
            return STREAM_CLOSED;
        ret_error->text = "the response was cut off";
        ret_error->http_code = WASI_HTTP_TYPES_ERROR_CODE_HTTP_RESPONSE_INCOMPLETE;
        return STREAM_FAILED;
    }
    enum client_failure failure = client_request_failure(outgoing->request);
    if (failure == CLIENT_OK)
        return STREAM_CLOSED;
    /* The error outlives the request. */
    snprintf(ret_error->reason, sizeof(ret_error->reason), "%s",
        client_request_reason(outgoing->request));
    if (!ret_error->reason[0])
        ret_error->text = "the response was cut off";
    ret_error->http_code = tag_of(failure);
    return STREAM_FAILED;
}

/* What the guest was shown last is forgotten; that may let libcurl read on. */
static void forget_taken(struct outgoing *outgoing)
{
    if (outgoing->local)
        return; /* the whole is kept until the end */
    client_request_consume(outgoing->request, outgoing->taken);
    outgoing->taken = 0;
}

enum stream_status outgoing_read(struct wasi_context *context, struct outgoing *outgoing,
    size_t max, bool block, struct str *ret_bytes, struct wasi_io_error_error *ret_error)
{
    forget_taken(outgoing);
    if (!outgoing_body_ready(outgoing))
        outgoing_drive(context);
    while (block && !outgoing_body_ready(outgoing)) {
        if (context->deadline != NEVER && clock_monotonic_ns() >= context->deadline) {
            ret_error->text = "the request's time is over";
            return STREAM_FAILED;
        }
        outgoing_wait(context, context->deadline);
    }
    struct str left = body_left(outgoing);
    *ret_bytes = str_make(left.ptr, left.len < max ? left.len : max);
    outgoing->taken += ret_bytes->len;
    if (left.len > 0 || !has_ended(outgoing))
        return STREAM_OK;
    return end_of_body(outgoing, ret_error);
}

/* The request's body. */

uint64_t outgoing_room(const struct outgoing *outgoing)
{
    if (!outgoing->request || client_request_ended(outgoing->request))
        return WASI_WRITE_PERMIT;
    size_t room = client_request_room(outgoing->request);
    return room < WASI_WRITE_PERMIT ? room : WASI_WRITE_PERMIT;
}

enum stream_status outgoing_wait_for_room(struct wasi_context *context,
    const struct outgoing *outgoing, struct wasi_io_error_error *ret_error)
{
    if (outgoing_room(outgoing) == 0)
        outgoing_drive(context);
    while (outgoing_room(outgoing) == 0) {
        if (context->deadline != NEVER && clock_monotonic_ns() >= context->deadline) {
            ret_error->text = "the request's time is over";
            return STREAM_FAILED;
        }
        outgoing_wait(context, context->deadline);
    }
    return STREAM_OK;
}

enum stream_status outgoing_write(struct wasi_context *context, struct outgoing *outgoing,
    struct str bytes, struct wasi_io_error_error *ret_error)
{
    if (outgoing_wait_for_room(context, outgoing, ret_error) != STREAM_OK)
        return STREAM_FAILED;
    if (client_request_write(outgoing->request, bytes))
        return STREAM_OK;
    ret_error->text = "no memory for the request's body";
    return STREAM_FAILED;
}

void outgoing_finish(struct wasi_context *context, struct outgoing *outgoing, struct str held)
{
    if (outgoing->request) {
        client_request_finish(outgoing->request);
        outgoing_drive(context);
    } else if (outgoing->local && !outgoing->failed &&
               !local_exchange_run(context, outgoing->local, outgoing->component, held)) {
        fail_with_dns_error(outgoing);
    }
}

void outgoing_abort(struct outgoing *outgoing)
{
    if (outgoing->request)
        client_request_abort(outgoing->request);
    else if (outgoing->local && !local_exchange_is_done(outgoing->local))
        fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_HTTP_PROTOCOL_ERROR);
}

/* Whom does the guest ask, and may it? */

struct destination {
    struct str url; /* "scheme://authority", for messages */
    struct str scheme, authority;
    struct client_target target; /* unless `self` */
    bool self;                   /* the application, by a request without a host */
    bool chained;                /* a component of the application: `component` */
    struct str component;
};

/* ":80" and ":443" is what SDKs make of a relative URL. */
static bool is_self(struct str authority)
{
    return authority.len == 0 || authority.ptr[0] == ':' || str_is(authority, "self.alt");
}

static bool resolve(struct wasi_context *context,
    const struct wasi_http_types_outgoing_request *request, struct destination *ret)
{
    static const struct str suffix = STR(".spin.internal");
    struct destination d = {0};
    d.url = outgoing_request_destination(context, request, &d.scheme, &d.authority);
    d.self = is_self(d.authority);
    if (!d.self && !client_target_parse(d.url, STR_EMPTY, &d.target))
        d.target.host = STR_EMPTY;
    d.chained = !d.self && d.target.host.len > suffix.len && str_ends_with(d.target.host, suffix);
    if (d.chained)
        d.component = str_make(d.target.host.ptr, d.target.host.len - suffix.len);
    *ret = d;
    const struct client_allowed_hosts *allowed = context->config->allowed_hosts;
    if (!allowed)
        return false;
    if (d.self)
        return client_allowed_hosts_match_self(allowed, d.scheme);
    return d.target.host.len && d.target.userinfo.len == 0 && d.target.rest.len == 0 &&
           client_allowed_hosts_match(allowed, d.scheme, d.target.host, d.target.port);
}

static void deny(
    struct wasi_context *context, struct outgoing *outgoing, const struct destination *d)
{
    fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_DENIED);
    if (d->self)
        wasi_warn_self_denied(context);
    else
        wasi_warn_denied(context, d->url);
}

/* Over the network. */

static uint64_t timeout_of(bool present, struct wasi_http_types_option_u64 timeout)
{
    return present && timeout.is_some ? timeout.value : DEFAULT_TIMEOUT;
}

/* A body that is complete has a length, said or not. */
static void describe_body(const struct body_out *body, struct client_head *head)
{
    if (!body)
        return;
    bool known = body->has_length || body->finished;
    head->body = known ? CLIENT_BODY_LENGTH : CLIENT_BODY_CHUNKED;
    head->length = body->has_length ? body->length : body->written;
}

static bool describe(struct wasi_context *context, const struct destination *d,
    const struct wasi_http_types_outgoing_request *request,
    const struct wasi_http_types_request_options *options, struct client_head *ret_head)
{
    const struct header_list *headers = request->headers;
    static const struct wasi_http_types_request_options none;
    bool given = options != NULL;
    if (!options)
        options = &none;
    struct client_head head = {.method = outgoing_request_method_name(request),
        .scheme = d->scheme,
        .host = d->target.host,
        .port = d->target.port,
        .path = request->has_path ? str_make(request->path.ptr, request->path.len) : STR_EMPTY,
        .field_count = headers->count,
        .connect_ns = timeout_of(given, options->connect),
        .first_byte_ns = timeout_of(given, options->first_byte),
        .between_ns = timeout_of(given, options->between_bytes)};
    describe_body(request->body, &head);
    struct client_field *fields = wasi_object_raw(context, (headers->count + 1) * sizeof(*fields));
    if (!fields)
        return false;
    for (size_t i = 0; i < headers->count; i++)
        fields[i] = (struct client_field){headers->items[i].name, headers->items[i].value};
    head.fields = fields;
    *ret_head = head;
    return true;
}

static void start_request(
    struct wasi_context *context, struct outgoing *outgoing, const struct client_head *head)
{
    if (str_is(head->method, "CONNECT")) {
        fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_METHOD_INVALID);
    } else {
        outgoing->request = client_request_start(context->session, head);
        if (!outgoing->request)
            fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_LIMIT_REACHED);
    }
}

static bool send_over_network(struct wasi_context *context, struct outgoing *outgoing,
    const struct destination *d, const struct wasi_http_types_outgoing_request *request,
    const struct wasi_http_types_request_options *options)
{
    struct client_head head;
    if (!str_is(d->scheme, "http") && !str_is(d->scheme, "https")) {
        fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_HTTP_PROTOCOL_ERROR);
        return true;
    }
    if (!context->session)
        context->session = client_session_take(context->config->client, d->url);
    if (!context->session || !describe(context, d, request, options, &head))
        return false;
    start_request(context, outgoing, &head);
    wasi_object_free(
        context, (void *)(uintptr_t)head.fields, (head.field_count + 1) * sizeof(*head.fields));
    if (!outgoing->request)
        return true;
    if (request->body && !body_out_attach_outgoing(context, request->body, outgoing))
        return false;
    /* With a body to come, its first bytes go out together with the head. */
    if (!request->body || (request->body->has_length && request->body->length == 0))
        outgoing_drive(context);
    return true;
}

/* Within the process. */

static bool send_locally(struct wasi_context *context, struct outgoing *outgoing,
    const struct destination *d, const struct wasi_http_types_outgoing_request *request)
{
    if (context->local_count >= LIMIT_CLIENT_REQUESTS) {
        fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_LIMIT_REACHED);
        return true;
    }
    outgoing->local = local_exchange_new(context, request, d->authority);
    if (!outgoing->local) {
        fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_HEADER_SECTION_SIZE);
        return true;
    }
    if (local_exchange_is_too_deep(outgoing->local)) {
        fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_LOOP_DETECTED);
        return true;
    }
    char *component = wasi_object_raw(context, d->component.len);
    if (!component)
        return false;
    if (d->component.len)
        memcpy(component, d->component.ptr, d->component.len);
    outgoing->component = str_make(component, d->component.len);
    if (request->body)
        return body_out_attach_outgoing(context, request->body, outgoing);
    outgoing_finish(context, outgoing, STR_EMPTY);
    return true;
}

static bool send(struct wasi_context *context, struct outgoing *outgoing,
    const struct wasi_http_types_outgoing_request *request,
    const struct wasi_http_types_request_options *options)
{
    struct destination d;
    if (!resolve(context, request, &d)) {
        deny(context, outgoing, &d);
        return true;
    }
    if (request->has_path && request->path.len > LIMIT_CLIENT_URL) {
        fail(outgoing, WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_URI_TOO_LONG);
        return true;
    }
    if (d.self || d.chained)
        return send_locally(context, outgoing, &d, request);
    return send_over_network(context, outgoing, &d, request, options);
}

static enum wasm_trap_kind handle(struct component_call *call,
    struct wasi_http_types_outgoing_request_own request,
    struct wasi_http_outgoing_handler_option_own_request_options options,
    struct wasi_http_outgoing_handler_result_own_future_incoming_response_error_code *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    struct wasi_http_types_future_incoming_response *future =
        wasi_new(context, struct wasi_http_types_future_incoming_response);
    struct outgoing *outgoing = outgoing_new(context);
    if (!future || !outgoing)
        return wasi_no_memory(call);
    future->outgoing = outgoing;
    if (!send(context, outgoing, request.object, options.is_some ? options.value.object : NULL))
        return wasi_no_memory(call);
    outgoing_request_drop(context, request.object);
    if (options.is_some)
        request_options_drop(context, options.value.object);
    ret_result->is_err = false;
    ret_result->ok.object = future;
    return WASM_TRAP_NONE;
}

const struct wasi_http_outgoing_handler_functions wasi_http_outgoing_handler_functions = {
    .handle = handle};
