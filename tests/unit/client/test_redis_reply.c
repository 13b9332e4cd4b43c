#include "client/redis_reply.h"

#include "../unit.h"
#include "base/limits.h"

static struct arena arena;
static struct client_redis_reader *reader;

static int start(void **state)
{
    (void)state;
    arena = ARENA_INIT(MIB);
    reader = client_redis_reader_new();
    assert_non_null(reader);
    client_redis_reader_begin(reader, &arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    client_redis_reader_free(reader);
    arena_release(&arena);
    return 0;
}

static void feed(struct str bytes)
{
    struct error err = ERROR_INIT;
    assert_int_equal(client_redis_reader_feed(reader, bytes, &err), 0);
}

/* Byte for byte, so that every state of the reader is met. */
static struct client_redis_reply read_slowly(struct str bytes)
{
    struct error err = ERROR_INIT;
    struct client_redis_reply reply = {0};
    bool complete = false;
    for (size_t i = 0; i < bytes.len; i++) {
        assert_false(complete);
        feed(str_make(bytes.ptr + i, 1));
        assert_int_equal(client_redis_reader_next(reader, &complete, &reply, &err), 0);
    }
    assert_true(complete);
    assert_true(client_redis_reader_is_empty(reader));
    return reply;
}

static void assert_fails(struct str bytes, enum error_kind kind)
{
    struct error err = ERROR_INIT;
    struct client_redis_reply reply;
    bool complete;
    feed(bytes);
    assert_int_equal(client_redis_reader_next(reader, &complete, &reply, &err), -1);
    assert_int_equal(err.kind, kind);
    error_release(&err);
}

static void every_kind(void **state)
{
    (void)state;
    struct client_redis_reply reply = read_slowly(STR("+OK\r\n"));
    assert_int_equal(reply.count, 1);
    assert_false(reply.is_array);
    assert_int_equal(reply.values[0].kind, CLIENT_REDIS_STATUS);
    assert_true(str_is(reply.values[0].text, "OK"));

    client_redis_reader_begin(reader, &arena);
    reply = read_slowly(STR(":-42\r\n"));
    assert_int_equal(reply.values[0].kind, CLIENT_REDIS_INTEGER);
    assert_int_equal(reply.values[0].integer, -42);

    client_redis_reader_begin(reader, &arena);
    reply = read_slowly(STR("$3\r\na\0b\r\n"));
    assert_int_equal(reply.values[0].kind, CLIENT_REDIS_BYTES);
    assert_true(str_equal(reply.values[0].text, STR("a\0b")));

    client_redis_reader_begin(reader, &arena);
    reply = read_slowly(STR("$-1\r\n"));
    assert_int_equal(reply.values[0].kind, CLIENT_REDIS_NIL);

    client_redis_reader_begin(reader, &arena);
    reply = read_slowly(STR("-WRONGTYPE no\r\n"));
    assert_int_equal(reply.count, 0);
    assert_true(str_is(reply.error, "WRONGTYPE no"));
}

static void arrays_are_flattened(void **state)
{
    (void)state;
    struct client_redis_reply reply =
        read_slowly(STR("*4\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n*-1\r\n*5\r\n"
                        "+b\r\n:2\r\n:3\r\n:4\r\n:5\r\n"));
    assert_true(reply.is_array);
    assert_int_equal(reply.count, 8);
    assert_int_equal(reply.values[0].integer, 1);
    assert_true(str_is(reply.values[1].text, "a"));
    assert_int_equal(reply.values[2].kind, CLIENT_REDIS_NIL);
    assert_true(str_is(reply.values[3].text, "b"));
    assert_int_equal(reply.values[7].integer, 5);
}

static void an_error_in_an_array_counts(void **state)
{
    (void)state;
    struct client_redis_reply reply = read_slowly(STR("*2\r\n-ERR first\r\n-ERR second\r\n"));
    assert_true(str_is(reply.error, "ERR first"));
}

static void two_replies_at_once(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct client_redis_reply reply;
    bool complete;
    feed(STR(":1\r\n:2\r\n"));
    assert_int_equal(client_redis_reader_next(reader, &complete, &reply, &err), 0);
    assert_true(complete);
    assert_false(client_redis_reader_is_empty(reader));
}

static void what_is_no_reply(void **state)
{
    (void)state;
    assert_fails(STR("HTTP/1.1 400 Bad Request\r\n"), ERROR_INVALID);
}

static void a_length_that_lies(void **state)
{
    (void)state;
    assert_fails(STR("$-7\r\n"), ERROR_INVALID);
}

static void nested_too_deep(void **state)
{
    (void)state;
    struct buf bytes = BUF_INIT(KIB);
    for (int i = 0; i < 20; i++)
        buf_append_cstr(&bytes, "*1\r\n");
    assert_fails(buf_str(&bytes), ERROR_INVALID);
    buf_release(&bytes);
}

/* More elements are announced than could ever come: nothing is allocated for them. */
static void a_huge_array_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct client_redis_reply reply;
    bool complete;
    feed(STR("*2147483647\r\n:1\r\n"));
    assert_int_equal(client_redis_reader_next(reader, &complete, &reply, &err), 0);
    assert_false(complete);
    assert_true(arena.used < 64 * KIB);
}

static void values_fill_the_arena(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct client_redis_reply reply;
    bool complete = false;
    feed(STR("*2147483647\r\n"));
    int result = 0;
    for (int i = 0; i < 1000000 && result == 0; i++) {
        feed(STR(":1\r\n"));
        result = client_redis_reader_next(reader, &complete, &reply, &err);
    }
    assert_int_equal(result, -1);
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_string_equal(error_message(&err), "query result exceeds limit of 134217728 bytes");
    error_release(&err);
}

static void a_reply_is_bounded_before_it_is_complete(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    char *bytes = calloc(1, MIB);
    int result = 0;
    feed(STR("$2000000000\r\n"));
    for (int i = 0; i < 128 && result == 0; i++)
        result = client_redis_reader_feed(reader, str_make(bytes, MIB), &err);
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind),
        TEST(arrays_are_flattened),
        TEST(an_error_in_an_array_counts),
        TEST(two_replies_at_once),
        TEST(what_is_no_reply),
        TEST(a_length_that_lies),
        TEST(nested_too_deep),
        TEST(a_huge_array_is_read_as_far_as_it_goes),
        TEST(values_fill_the_arena),
        TEST(a_reply_is_bounded_before_it_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
