/*
 * Connections and their pool against a server of the test's own, which says what it is told to,
 * hostile things included. What a real server does is in tests/e2e/test_redis.py.
 */
#include "client/redis.h"

#include "../unit.h"
#include "../redis_server.h"
#include "base/limits.h"

/* One client. */

static struct arena arena;
static struct client_redis_pool *pool;
static unsigned waits;

static void count_wait(void *data)
{
    (void)data;
    waits++;
}

static void nothing(void *data)
{
    (void)data;
}

static const struct client_wait patient = {
    .blocks = count_wait, .resumes = nothing, .deadline = NEVER};

static void client_start(unsigned max_connections)
{
    struct error err = ERROR_INIT;
    const struct client_redis_pool_options options = {.max_connections = max_connections};
    arena = ARENA_INIT(MIB);
    assert_int_equal(client_redis_pool_new(&options, &pool, &err), 0);
}

static void client_stop(void)
{
    client_redis_pool_free(pool);
    arena_release(&arena);
}

static struct client_redis *take(
    const struct server *server, const char *userinfo, const char *path, struct error *err)
{
    struct client_redis_address address;
    struct client_redis *connection = NULL;
    const char *text =
        arena_printf(&arena, "redis://%s127.0.0.1:%u%s", userinfo, server->port, path);
    assert_int_equal(client_redis_address_parse(str_of(text), &arena, &address, err), 0);
    return client_redis_take(pool, &address, &patient, &connection, err) < 0 ? NULL : connection;
}

static int say(struct client_redis *connection, const char *word, struct client_redis_reply *reply,
    struct error *err)
{
    struct str words[] = {str_of(word)};
    return client_redis_command(connection, words, 1, &patient, &arena, reply, err);
}

static void assert_says(struct client_redis *connection, const char *word)
{
    struct error err = ERROR_INIT;
    struct client_redis_reply reply;
    assert_int_equal(say(connection, word, &reply, &err), 0);
}

