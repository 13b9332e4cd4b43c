/* wasi:http through its wrappers, with an exchange made of memory. */
#include "../fake.h"

#include "client/allowed_hosts.h"
#include "host/wasi_http_outgoing_handler.h"
#include "host/wasi_http_types.h"
#include "host/wasi_io_poll.h"
#include "host/wasi_io_streams.h"

#define TYPES   wasi_http_types_interface
#define STREAMS wasi_io_streams_interface

static struct memory_exchange {
    struct http_exchange x;
    struct str body; /* what read_body has left */
    enum http_io end;
    bool ready;
    size_t largest_read;
    char head[512];
    char sent[32768];
    size_t sent_len;
    unsigned heads, finishes, flushes;
    bool gone;
} peer;

static char warnings[1024];
static uint32_t request, outparam;

static enum http_io peer_read(struct http_exchange *x, size_t max, struct str *ret_bytes)
{
    (void)x;
    if (peer.body.len == 0)
        return peer.end;
    size_t len = peer.body.len < max ? peer.body.len : max;
    if (peer.largest_read && len > peer.largest_read)
        len = peer.largest_read;
    *ret_bytes = str_make(peer.body.ptr, len);
    peer.body = str_skip(peer.body, len);
    return HTTP_IO_OK;
}

static bool peer_ready(struct http_exchange *x)
{
    (void)x;
    return peer.ready;
}

static enum http_io peer_head(
    struct http_exchange *x, unsigned status, const struct http_field *fields, size_t count)
{
    size_t len = (size_t)snprintf(peer.head, sizeof(peer.head), "%u\n", status);
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(peer.head + len, sizeof(peer.head) - len,
            "%" STR_FMT ": %" STR_FMT "\n", STR_ARG(fields[i].name), STR_ARG(fields[i].value));
    peer.heads++;
    x->head_sent = true;
    return peer.gone ? HTTP_IO_CLOSED : HTTP_IO_OK;
}

static enum http_io peer_write(struct http_exchange *x, struct str bytes)
{
    assert_true(x->head_sent);
    assert_false(x->finished);
    if (peer.gone)
        return HTTP_IO_CLOSED;
    assert_true(peer.sent_len + bytes.len <= sizeof(peer.sent));
    memcpy(peer.sent + peer.sent_len, bytes.ptr, bytes.len);
    peer.sent_len += bytes.len;
    return HTTP_IO_OK;
}

static size_t peer_room(struct http_exchange *x)
{
    (void)x;
    return sizeof(peer.sent) - peer.sent_len;
}

static enum http_io peer_flush(struct http_exchange *x)
{
    (void)x;
    peer.flushes++;
    return peer.gone ? HTTP_IO_CLOSED : HTTP_IO_OK;
}

static enum http_io peer_finish(struct http_exchange *x)
{
    assert_false(x->finished);
    x->finished = true;
    peer.finishes++;
    return HTTP_IO_OK;
}

static const struct http_exchange_ops peer_ops = {.read_body = peer_read,
    .body_ready = peer_ready,
    .send_head = peer_head,
    .write_body = peer_write,
    .write_room = peer_room,
    .flush = peer_flush,
    .finish = peer_finish};

static struct http_field request_fields[] = {
    {{"host", 4}, {"localhost", 9}},
    {{"x-one", 5}, {"1", 1}},
    {{"connection", 10}, {"close", 5}},
    {{"x-one", 5}, {"2", 1}},
};

static void keep_warning(void *data, const char *line)
{
    (void)data;
    size_t len = strlen(warnings);
    snprintf(warnings + len, sizeof(warnings) - len, "%s\n", line);
}

static const struct wasi_config config = {.warn = keep_warning};

static void begin_again(void)
{
    struct error err = ERROR_INIT;
    memset(&peer, 0, sizeof(peer));
    peer.end = HTTP_IO_END;
    peer.ready = true;
    peer.x = (struct http_exchange){.ops = &peer_ops,
        .arena = &fake.arena,
        .method = STR("POST"),
        .path = STR("/hello?a=b"),
        .authority = STR("localhost"),
        .scheme = STR("http"),
        .fields = request_fields,
        .field_count = countof(request_fields)};
    assert_int_equal(wasi_http_begin(fake.context, &peer.x, NULL, &request, &outparam, &err), 0);
}

