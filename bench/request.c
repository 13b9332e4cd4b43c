/*
 * One component's requests without a server: how long one takes with its rewind, and how many pages
 * the rewind copies back.
 *
 *     spindle-bench-request COMPONENT PATH [BODY]
 *
 * prints `<microseconds a request> <hot pages>`. The first requests settle the hot set and are not
 * counted.
 */
#include "base/file.h"
#include "base/limits.h"
#include "wasi/wasi.h"
#include "wasm/process.h"

enum { SETTLING = 1000, COUNTED = 20000 };

struct subject {
    struct buf bytes;
    struct component *component;
    struct component_program *program;
    struct wasm_image *image;
    struct component_instance *instance;
    struct wasi_context *context;
    struct component_func *handle;
};

/* What the exchange's operations need: the body not read yet, and the status that was sent. */
struct client {
    struct http_exchange exchange;
    struct str body;
    unsigned status;
};

static struct client *client_of(struct http_exchange *x)
{
    return (struct client *)((char *)x - offsetof(struct client, exchange));
}

static enum http_io read_body(struct http_exchange *x, size_t max, struct str *ret_bytes)
{
    struct client *c = client_of(x);
    if (!c->body.len)
        return HTTP_IO_END;
    *ret_bytes = str_make(c->body.ptr, c->body.len < max ? c->body.len : max);
    c->body = str_skip(c->body, ret_bytes->len);
    return HTTP_IO_OK;
}

static bool body_ready(struct http_exchange *x)
{
    (void)x;
    return true;
}

static enum http_io send_head(
    struct http_exchange *x, unsigned status, const struct http_field *fields, size_t count)
{
    (void)fields;
    (void)count;
    client_of(x)->status = status;
    return HTTP_IO_OK;
}

static enum http_io write_body(struct http_exchange *x, struct str bytes)
{
    (void)x;
    (void)bytes;
    return HTTP_IO_OK;
}

static size_t write_room(struct http_exchange *x)
{
    (void)x;
    return LIMIT_HTTP_QUEUE_BYTES;
}

static enum http_io finish(struct http_exchange *x)
{
    (void)x;
    return HTTP_IO_OK;
}

static const struct http_exchange_ops operations = {
    .read_body = read_body,
    .body_ready = body_ready,
    .send_head = send_head,
    .write_body = write_body,
    .write_room = write_room,
    .finish = finish,
};

/* From the file to an instance made from an image, as src/app does it. */
static int load(struct subject *s, const char *path, const char *shipped, struct error *err)
{
    static const struct wasi_config config = {0};
    struct component_native_options native = {
        .translate = {.load_barrier = true, .use_gs = true}, .shipped = shipped};
    struct component_program_options options = {.native = native,
        .limits = {.memory_bytes = 4 * GIB, .table_elements = LIMIT_WASM_TABLE_ELEMENTS}};
    struct component_instance *first;
    struct wasm_trap trap;
    options.hosts = wasi_hosts(&options.host_count);
    if (file_read(path, LIMIT_COMPONENT_BYTES, &s->bytes, err) < 0 ||
        component_decode(buf_str(&s->bytes), &native, &s->component, err) < 0 ||
        component_program_new(s->component, &options, &s->program, err) < 0 ||
        component_instantiate(s->program, NULL, &first, &trap, err) < 0)
        return -1;
    int taken = component_image(first, &s->image, err);
    component_instance_free(first);
    if (taken < 0 || wasi_context_new(&config, &s->context, err) < 0 ||
        component_instantiate(s->program, s->image, &s->instance, &trap, err) < 0)
        return -1;
    component_instance_set_host(s->instance, s->context);
    s->handle = component_instance_func(
        s->instance, STR("wasi:http/incoming-handler@0.2.0"), STR("handle"));
    return s->handle ? 0 : error_set(err, ERROR_INVALID, "'%s' handles no requests", path);
}

static int request(
    struct subject *s, struct arena *arena, const char *path, const char *body, struct error *err)
{
    struct http_field fields[] = {{STR("host"), STR("localhost")}, {STR("accept"), STR("*/*")}};
    struct client c = {
        .exchange = {.ops = &operations,
            .arena = arena,
            .method = body ? STR("POST") : STR("GET"),
            .path = str_of(path),
            .authority = STR("localhost"),
            .scheme = STR("http"),
            .client_address = STR("127.0.0.1:1"),
            .fields = fields,
            .field_count = countof(fields),
            .has_body = body != NULL},
        .body = str_of(body ? body : ""),
    };
    union wasm_value slots[2] = {{0}};
    struct wasm_trap trap = {0};
    if (wasi_http_begin(s->context, &c.exchange, s->instance, &slots[0].i32, &slots[1].i32, err) <
        0)
        return -1;
    int called = component_call_flat(s->handle, slots, &trap);
    enum wasi_http_outcome outcome = wasi_http_end(s->context);
    component_instance_rewind(s->instance);
    wasi_context_reset(s->context);
    arena_reset(arena);
    if (called < 0)
        return error_set(
            err, ERROR_TRAP, "trap: %s: %s", wasm_trap_message(trap.kind), trap.detail);
    if (outcome != WASI_HTTP_ANSWERED || c.status != 200)
        return error_set(err, ERROR_INVALID, "answered %u", c.status);
    return 0;
}

static int measure(struct subject *s, const char *path, const char *body, struct error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_REQUEST_ARENA);
    uint64_t begin = 0;
    int result = 0;
    for (int i = 0; result == 0 && i < SETTLING + COUNTED; i++) {
        if (i == SETTLING)
            begin = clock_thread_cpu_ns();
        result = request(s, &arena, path, body, err);
    }
    if (result == 0)
        printf("%.2f %u\n", (double)(clock_thread_cpu_ns() - begin) / COUNTED / 1000,
            wasm_store_hot_pages(component_instance_store(s->instance)));
    arena_release(&arena);
    return result;
}

static void release(struct subject *s)
{
    if (s->instance)
        component_instance_free(s->instance);
    wasi_context_free(s->context);
    if (s->image)
        wasm_image_unref(s->image);
    component_program_free(s->program);
    component_free(s->component);
    buf_release(&s->bytes);
}

int main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    struct arena a = ARENA_INIT(MIB);
    struct subject s = {.bytes = BUF_INIT(0)};
    char *folder;
    if (argc < 3) {
        fputs("usage: spindle-bench-request COMPONENT PATH [BODY]\n", stderr);
        return 2;
    }
    int result = path_of_program(&a, &folder, &err);
    if (result == 0)
        result = wasm_process_init(&err);
    if (result == 0)
        result = wasm_thread_init(&err);
    if (result == 0)
        result = load(&s, argv[1], path_join(&a, folder, "../lib/spindle/code"), &err);
    if (result == 0)
        result = measure(&s, argv[2], argv[3], &err);
    if (result < 0) {
        struct buf text = BUF_INIT(64 * KIB);
        error_append_line(&err, &text);
        fprintf(stderr, "spindle-bench-request: %s\n", buf_cstr(&text));
        buf_release(&text);
        error_release(&err);
    }
    release(&s);
    arena_release(&a);
    return result < 0;
}
