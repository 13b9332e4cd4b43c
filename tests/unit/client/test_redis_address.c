#include "client/redis_address.h"

#include "../unit.h"
#include "base/buf.h"
#include "base/limits.h"

static struct client_redis_address parse(struct arena *arena, const char *text)
{
    struct error err = ERROR_INIT;
    struct client_redis_address address;
    if (client_redis_address_parse(str_of(text), arena, &address, &err) < 0)
        fail_msg("%s: %s", text, error_message(&err));
    return address;
}

static void forms(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT(64 * KIB);
    struct client_redis_address a = parse(&arena, "redis://localhost");
    assert_true(str_is(a.host, "localhost"));
    assert_int_equal(a.port, 6379);
    assert_int_equal(a.database, 0);
    assert_int_equal(a.user.len + a.password.len, 0);

    a = parse(&arena, "redis://ada:p%40%3as%25@[::1]:7000/15?protocol=resp3");
    assert_true(str_is(a.user, "ada"));
    assert_true(str_is(a.password, "p@:s%"));
    assert_true(str_is(a.host, "::1"));
    assert_int_equal(a.port, 7000);
    assert_int_equal(a.database, 15);

    a = parse(&arena, "redis://:se:c@ret%@host:1/");
    assert_int_equal(a.user.len, 0);
    assert_true(str_is(a.password, "se:c@ret%"));
    assert_true(str_is(a.host, "host"));
    arena_release(&arena);
}

/* Whoever opens it chose the length, and the pool remembers it. */
static void long_ones(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT(64 * KIB);
    struct buf text = BUF_INIT(64 * KIB);
    struct error err = ERROR_INIT;
    struct client_redis_address address;
    buf_append_cstr(&text, "redis://host/");
    while (text.len < 4096)
        buf_append_byte(&text, '0');
    assert_int_equal(client_redis_address_parse(buf_str(&text), &arena, &address, &err), 0);
    buf_append_byte(&text, '0');
    assert_int_equal(client_redis_address_parse(buf_str(&text), &arena, &address, &err), -1);
    assert_int_equal(err.kind, ERROR_INVALID);
    assert_string_equal(error_message(&err), "the address is longer than 4096 bytes");
    error_release(&err);
    buf_release(&text);
    arena_release(&arena);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum error_kind kind;
    } rows[] = {
        {"", ERROR_INVALID},
        {"localhost:6379", ERROR_INVALID},
        {"http://localhost:6379", ERROR_INVALID},
        {"redis://", ERROR_INVALID},
        {"redis://:6379", ERROR_INVALID},
        {"redis://host:port", ERROR_INVALID},
        {"redis://host:70000", ERROR_INVALID},
        {"redis://host/db", ERROR_INVALID},
        {"redis://host/-1", ERROR_INVALID},
        {"redis://host/99999999999", ERROR_INVALID},
        {"redis://host/0?x=y", ERROR_INVALID},
        {"rediss://host:6379", ERROR_UNSUPPORTED},
        {"unix:///run/redis.sock", ERROR_UNSUPPORTED},
        {"redis+unix:///run/redis.sock", ERROR_UNSUPPORTED},
    };
    struct arena arena = ARENA_INIT(64 * KIB);
    for (size_t i = 0; i < countof(rows); i++) {
        struct error err = ERROR_INIT;
        struct client_redis_address address;
        assert_int_equal(
            client_redis_address_parse(str_of(rows[i].text), &arena, &address, &err), -1);
        assert_int_equal(err.kind, rows[i].kind);
        error_release(&err);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(long_ones),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