static int start(void **state)
{
    (void)state;
    fake_start(&config);
    warnings[0] = 0;
    begin_again();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fake_stop();
    return 0;
}

/* What a guest does. Result areas are at FAKE_AREA. */

static uint32_t new_fields(void)
{
    return (uint32_t)fake_get(&TYPES, "[constructor]fields", 0);
}

/* -1 when it was accepted, else the header-error. */
static int append(uint32_t fields, const char *name, const char *value)
{
    fake_call(TYPES, "[method]fields.append", fields, fake_put(str_of(name)), strlen(name),
        fake_put(str_of(value)), strlen(value), FAKE_AREA);
    return fake.memory[FAKE_AREA] ? fake.memory[FAKE_AREA + 1] : -1;
}

static uint32_t new_response(const char *content_length)
{
    uint32_t fields = new_fields();
    if (content_length)
        assert_int_equal(append(fields, "Content-Length", content_length), -1);
    return (uint32_t)fake_get(&TYPES, "[constructor]outgoing-response", fields);
}

/* A result<own<T>>: the handle, or 0 for the error. */
static uint32_t child(const char *function, uint32_t self)
{
    fake_call(TYPES, function, self, FAKE_AREA);
    return fake.memory[FAKE_AREA] ? 0 : fake_u32(FAKE_AREA + 4);
}

static uint32_t body_of(uint32_t response)
{
    return child("[method]outgoing-response.body", response);
}

/* result<own<outgoing-response>, error-code> has 10 flat values, the last for the ok/err payload.
 */
static enum wasm_trap_kind set(uint32_t param, uint32_t response)
{
    return fake_try(TYPES, "[static]response-outparam.set", param, 0, response);
}

static bool write_bytes(uint32_t stream, const char *text)
{
    fake_call(STREAMS, "[method]output-stream.blocking-write-and-flush", stream,
        fake_put(str_of(text)), strlen(text), FAKE_AREA);
    return fake.memory[FAKE_AREA] == 0;
}

static bool finish_body(uint32_t body)
{
    fake_call(TYPES, "[static]outgoing-body.finish", body, 0, 0, FAKE_AREA);
    return fake.memory[FAKE_AREA] == 0;
}

static void sends_hello(void **state)
{
    (void)state;
    uint32_t response = new_response("5");
    uint32_t body = body_of(response);
    assert_int_equal(set(outparam, response), WASM_TRAP_NONE);
    uint32_t stream = child("[method]outgoing-body.write", body);
    assert_true(write_bytes(stream, "Hello"));
    fake_drop(stream);
    assert_true(finish_body(body));
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_ANSWERED);
    assert_string_equal(peer.head, "200\ncontent-length: 5\n");
    assert_memory_equal(peer.sent, "Hello", 5);
    assert_int_equal(peer.finishes, 1);
    /* The request is all that is left. */
    assert_int_equal(fake_drop_all(), 1);
}

static void steady_state_allocates_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        sends_hello(NULL);
        wasi_context_reset(fake.context);
        fake.heap = FAKE_HEAP;
        begin_again();
    }
}

static void shows_the_request(void **state)
{
    (void)state;
    fake_call(TYPES, "[method]incoming-request.method", request, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], WASI_HTTP_TYPES_METHOD_POST);
    fake_call(TYPES, "[method]incoming-request.path-with-query", request, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_true(str_is(fake_text(FAKE_AREA + 4), "/hello?a=b"));
    fake_call(TYPES, "[method]incoming-request.scheme", request, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_int_equal(fake.memory[FAKE_AREA + 4], WASI_HTTP_TYPES_SCHEME_HTTP);
    peer.x.method = STR("BREW");
    fake_call(TYPES, "[method]incoming-request.method", request, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], WASI_HTTP_TYPES_METHOD_OTHER);
    assert_true(str_is(fake_text(FAKE_AREA + 4), "BREW"));
}