static void a_connection_is_reused(void **state)
{
    (void)state;
    static const char *const answers[] = {"+a\r\n", "+b\r\n", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    server_start(&server, 1, answers);
    client_start(1);
    for (int i = 0; i < 2; i++) {
        struct client_redis *connection = take(&server, "", "", &err);
        assert_non_null(connection);
        assert_says(connection, "PING");
        client_redis_give(connection);
    }
    client_stop();
    server_stop(&server);
}

static void a_connection_with_a_state_is_closed(void **state)
{
    (void)state;
    static const char *const answers[] = {"+OK\r\n", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    server_start(&server, 3, answers);
    client_start(1);
    static const char *const commands[] = {"select", "MULTI", "some.module"};
    for (size_t i = 0; i < countof(commands); i++) {
        struct client_redis *connection = take(&server, "", "", &err);
        assert_non_null(connection);
        assert_says(connection, commands[i]);
        client_redis_give(connection);
    }
    client_stop();
    server_stop(&server);
}

/* The first one is idle when the second is wanted, and makes room. */
static void another_address_is_another_connection(void **state)
{
    (void)state;
    static const char *const answers[] = {"+OK\r\n", "+OK\r\n", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    server_start(&server, 2, answers);
    client_start(1);
    struct client_redis *connection = take(&server, "ada:secret@", "/3", &err);
    assert_non_null(connection);
    client_redis_give(connection);
    connection = take(&server, ":other@", "/3", &err);
    assert_non_null(connection);
    client_redis_give(connection);
    client_stop();
    pthread_join(server.thread, NULL);
    assert_string_equal(buf_cstr(&server.seen),
        "*3\r\n$4\r\nAUTH\r\n$3\r\nada\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
        "*2\r\n$4\r\nAUTH\r\n$5\r\nother\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n");
    close(server.fd);
    buf_release(&server.seen);
}

/* The server's thread ends when its connection does. */
static void what_nobody_uses_is_closed(void **state)
{
    (void)state;
    static const char *const answers[] = {"+a\r\n", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    const struct client_redis_pool_options options = {.idle_ns = 10 * NS_PER_MS};
    server_start(&server, 2, answers);
    arena = ARENA_INIT(MIB);
    assert_int_equal(client_redis_pool_new(&options, &pool, &err), 0);
    for (int i = 0; i < 2; i++) {
        struct client_redis *connection = take(&server, "", "", &err);
        assert_non_null(connection);
        assert_says(connection, "PING");
        client_redis_give(connection);
        if (i == 0) /* nothing is open, and then something again */
            server_wait_for_end(&server, 1);
    }
    server_stop(&server);
    client_stop();
}

static void the_maximum(void **state)
{
    (void)state;
    static const char *const answers[] = {"+OK\r\n", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    server_start(&server, 1, answers);
    client_start(1);
    struct client_redis *connection = take(&server, "", "", &err);
    assert_non_null(connection);
    assert_null(take(&server, "", "", &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    error_release(&err);
    client_redis_give(connection);
    client_stop();
    server_stop(&server);
}

static void a_refused_password(void **state)
{
    (void)state;
    static const char *const answers[] = {"-WRONGPASS invalid\r\n", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    server_start(&server, 1, answers);
    client_start(1);
    assert_null(take(&server, "ada:secret@", "", &err));
    assert_int_equal(err.kind, ERROR_DENIED);
    assert_string_equal(error_message(&err), "WRONGPASS invalid");
    error_release(&err);
    client_stop();
    server_stop(&server);
}

/* The server closes what was idle, or says something that nobody asked for. */
static void a_dead_connection_is_noticed(void **state)
{
    (void)state;
    static const char *const answers[] = {"+a\r\n", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    server_start(&server, 2, answers);
    client_start(1);
    struct client_redis *connection = take(&server, "", "", &err);
    assert_says(connection, "PING");
    client_redis_give(connection);
    static const char *const two[] = {"+b\r\n+c\r\n", NULL};
    server.answers = two;
    struct client_redis *again = take(&server, "", "", &err);
    assert_ptr_equal(again, connection); /* still the first */
    struct client_redis_reply reply;
    assert_int_equal(say(again, "PING", &reply, &err), -1); /* the server closes */
    assert_int_equal(err.kind, ERROR_IO);
    error_release(&err);
    assert_int_equal(say(again, "PING", &reply, &err), -1); /* and it stays closed */
    assert_string_equal(error_message(&err), "the connection to the Redis server is closed");
    error_release(&err);
    client_redis_give(again);
    connection = take(&server, "", "", &err);
    assert_says(connection, "PING"); /* two answers: the second is left */
    client_redis_give(connection);
    client_stop();
    server_stop(&server);
}

static void what_is_no_redis(void **state)
{
    (void)state;
    static const char *const answers[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    struct client_redis_reply reply;
    server_start(&server, 1, answers);
    client_start(1);
    struct client_redis *connection = take(&server, "", "", &err);
    assert_int_equal(say(connection, "PING", &reply, &err), -1);
    assert_int_equal(err.kind, ERROR_INVALID);
    error_release(&err);
    client_redis_give(connection);
    client_stop();
    server_stop(&server);
}

/* Nobody answers: the request's time ends the wait, and another thread could work meanwhile. */
static void a_silent_server(void **state)
{
    (void)state;
    static const char *const answers[] = {"", NULL};
    struct server server;
    struct error err = ERROR_INIT;
    struct client_redis_reply reply;
    server_start(&server, 1, answers);
    client_start(1);
    struct client_redis *connection = take(&server, "", "", &err);
    struct client_wait hasty = patient;
    hasty.deadline = clock_monotonic_ns() + 20 * NS_PER_MS;
    waits = 0;
    assert_int_equal(client_redis_command(
                         connection, (struct str[]){STR("PING")}, 1, &hasty, &arena, &reply, &err),
        -1);
    assert_int_equal(err.kind, ERROR_TIMEOUT);
    assert_string_equal(error_message(&err), "the request's time is over");
    assert_int_equal(waits, 1);
    error_release(&err);
    client_redis_give(connection);
    client_stop();
    server_stop(&server);
}

static void nobody_listens(void **state)
{
    (void)state;
    static const char *const answers[] = {NULL};
    struct server server;
    struct error err = ERROR_INIT;
    server_start(&server, 0, answers);
    pthread_join(server.thread, NULL);
    close(server.fd);
    client_start(1);
    assert_null(take(&server, "", "", &err));
    assert_int_equal(err.kind, ERROR_IO);
    error_release(&err);
    assert_null(take(&server, "", "", &err)); /* a failure takes nobody's place */
    assert_int_equal(err.kind, ERROR_IO);
    error_release(&err);
    client_stop();
}

static void blocked_networks(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct client_redis_pool_options options = {.blocked.private = true};
    struct client_redis_address address;
    struct client_redis *connection;
    arena = ARENA_INIT(MIB);
    assert_int_equal(client_redis_pool_new(&options, &pool, &err), 0);
    assert_int_equal(
        client_redis_address_parse(STR("redis://127.0.0.1"), &arena, &address, &err), 0);
    assert_int_equal(client_redis_take(pool, &address, &patient, &connection, &err), -1);
    assert_int_equal(err.kind, ERROR_DENIED);
    error_release(&err);
    client_stop();
}

static void commands_that_leave_nothing(void **state)
{
    (void)state;
    static const char *const good[] = {"APPEND", "get", "Set", "ZUNIONSTORE", "BLPOP", "eval"};
    static const char *const bad[] = {"", "MULTI", "EXEC", "watch", "SELECT", "AUTH", "HELLO",
        "CLIENT", "SUBSCRIBE", "MONITOR", "RESET", "QUIT", "SCRIPT", "CONFIG", "GE", "GETT",
        "a name that is longer than any command"};
    for (size_t i = 0; i < countof(good); i++)
        assert_true(client_redis_leaves_nothing(str_of(good[i])));
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(client_redis_leaves_nothing(str_of(bad[i])));
    assert_false(client_redis_leaves_nothing(STR("GET\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_reused),
        cmocka_unit_test(a_connection_with_a_state_is_closed),
        cmocka_unit_test(another_address_is_another_connection),
        cmocka_unit_test(what_nobody_uses_is_closed),
        cmocka_unit_test(the_maximum),
        cmocka_unit_test(a_refused_password),
        cmocka_unit_test(a_dead_connection_is_noticed),
        cmocka_unit_test(what_is_no_redis),
        cmocka_unit_test(a_silent_server),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(blocked_networks),
        cmocka_unit_test(commands_that_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
