/*
 * What a client sends: requests one after another, read all at once and byte for byte. Whoever sits
 * in front of us may cut them differently, so both must be the same requests.
 */
#include "http/request.h"

#include "base/utf8.h"
#include "fuzz.h"
#include "http/server.h"

/* Gives the request its next bytes. */
static void receive(struct http_request *r, struct str *input, size_t step)
{
    size_t room;
    char *at = request_room(r, &room);
    BUG_IF(!at || !room);
    if (step > room)
        step = room;
    if (step > input->len)
        step = input->len;
    memcpy(at, input->ptr, step);
    r->len += step;
    *input = str_skip(*input, step);
}

static void describe(struct http_request *r, struct buf *out)
{
    if (!request_to_exchange(r, STR("127.0.0.1:1"), "127.0.0.1:3000")) {
        buf_printf(out, "status %u\n", r->status);
        return;
    }
    const struct http_exchange *x = &r->exchange;
    BUG_IF(!utf8_valid(x->path) || !x->authority.len || r->status);
    buf_printf(out, "%" STR_FMT " %" STR_FMT " %" STR_FMT "\n", STR_ARG(x->method),
        STR_ARG(x->authority), STR_ARG(x->path));
    for (size_t i = 0; i < x->field_count; i++) {
        BUG_IF(memchr(x->fields[i].value.ptr, '\n', x->fields[i].value.len));
        buf_printf(out, "%" STR_FMT ": %" STR_FMT "\n", STR_ARG(x->fields[i].name),
            STR_ARG(x->fields[i].value));
    }
    buf_append(out, r->data + r->body_at, request_body_here(r));
    buf_printf(out, "\nkeep %d done %d\n", r->keep_alive, r->body_done);
}

static void read_all(
    const struct http_server_options *options, struct str input, size_t step, struct buf *out)
{
    struct http_request *r = request_new(options);
    BUG_IF(!r);
    request_begin(r);
    enum request_progress progress = REQUEST_MORE;
    while (progress != REQUEST_REFUSE) {
        if (r->parsed >= r->len && !input.len)
            break;
        if (r->parsed >= r->len)
            receive(r, &input, step);
        progress = request_advance(r);
        BUG_IF(r->body_end > r->len || r->body_at > r->body_end || r->next > r->len);
        if (progress == REQUEST_REFUSE)
            buf_printf(out, "refused %u\n", r->status);
        if (progress != REQUEST_READY || !r->body_done)
            continue;
        describe(r, out);
        if (!r->keep_alive)
            break;
        arena_reset(&r->arena);
        request_next(r);
        request_begin(r);
    }
    request_free(r);
}

void fuzz_one(struct str input)
{
    struct http_server_options options;
    struct buf whole = BUF_INIT(64 * MIB), parts = BUF_INIT(64 * MIB);
    http_server_options_init(&options);
    read_all(&options, input, SIZE_MAX, &whole);
    read_all(&options, input, 1, &parts);
    BUG_IF(!str_equal(buf_str(&whole), buf_str(&parts)));
    buf_release(&whole);
    buf_release(&parts);
}