static void hides_fields_of_the_connection(void **state)
{
    (void)state;
    uint32_t headers = (uint32_t)fake_get(&TYPES, "[method]incoming-request.headers", request);
    fake_call(TYPES, "[method]fields.entries", headers, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 2);
    uint32_t entries = fake_u32(FAKE_AREA);
    assert_true(str_is(fake_text(entries), "x-one"));
    assert_true(str_is(fake_text(entries + 8), "1"));
    assert_true(str_is(fake_text(entries + 24), "2"));
    assert_int_equal(append(headers, "x-two", "2"), WASI_HTTP_TYPES_HEADER_ERROR_IMMUTABLE);
    /* Headers stay valid when the request is dropped first. */
    fake_drop(request);
    fake_call(TYPES, "[method]fields.get", headers, fake_put(STR("X-One")), 5, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 2);
}

static void checks_fields(void **state)
{
    (void)state;
    uint32_t fields = new_fields();
    assert_int_equal(append(fields, "A b", "1"), WASI_HTTP_TYPES_HEADER_ERROR_INVALID_SYNTAX);
    assert_int_equal(append(fields, "", "1"), WASI_HTTP_TYPES_HEADER_ERROR_INVALID_SYNTAX);
    assert_int_equal(append(fields, "a", "1\r\nb: 2"), WASI_HTTP_TYPES_HEADER_ERROR_INVALID_SYNTAX);
    assert_int_equal(
        append(fields, "Transfer-Encoding", "chunked"), WASI_HTTP_TYPES_HEADER_ERROR_FORBIDDEN);
    assert_int_equal(append(fields, "Host", "x"), WASI_HTTP_TYPES_HEADER_ERROR_FORBIDDEN);
    assert_int_equal(append(fields, "X-A", "1"), -1);
    assert_int_equal(append(fields, "x-a", "2"), -1);
    uint32_t copy = (uint32_t)fake_get(&TYPES, "[method]fields.clone", fields);
    fake_call(TYPES, "[method]fields.delete", fields, fake_put(STR("X-a")), 3, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    fake_call(TYPES, "[method]fields.entries", fields, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 0);
    fake_call(TYPES, "[method]fields.entries", copy, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 2);
    assert_true(str_is(fake_text(fake_u32(FAKE_AREA)), "x-a"));
}

static void sets_fields(void **state)
{
    (void)state;
    uint32_t fields = new_fields();
    assert_int_equal(append(fields, "x-a", "old"), -1);
    uint32_t value = fake_put(STR("new"));
    uint32_t list = fake_put(STR("................"));
    host_store_u32(fake.memory + list, value);
    host_store_u32(fake.memory + list + 4, 3);
    host_store_u32(fake.memory + list + 8, value);
    host_store_u32(fake.memory + list + 12, 1);
    fake_call(TYPES, "[method]fields.set", fields, fake_put(STR("X-A")), 3, list, 2, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    fake_call(TYPES, "[method]fields.get", fields, fake_put(STR("x-a")), 3, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 2);
    assert_true(str_is(fake_text(fake_u32(FAKE_AREA)), "new"));
    assert_true(str_is(fake_text(fake_u32(FAKE_AREA) + 8), "n"));
    /* The list reaches past the end of memory. */
    fake_traps(TYPES, "[method]fields.set", fields, fake_put(STR("X-A")), 3, FAKE_MEMORY - 8, 2,
        FAKE_AREA);
    host_store_u32(fake.memory + list + 4, FAKE_MEMORY);
    fake_traps(TYPES, "[method]fields.set", fields, fake_put(STR("X-A")), 3, list, 2, FAKE_AREA);
}

static void repeated_changes_use_no_more_memory(void **state)
{
    (void)state;
    uint32_t fields = new_fields();
    char value[4000];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = 0;
    for (int i = 0; i < 40000; i++) { /* 160 MB if nothing were given back */
        fake.heap = FAKE_HEAP;
        assert_int_equal(append(fields, "x-a", value), -1);
        fake_call(TYPES, "[method]fields.delete", fields, fake_put(STR("x-a")), 3, FAKE_AREA);
    }
}

static void fields_have_a_limit(void **state)
{
    (void)state;
    uint32_t fields = new_fields();
    uint32_t name = fake_put(STR("x-a"));
    enum wasm_trap_kind trap = WASM_TRAP_NONE;
    int count = 0;
    for (; trap == WASM_TRAP_NONE && count < 100; count++)
        trap = fake_try(
            TYPES, "[method]fields.append", fields, name, 3, FAKE_AREA + 16, 60000, FAKE_AREA);
    assert_int_equal(trap, WASM_TRAP_NONE); /* zero bytes are no value */
    memset(fake.memory + FAKE_AREA + 16, 'v', 60000);
    for (count = 0; trap == WASM_TRAP_NONE && count < 100; count++)
        trap = fake_try(
            TYPES, "[method]fields.append", fields, name, 3, FAKE_AREA + 16, 60000, FAKE_AREA);
    assert_int_equal(trap, WASM_TRAP_COMPONENT);
    assert_true(count < 20);
}

static void wrappers_refuse_hostile_values(void **state)
{
    (void)state;
    uint32_t fields = new_fields();
    uint32_t bad = fake_put(STR("\xff\xfe"));
    fake_traps(TYPES, "[method]fields.has", 99, 0, 0);
    fake_traps(TYPES, "[method]fields.has", request, 0, 0); /* of another type */
    fake_traps(TYPES, "[method]fields.has", fields, bad, 2);
    fake_traps(TYPES, "[method]fields.has", fields, 0xffffffff, 2);
    fake_traps(TYPES, "[method]fields.get", fields, 0, 0, FAKE_AREA + 1); /* unaligned area */
    fake_traps(TYPES, "[method]fields.get", fields, 0, 0, FAKE_MEMORY);
    fake_traps(TYPES, "[static]fields.from-list", 0, 0x10000000, FAKE_AREA);
    uint32_t out = (uint32_t)fake_get(&TYPES, "[constructor]outgoing-request", new_fields());
    fake_traps(TYPES, "[method]outgoing-request.set-method", out, 10, 0, 0);
    fake_traps(TYPES, "[method]outgoing-request.set-scheme", out, 2, 0, 0, 0);
    fake_traps(TYPES, "[method]outgoing-request.set-scheme", out, 1, 3, 0, 0);
    /* An own handle is gone after it has been passed. */
    fake_traps(TYPES, "[constructor]outgoing-response", 0);
    uint32_t response = new_response(NULL);
    assert_int_equal(set(outparam, response), WASM_TRAP_NONE);
    assert_int_equal(set(outparam, response), WASM_TRAP_COMPONENT);
    wasi_http_end(fake.context);
    begin_again();
    fake_traps(TYPES, "[static]response-outparam.set", outparam, 2, 0);
}

static void reads_the_body(void **state)
{
    (void)state;
    peer.x.has_body = true;
    peer.body = STR("some bytes");
    peer.largest_read = 4;
    uint32_t body = child("[method]incoming-request.consume", request);
    assert_int_equal(child("[method]incoming-request.consume", request), 0);
    uint32_t stream = child("[method]incoming-body.stream", body);
    assert_int_equal(child("[method]incoming-body.stream", body), 0);
    struct buf all = BUF_INIT(100);
    for (;;) {
        union wasm_value slots[3] = {{.i32 = stream}, {.i64 = 3}, {.i32 = FAKE_AREA}};
        assert_int_equal(fake_call_slots(&STREAMS, "[method]input-stream.blocking-read", slots), 0);
        if (fake.memory[FAKE_AREA])
            break;
        buf_append_str(&all, fake_text(FAKE_AREA + 4));
    }
    assert_int_equal(fake.memory[FAKE_AREA + 4], WASI_IO_STREAMS_STREAM_ERROR_CLOSED);
    assert_true(str_is(buf_str(&all), "some bytes"));
    buf_release(&all);
    fake_drop(stream);
    uint32_t trailers = (uint32_t)fake_get(&TYPES, "[static]incoming-body.finish", body);
    fake_call(TYPES, "[method]future-trailers.get", trailers, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);     /* some */
    assert_int_equal(fake.memory[FAKE_AREA + 8], 0); /* ok */
}

static void reading_does_not_wait_unless_asked(void **state)
{
    (void)state;
    peer.x.has_body = true;
    peer.body = STR("later");
    peer.ready = false;
    uint32_t body = child("[method]incoming-request.consume", request);
    uint32_t stream = child("[method]incoming-body.stream", body);
    union wasm_value slots[3] = {{.i32 = stream}, {.i64 = 100}, {.i32 = FAKE_AREA}};
    assert_int_equal(fake_call_slots(&STREAMS, "[method]input-stream.read", slots), 0);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    assert_int_equal(fake_u32(FAKE_AREA + 8), 0);
    uint32_t pollable = (uint32_t)fake_get(&STREAMS, "[method]input-stream.subscribe", stream);
    assert_int_equal(fake_get(&wasi_io_poll_interface, "[method]pollable.ready", pollable), 0);
    fake_drop(stream); /* the pollable keeps what it needs */
    fake_drop(body);
    fake_call(wasi_io_poll_interface, "[method]pollable.block", pollable);
    assert_int_equal(fake_get(&wasi_io_poll_interface, "[method]pollable.ready", pollable), 1);
}

static void a_client_that_goes_is_an_error(void **state)
{
    (void)state;
    peer.x.has_body = true;
    peer.end = HTTP_IO_CLOSED;
    uint32_t body = child("[method]incoming-request.consume", request);
    uint32_t stream = child("[method]incoming-body.stream", body);
    union wasm_value slots[3] = {{.i32 = stream}, {.i64 = 100}, {.i32 = FAKE_AREA}};
    assert_int_equal(fake_call_slots(&STREAMS, "[method]input-stream.read", slots), 0);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_int_equal(fake.memory[FAKE_AREA + 4], 0);
    uint32_t error = fake_u32(FAKE_AREA + 8);
    fake_call(TYPES, "http-error-code", error, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_int_equal(fake.memory[FAKE_AREA + 8], WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_TERMINATED);
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_GONE);
}

static void too_many_bytes_are_refused(void **state)
{
    (void)state;
    uint32_t response = new_response("3");
    uint32_t body = body_of(response);
    assert_int_equal(body_of(response), 0);
    assert_int_equal(set(outparam, response), WASM_TRAP_NONE);
    uint32_t stream = child("[method]outgoing-body.write", body);
    assert_true(write_bytes(stream, "ab"));
    assert_false(write_bytes(stream, "cd"));
    fake_call(TYPES, "http-error-code", fake_u32(FAKE_AREA + 8), FAKE_AREA);
    assert_int_equal(
        fake.memory[FAKE_AREA + 8], WASI_HTTP_TYPES_ERROR_CODE_HTTP_RESPONSE_BODY_SIZE);
    fake_drop(stream);
    assert_false(finish_body(body));
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_CUT);
    assert_int_equal(peer.sent_len, 2);
    assert_int_equal(peer.finishes, 0);
}

static void a_body_without_finish_is_cut(void **state)
{
    (void)state;
    uint32_t response = new_response(NULL);
    uint32_t body = body_of(response);
    assert_int_equal(set(outparam, response), WASM_TRAP_NONE);
    uint32_t stream = child("[method]outgoing-body.write", body);
    assert_true(write_bytes(stream, "part"));
    fake_drop(body); /* before its stream: any order is safe */
    fake_drop(stream);
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_CUT);
    assert_int_equal(peer.finishes, 0);
}

