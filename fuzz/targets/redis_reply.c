/* What a Redis server sends: all at once, and byte for byte, with the same result. */
#include "client/redis_reply.h"

#include "fuzz.h"

static void describe(const struct client_redis_reply *reply, struct buf *out)
{
    buf_printf(out, "%zu %d <%" STR_FMT ">", reply->count, reply->is_array, STR_ARG(reply->error));
    for (size_t i = 0; i < reply->count; i++) {
        const struct client_redis_value *v = &reply->values[i];
        if (v->kind == CLIENT_REDIS_INTEGER)
            buf_printf(out, " %lld", (long long)v->integer);
        else if (v->kind != CLIENT_REDIS_NIL)
            buf_append_str(out, v->text);
        buf_printf(out, " %d;", v->kind);
    }
}

/* Reads replies, `step` bytes at a time, until one is wrong or nothing is left. */
static void read_replies(struct str input, size_t step, struct buf *out)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(16 * MIB);
    struct client_redis_reader *reader = client_redis_reader_new();
    struct error err = ERROR_INIT;
    BUG_IF(!reader);
    client_redis_reader_begin(reader, &arena);
    while (input.len) {
        struct str part = str_make(input.ptr, input.len < step ? input.len : step);
        input = str_skip(input, part.len);
        struct client_redis_reply reply = {0};
        bool complete = true;
        if (!fuzz_succeeded(client_redis_reader_feed(reader, part, &err), &err))
            break;
        while (complete) {
            if (!fuzz_succeeded(client_redis_reader_next(reader, &complete, &reply, &err), &err)) {
                buf_append_cstr(out, "wrong");
                goto end;
            }
            if (complete) {
                describe(&reply, out);
                arena_reset(&arena);
                client_redis_reader_begin(reader, &arena);
            }
        }
    }
end:
    client_redis_reader_free(reader);
}

void fuzz_one(struct str input)
{
    struct buf whole = BUF_INIT(64 * MIB), parts = BUF_INIT(64 * MIB);
    read_replies(input, input.len, &whole);
    read_replies(input, 1, &parts);
    BUG_IF(!str_equal(buf_str(&whole), buf_str(&parts)));
    buf_release(&whole);
    buf_release(&parts);
}
