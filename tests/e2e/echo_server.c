/*
 * The HTTP server without a guest, for protocol tests: each path answers in its own way.
 * Prints the address that it listens on; options are name=value pairs of http_server_options.
 */
#include <poll.h>
#include <signal.h>

#include "base/limits.h"
#include "http/server.h"

static struct http_server *running;

static void stop(int signal_number)
{
    (void)signal_number;
    http_server_stop(running);
}

static uint64_t query_number(struct http_exchange *x)
{
    ptrdiff_t mark = str_find_byte(x->path, '?');
    uint64_t value = 0;
    if (mark >= 0)
        str_to_u64(str_skip(x->path, (size_t)mark + 1), &value);
    return value;
}

static void answer(struct http_exchange *x, unsigned status, struct str body)
{
    struct http_field field = {STR("content-type"), STR("text/plain")};
    if (x->ops->send_head(x, status, &field, 1) == HTTP_IO_OK &&
        x->ops->write_body(x, body) == HTTP_IO_OK)
        x->ops->finish(x);
}

static void hello(struct http_exchange *x)
{
    struct http_field fields[] = {
        {STR("content-type"), STR("text/plain")}, {STR("content-length"), STR("18")}};
    x->ops->send_head(x, 200, fields, 2);
    x->ops->write_body(x, STR("Hello from Python!"));
    x->ops->finish(x);
}

static void echo(struct http_exchange *x)
{
    struct str bytes;
    enum http_io got;
    if (x->ops->send_head(x, 200, NULL, 0) != HTTP_IO_OK)
        return;
    while ((got = x->ops->read_body(x, 16 * KIB, &bytes)) == HTTP_IO_OK)
        if (x->ops->write_body(x, bytes) != HTTP_IO_OK)
            return;
    if (got == HTTP_IO_END)
        x->ops->finish(x);
}

static void count(struct http_exchange *x)
{
    struct str bytes;
    uint64_t sum = 0;
    enum http_io got;
    while ((got = x->ops->read_body(x, 16 * KIB, &bytes)) == HTTP_IO_OK)
        sum += bytes.len;
    if (got == HTTP_IO_END)
        answer(x, 200, str_of(arena_printf(x->arena, "%llu", (unsigned long long)sum)));
}

static void show(struct http_exchange *x)
{
    struct buf text = BUF_INIT(MIB);
    buf_printf(&text, "%" STR_FMT " %" STR_FMT " %" STR_FMT " %d\n", STR_ARG(x->method),
        STR_ARG(x->path), STR_ARG(x->authority), x->has_body);
    for (size_t i = 0; i < x->field_count; i++)
        buf_printf(&text, "%" STR_FMT "=%" STR_FMT "\n", STR_ARG(x->fields[i].name),
            STR_ARG(x->fields[i].value));
    answer(x, 200, buf_str(&text));
    buf_release(&text);
}

static void big(struct http_exchange *x)
{
    static const char piece[4096] = {'x'};
    uint64_t left = query_number(x);
    if (x->ops->send_head(x, 200, NULL, 0) != HTTP_IO_OK)
        return;
    while (left) {
        size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
        if (x->ops->write_body(x, str_make(piece, n)) != HTTP_IO_OK)
            return;
        left -= n;
    }
    x->ops->finish(x);
}

static void sleep_and_answer(struct http_exchange *x)
{
    http_thread_blocks();
    poll(NULL, 0, (int)query_number(x));
    http_thread_resumes();
    answer(x, 200, STR("slept"));
}

static void half_length(struct http_exchange *x)
{
    struct http_field field = {STR("content-length"), STR("10")};
    x->ops->send_head(x, 200, &field, 1);
    x->ops->write_body(x, STR("abc"));
    if (query_number(x))
        x->ops->flush(x);
    x->ops->finish(x);
}

static void too_much(struct http_exchange *x)
{
    struct http_field field = {STR("content-length"), STR("2")};
    x->ops->send_head(x, 200, &field, 1);
    if (x->ops->write_body(x, STR("abc")) == HTTP_IO_OK)
        x->ops->finish(x);
}