static void a_fulfilled_content_length_is_complete(void **state)
{
    (void)state;
    uint32_t response = new_response("4");
    uint32_t body = body_of(response);
    assert_int_equal(set(outparam, response), WASM_TRAP_NONE);
    assert_true(write_bytes(child("[method]outgoing-body.write", body), "full"));
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_ANSWERED);
    assert_int_equal(peer.finishes, 1);
}

static void finish_needs_the_stream_dropped(void **state)
{
    (void)state;
    uint32_t body = body_of(new_response(NULL));
    assert_int_not_equal(child("[method]outgoing-body.write", body), 0);
    fake_traps(TYPES, "[static]outgoing-body.finish", body, 0, 0, FAKE_AREA);
}

static void bytes_before_the_response_are_kept(void **state)
{
    (void)state;
    uint32_t response = new_response(NULL);
    uint32_t body = body_of(response);
    uint32_t stream = child("[method]outgoing-body.write", body);
    assert_true(write_bytes(stream, "first "));
    assert_true(write_bytes(stream, "second"));
    assert_int_equal(peer.heads + peer.sent_len, 0);
    fake_drop(stream);
    assert_true(finish_body(body));
    assert_int_equal(set(outparam, response), WASM_TRAP_NONE);
    assert_memory_equal(peer.sent, "first second", 12);
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_ANSWERED);
    assert_int_equal(peer.finishes, 1);
}

