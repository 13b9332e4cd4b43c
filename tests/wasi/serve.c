/*
 * Serves a component's handler from memory: wasi-serve COMPONENT ROUNDS. Every kind of request is
 * made in every round; after each the instance must equal its image, and nothing may be left over.
 */
#include "base/file.h"
#include "base/limits.h"
#include "wasi/wasi.h"
#include "wasm/process.h"

struct peer {
    struct http_exchange x;
    unsigned status, finishes;
    size_t body_len;
};

static enum http_io read_body(struct http_exchange *x, size_t max, struct str *ret_bytes)
{
    (void)x;
    (void)max;
    *ret_bytes = STR_EMPTY;
    return HTTP_IO_END;
}

static bool body_ready(struct http_exchange *x)
{
    (void)x;
    return true;
}

static enum http_io send_head(
    struct http_exchange *x, unsigned status, const struct http_field *fields, size_t count)
{
    struct peer *peer = (struct peer *)x;
    bool right = count == 1 && str_equal(fields[0].name, STR("content-type")) &&
                 str_equal(fields[0].value, STR("text/plain"));
    peer->status = right ? status : 0;
    return HTTP_IO_OK;
}

static enum http_io write_body(struct http_exchange *x, struct str bytes)
{
    struct peer *peer = (struct peer *)x;
    peer->body_len += str_equal(bytes, STR("Hello from a guest!")) ? bytes.len : 1000;
    return HTTP_IO_OK;
}

static size_t write_room(struct http_exchange *x)
{
    (void)x;
    return SIZE_MAX;
}

static enum http_io finish(struct http_exchange *x)
{
    ((struct peer *)x)->finishes++;
    return HTTP_IO_OK;
}

static const struct http_exchange_ops ops = {.read_body = read_body,
    .body_ready = body_ready,
    .send_head = send_head,
    .write_body = write_body,
    .write_room = write_room,
    .finish = finish};

static struct http_field fields[] = {{{"host", 4}, {"localhost", 9}}, {{"accept", 6}, {"*/*", 3}}};

static const struct expectation {
    const char *path;
    enum wasm_trap_kind trap;
    enum wasi_http_outcome outcome;
} expectations[] = {
    {"/h", WASM_TRAP_NONE, WASI_HTTP_ANSWERED},
    {"/l", WASM_TRAP_NONE, WASI_HTTP_ANSWERED},
    {"/t", WASM_TRAP_UNREACHABLE, WASI_HTTP_NO_RESPONSE},
    {"/n", WASM_TRAP_NONE, WASI_HTTP_NO_RESPONSE},
    {"/s", WASM_TRAP_NONE, WASI_HTTP_ANSWERED},
    {"/c", WASM_TRAP_NONE, WASI_HTTP_CUT},
    {"/x", WASM_TRAP_EXIT, WASI_HTTP_NO_RESPONSE},
    {"/b", WASM_TRAP_COMPONENT, WASI_HTTP_NO_RESPONSE},
    {"/m", WASM_TRAP_COMPONENT, WASI_HTTP_NO_RESPONSE},
};

struct server {
    struct component *component;
    struct component_program *program;
    struct wasm_image *image;
    struct component_instance *instance;
    struct wasi_context *context;
    struct component_func *handle;
};

static int start(struct server *s, struct str bytes, struct error *err)
{
    static const struct wasi_config config = {0};
    struct component_program_options options = {
        .limits = {.memory_bytes = 64 * MIB, .table_elements = 1000}};
    struct wasm_trap trap;
    options.hosts = wasi_hosts(&options.host_count);
    if (component_decode(bytes, NULL, &s->component, err) < 0 ||
        component_program_new(s->component, &options, &s->program, err) < 0 ||
        component_instantiate(s->program, NULL, &s->instance, &trap, err) < 0 ||
        component_image(s->instance, &s->image, err) < 0)
        return -1;
    component_instance_free(s->instance);
    s->instance = NULL;
    if (component_instantiate(s->program, s->image, &s->instance, &trap, err) < 0 ||
        wasi_context_new(&config, &s->context, err) < 0)
        return -1;
    component_instance_set_host(s->instance, s->context);
    s->handle = component_instance_func(
        s->instance, STR("wasi:http/incoming-handler@0.2.0"), STR("handle"));
    return s->handle ? 0 : error_set(err, ERROR_NOT_FOUND, "the component exports no handler");
}

static void stop(struct server *s)
{
    component_instance_free(s->instance);
    wasi_context_free(s->context);
    if (s->image)
        wasm_image_unref(s->image);
    component_program_free(s->program);
    component_free(s->component);
}

static int check(const struct expectation *expected, const struct peer *peer,
    enum wasm_trap_kind trap, enum wasi_http_outcome outcome, struct error *err)
{
    bool answered = expected->outcome == WASI_HTTP_ANSWERED;
    bool sent = answered || expected->outcome == WASI_HTTP_CUT;
    if (trap != expected->trap || outcome != expected->outcome)
        return error_set(err, ERROR_INVALID, "%s: trap '%s', outcome %d", expected->path,
            wasm_trap_message(trap), outcome);
    if (peer->status != (sent ? 200 : 0) || peer->body_len != (sent ? 19 : 0) ||
        peer->finishes != (answered ? 1 : 0))
        return error_set(err, ERROR_INVALID, "%s: status %u, %zu bytes, %u finishes",
            expected->path, peer->status, peer->body_len, peer->finishes);
    return 0;
}

static int serve_one(struct server *s, const struct expectation *expected, struct error *err)
{
    struct peer peer = {.x = {.ops = &ops,
                            .method = STR("GET"),
                            .path = str_of(expected->path),
                            .authority = STR("localhost"),
                            .scheme = STR("http"),
                            .fields = fields,
                            .field_count = countof(fields)}};
    union wasm_value slots[2] = {{0}};
    struct wasm_trap trap = {.kind = WASM_TRAP_NONE};
    if (wasi_http_begin(s->context, &peer.x, s->instance, &slots[0].i32, &slots[1].i32, err) < 0)
        return -1;
    if (component_call_flat(s->handle, slots, &trap) == 0)
        trap.kind = WASM_TRAP_NONE;
    enum wasi_http_outcome outcome = wasi_http_end(s->context);
    component_instance_rewind(s->instance);
    wasi_context_reset(s->context);
    if (component_instance_compare(s->instance, err) < 0)
        return error_wrap(err, "after %s", expected->path);
    return check(expected, &peer, trap.kind, outcome, err);
}

static int run(const char *path, uint64_t rounds, struct error *err)
{
    CLEANUP(buf_release) struct buf bytes = BUF_INIT(0);
    struct server server = {0};
    if (wasm_process_init(err) < 0 || wasm_thread_init(err) < 0 ||
        file_read(path, LIMIT_COMPONENT_BYTES, &bytes, err) < 0)
        return -1;
    int result = start(&server, buf_str(&bytes), err);
    for (uint64_t i = 0; i < rounds && result == 0; i++)
        for (size_t kind = 0; kind < countof(expectations) && result == 0; kind++)
            result = serve_one(&server, &expectations[kind], err);
    stop(&server);
    wasm_thread_release();
    return result;
}

int main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    uint64_t rounds;
    if (argc != 3 || !str_to_u64(str_of(argv[2]), &rounds))
        return 2;
    int result = run(argv[1], rounds, &err);
    CLEANUP(buf_release) struct buf line = BUF_INIT(1 * MIB);
    error_append_line(&err, &line);
    printf("%s\n", result < 0 ? buf_cstr(&line) : "all requests as expected");
    error_release(&err);
    return result < 0;
}