static void pieces(struct http_exchange *x)
{
    x->ops->send_head(x, 200, NULL, 0);
    x->ops->write_body(x, STR("one"));
    x->ops->flush(x);
    x->ops->write_body(x, STR("two"));
    x->ops->flush(x);
    if (query_number(x) == 0)
        x->ops->finish(x);
}

static void fields(struct http_exchange *x)
{
    struct http_field list[] = {{STR("x-first"), STR("1")}, {STR("connection"), STR("upgrade")},
        {STR("transfer-encoding"), STR("gzip")}, {STR("x-first"), STR("2")},
        {STR("date"), STR("long ago")}};
    x->ops->send_head(x, 201, list, countof(list));
    x->ops->finish(x);
}

static void status(struct http_exchange *x)
{
    answer(x, (unsigned)query_number(x), STR("body"));
}

static void rejected(struct http_exchange *x)
{
    x->ops->send_head(x, 200, NULL, 0);
    x->ops->write_body(x, STR("never seen"));
    if (query_number(x))
        x->ops->flush(x);
    x->ops->reject(x, 504);
}

static void ignored(struct http_exchange *x)
{
    (void)x;
}

static const struct {
    const char *path;
    void (*handle)(struct http_exchange *x);
} handlers[] = {
    {"/hello", hello},
    {"/echo", echo},
    {"/count", count},
    {"/show", show},
    {"/big", big},
    {"/sleep", sleep_and_answer},
    {"/half", half_length},
    {"/toomuch", too_much},
    {"/pieces", pieces},
    {"/fields", fields},
    {"/status", status},
    {"/reject", rejected},
    {"/ignore", ignored},
};

static void handle(void *data, struct http_exchange *x)
{
    (void)data;
    for (size_t i = 0; i < countof(handlers); i++)
        if (str_starts_with(x->path, str_of(handlers[i].path))) {
            handlers[i].handle(x);
            return;
        }
    show(x);
}

static void set_option(struct http_server_options *o, const char *name, uint64_t value)
{
    if (!strcmp(name, "threads"))
        o->threads = (unsigned)value;
    else if (!strcmp(name, "max_threads"))
        o->max_threads = (unsigned)value;
    else if (!strcmp(name, "max_streams"))
        o->max_streams = (unsigned)value;
    else if (!strcmp(name, "max_connections"))
        o->max_connections = (unsigned)value;
    else if (!strcmp(name, "max_head_bytes"))
        o->max_head_bytes = value;
    else if (!strcmp(name, "max_fields"))
        o->max_fields = value;
    else if (!strcmp(name, "max_body_bytes"))
        o->max_body_bytes = value;
    else if (!strcmp(name, "body_ahead_bytes"))
        o->body_ahead_bytes = value;
    else if (!strcmp(name, "max_held_bytes"))
        o->max_held_bytes = value;
    else if (!strcmp(name, "queue_bytes"))
        o->queue_bytes = value;
    else if (!strcmp(name, "idle_ms"))
        o->idle_ns = value * NS_PER_MS;
    else if (!strcmp(name, "read_ms"))
        o->read_ns = value * NS_PER_MS;
    else if (!strcmp(name, "write_ms"))
        o->write_ns = value * NS_PER_MS;
    else
        BUG("no option '%s'", name);
}

int main(int argc, char **argv)
{
    struct http_server_options options;
    struct error err = ERROR_INIT;
    http_server_options_init(&options);
    options.listen = "127.0.0.1:0";
    options.handle = handle;
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        uint64_t value;
        if (!equals || !str_to_u64(str_of(equals + 1), &value))
            BUG("not an option: %s", argv[i]);
        *equals = '\0';
        set_option(&options, argv[i], value);
    }
    if (http_server_new(&options, &running, &err) < 0) {
        fprintf(stderr, "%s\n", error_message(&err));
        return 1;
    }
    signal(SIGTERM, stop);
    printf("%s\n", http_server_address(running));
    fflush(stdout);
    if (http_server_run(running, &err) < 0)
        return 1;
    if (!http_server_busy(running))
        http_server_free(running);
    return 0;
}