static void responses_without_body(void **state)
{
    (void)state;
    assert_int_equal(set(outparam, new_response(NULL)), WASM_TRAP_NONE);
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_ANSWERED);
    begin_again();
    /* Promises bytes that cannot come. */
    assert_int_equal(set(outparam, new_response("5")), WASM_TRAP_NONE);
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_ERROR);
    assert_int_equal(peer.heads, 0);
    begin_again();
    peer.x.method = STR("HEAD");
    assert_int_equal(set(outparam, new_response("5")), WASM_TRAP_NONE);
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_ANSWERED);
    assert_string_equal(peer.head, "200\ncontent-length: 5\n");
}

static void a_bad_content_length_gives_no_body(void **state)
{
    (void)state;
    uint32_t response = new_response("many");
    assert_int_equal(body_of(response), 0);
}

static void errors_and_silence_send_nothing(void **state)
{
    (void)state;
    fake_call(TYPES, "[static]response-outparam.set", outparam, 1, 15, 0, 0, 0, 0, 0, 0);
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_ERROR);
    begin_again();
    assert_int_equal(wasi_http_end(fake.context), WASI_HTTP_NO_RESPONSE);
    assert_int_equal(peer.heads, 0);
}

static void statuses(void **state)
{
    (void)state;
    static const struct {
        uint32_t status;
        bool ok;
    } cases[] = {{200, true}, {404, true}, {599, true}, {100, false}, {99, false}, {1000, false},
        {0, false}};
    uint32_t response = new_response(NULL);
    for (size_t i = 0; i < countof(cases); i++) {
        union wasm_value slots[2] = {{.i32 = response}, {.i32 = cases[i].status}};
        assert_int_equal(
            fake_call_slots(&TYPES, "[method]outgoing-response.set-status-code", slots), 0);
        assert_int_equal(slots[0].i32, cases[i].ok ? 0 : 1);
    }
    assert_int_equal(fake_get(&TYPES, "[method]outgoing-response.status-code", response), 599);
}

static void a_set_is_only_for_requests(void **state)
{
    (void)state;
    wasi_http_end(fake.context);
    assert_int_equal(set(outparam, new_response(NULL)), WASM_TRAP_COMPONENT);
}

static void denies_outgoing_requests(void **state)
{
    (void)state;
    uint32_t out = (uint32_t)fake_get(&TYPES, "[constructor]outgoing-request", new_fields());
    uint32_t authority = fake_put(STR("example.com:8080"));
    union wasm_value slots[4] = {{.i32 = out}, {.i32 = 1}, {.i32 = authority}, {.i32 = 16}};
    assert_int_equal(fake_call_slots(&TYPES, "[method]outgoing-request.set-authority", slots), 0);
    assert_int_equal(slots[0].i32, 0);
    uint32_t bad = fake_put(STR("a\nb"));
    union wasm_value hostile[4] = {{.i32 = out}, {.i32 = 1}, {.i32 = bad}, {.i32 = 3}};
    assert_int_equal(fake_call_slots(&TYPES, "[method]outgoing-request.set-authority", hostile), 0);
    assert_int_equal(hostile[0].i32, 1);
    fake_call(wasi_http_outgoing_handler_interface, "handle", out, 0, 0, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    uint32_t future;
    memcpy(&future, fake.memory + FAKE_AREA + 8, sizeof(future));
    /* option<result<result<response, error-code>>>: some, ok, err, the error's tag. */
    fake_call(TYPES, "[method]future-incoming-response.get", future, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_int_equal(fake.memory[FAKE_AREA + 8], 0);
    assert_int_equal(fake.memory[FAKE_AREA + 16], 1);
    assert_int_equal(fake.memory[FAKE_AREA + 24], WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_DENIED);
    /* And only once. */
    fake_call(TYPES, "[method]future-incoming-response.get", future, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA + 8], 1);
    assert_string_equal(warnings,
        "Warning: A component tried to make an outbound network connection to disallowed "
        "destination 'https://example.com:8080'.\n"
        "To allow this request, add 'allowed_outbound_hosts = [\"https://example.com:8080\"]' to "
        "the manifest component section.\n");
}

/* Requests to the application itself: answered with so many bytes. */
static struct {
    size_t length;
    unsigned answers, cut;
} itself;

static bool answer_itself(void *data, struct http_exchange *x, struct str component)
{
    static char bytes[5 * MIB];
    (void)data;
    assert_int_equal(component.len, 0);
    itself.answers++;
    assert_int_equal(x->ops->send_head(x, 200, NULL, 0), HTTP_IO_OK);
    if (x->ops->write_body(x, str_make(bytes, itself.length)) == HTTP_IO_OK)
        x->ops->finish(x);
    else
        itself.cut++;
    return true;
}

static int start_with_self(void **state)
{
    static const struct client_allowed_host self = {
        .kind = CLIENT_HOST_SELF, .end_port = UINT16_MAX + 1};
    static const struct client_allowed_hosts allowed = {&self, 1};
    static const struct wasi_config with_self = {
        .warn = keep_warning, .allowed_hosts = &allowed, .answer = answer_itself};
    (void)state;
    memset(&itself, 0, sizeof(itself));
    fake_start(&with_self);
    begin_again();
    return 0;
}

/* -1, or the tag of the error that the future holds already. */
static int ask_itself(uint32_t *ret_future)
{
    uint32_t out = (uint32_t)fake_get(&TYPES, "[constructor]outgoing-request", new_fields());
    fake.heap = FAKE_HEAP;
    fake_call(wasi_http_outgoing_handler_interface, "handle", out, 0, 0, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    memcpy(ret_future, fake.memory + FAKE_AREA + 8, sizeof(*ret_future));
    fake_call(TYPES, "[method]future-incoming-response.get", *ret_future, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    return fake.memory[FAKE_AREA + 16] ? fake.memory[FAKE_AREA + 24] : -1;
}

static void requests_to_itself_have_a_limit(void **state)
{
    (void)state;
    uint32_t futures[65];
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(ask_itself(&futures[i]), -1);
    assert_int_equal(ask_itself(&futures[64]), WASI_HTTP_TYPES_ERROR_CODE_CONNECTION_LIMIT_REACHED);
    assert_int_equal(itself.answers, 64);
    fake_drop_all();
    assert_int_equal(ask_itself(&futures[0]), -1);
}

static void answers_of_itself_have_a_limit(void **state)
{
    (void)state;
    uint32_t future;
    itself.length = 5 * MIB;
    for (size_t i = 0; i < 13; i++)
        assert_int_equal(ask_itself(&future), -1);
    assert_int_equal(itself.cut, 1);
    fake_drop_all();
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(ask_itself(&future), -1);
    assert_int_equal(itself.cut, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_hello),
        TEST(steady_state_allocates_nothing),
        TEST(shows_the_request),
        TEST(hides_fields_of_the_connection),
        TEST(checks_fields),
        TEST(sets_fields),
        TEST(repeated_changes_use_no_more_memory),
        TEST(fields_have_a_limit),
        TEST(wrappers_refuse_hostile_values),
        TEST(reads_the_body),
        TEST(reading_does_not_wait_unless_asked),
        TEST(a_client_that_goes_is_an_error),
        TEST(too_many_bytes_are_refused),
        TEST(a_body_without_finish_is_cut),
        TEST(a_fulfilled_content_length_is_complete),
        TEST(finish_needs_the_stream_dropped),
        TEST(bytes_before_the_response_are_kept),
        TEST(responses_without_body),
        TEST(a_bad_content_length_gives_no_body),
        TEST(errors_and_silence_send_nothing),
        TEST(statuses),
        TEST(a_set_is_only_for_requests),
        TEST(denies_outgoing_requests),
        cmocka_unit_test_setup_teardown(requests_to_itself_have_a_limit, start_with_self, stop),
        cmocka_unit_test_setup_teardown(answers_of_itself_have_a_limit, start_with_self, stop),
    };
    return cmocka_run_group_tests_name("wasi/http", tests, NULL, NULL);
}
