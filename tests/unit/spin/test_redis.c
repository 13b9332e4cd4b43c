/*
 * The interface against a server of the test's own. What a real server does is in
 * tests/e2e/test_redis.py.
 */
#include "spin/redis.h"

#include "../fake.h"
#include "../redis_server.h"
#include "host/fermyon_spin_v2_redis.h"
#include "spin/spin.h"

enum { AREA = 1024, INVALID_ADDRESS = 0, TOO_MANY = 1, TYPE_ERROR = 2, OTHER = 3 };

#define REDIS fermyon_spin_v2_redis_interface

static struct server server;
static struct client_redis_pool *pool;
static struct client_allowed_hosts allowed;
static struct arena arena;
static struct spin_redis redis;
static struct spin_config config;
static struct spin_context *context;
static char warnings[4096];

static void warn(void *data, const char *line)
{
    (void)data;
    size_t len = strlen(warnings);
    snprintf(warnings + len, sizeof(warnings) - len, "%s\n", line);
}

static const struct wasi_config wasi = {.warn = warn};

static void start(unsigned connections, const char *const *answers)
{
    struct error err = ERROR_INIT;
    size_t bad;
    struct str pattern = STR("redis://127.0.0.1:*");
    const struct client_redis_pool_options options = {0};
    warnings[0] = 0;
    arena = ARENA_INIT(MIB);
    assert_int_equal(client_allowed_hosts_parse(&arena, &pattern, 1, &allowed, &bad, &err), 0);
    assert_int_equal(client_redis_pool_new(&options, &pool, &err), 0);
    redis = (struct spin_redis){.pool = pool, .allowed = &allowed};
    config = (struct spin_config){.redis = &redis};
    fake_start(&wasi);
    assert_int_equal(spin_context_new(&config, fake.context, &context, &err), 0);
    server_start(&server, connections, answers);
}

static void stop(void)
{
    fake_drop_all();
    spin_context_free(context);
    fake_stop();
    client_redis_pool_free(pool);
    server_stop(&server);
    arena_release(&arena);
}

static void open_address(const char *address)
{
    uint32_t at = fake_put(str_of(address));
    fake_call(REDIS, "[static]connection.open", at, strlen(address), AREA);
}

/* A handle. */
static uint32_t open_server(void)
{
    open_address(arena_printf(&arena, "redis://127.0.0.1:%u", server.port));
    assert_int_equal(fake.memory[AREA], 0);
    return fake_u32(AREA + 4);
}

/* Of a result whose error begins `at` bytes after its discriminant. */
static void assert_error(unsigned at, uint8_t tag, const char *text)
{
    assert_int_equal(fake.memory[AREA], 1);
    assert_int_equal(fake.memory[AREA + at], tag);
    if (text)
        assert_true(str_is(fake_text(AREA + at + 4), text));
}

static void addresses(void **state)
{
    (void)state;
    static const char *const answers[] = {NULL};
    start(0, answers);
    open_address("redis://localhost:6379");
    assert_error(4, INVALID_ADDRESS, NULL);
    assert_string_equal(warnings,
        "Warning: A component tried to make an outbound network connection to disallowed "
        "destination 'redis://localhost:6379'.\n"
        "To allow this request, add 'allowed_outbound_hosts = [\"redis://localhost:6379\"]' to "
        "the manifest component section.\n");
    warnings[0] = 0;
    open_address("redis://user:secret@[::1]/3"); /* nothing of the secret is shown */
    assert_error(4, INVALID_ADDRESS, NULL);
    assert_non_null(strstr(warnings, "'redis://[::1]:6379'"));
    warnings[0] = 0;
    open_address("redis://127.0.0.1/\x1b[2J\nWarning: none");
    assert_error(4, INVALID_ADDRESS, NULL);
    assert_string_equal(warnings, "Warning: the address of a Redis server is not valid: "
                                  "'?[2J?Warning: none' is not the number of a database\n");
    open_address("127.0.0.1:6379");
    assert_error(4, INVALID_ADDRESS, NULL);
    open_address("http://127.0.0.1:6379");
    assert_error(4, INVALID_ADDRESS, NULL);
    open_address("rediss://127.0.0.1:6379");
    assert_error(4, OTHER,
        "connections to Redis over TLS ('rediss://') are not supported yet: use 'redis://'");
    stop();
}

static void nothing_granted(void **state)
{
    (void)state;
    static const char *const answers[] = {NULL};
    start(0, answers);
    config.redis = NULL;
    open_address("redis://127.0.0.1:6379");
    assert_error(4, INVALID_ADDRESS, NULL);
    stop();
}

static void nobody_listens(void **state)
{
    (void)state;
    static const char *const answers[] = {NULL};
    start(0, answers);
    pthread_join(server.thread, NULL);
    close(server.fd);
    open_address(arena_printf(&arena, "redis://127.0.0.1:%u", server.port));
    assert_error(4, OTHER,
        arena_printf(
            &arena, "cannot connect to '127.0.0.1:%u': refused: Connection refused", server.port));
    server_start(&server, 0, answers);
    stop();
}

static void too_many_connections(void **state)
{
    (void)state;
    static const char *const answers[] = {NULL};
    start(0, answers); /* the system accepts for it */
    for (unsigned i = 0; i < 8; i++)
        open_server();
    redis.pool = NULL;
    struct error err = ERROR_INIT;
    const struct client_redis_pool_options one = {.max_connections = 1};
    assert_int_equal(client_redis_pool_new(&one, &redis.pool, &err), 0);
    open_server();
    open_address(arena_printf(&arena, "redis://127.0.0.1:%u", server.port));
    assert_error(4, TOO_MANY, NULL);
    fake_drop_all();
    client_redis_pool_free(redis.pool);
    stop();
}

#define TEXT(literal) fake_put(STR(literal)), sizeof(literal) - 1

static void get_and_set(void **state)
{
    (void)state;
    static const char *const answers[] = {"$3\r\nbar\r\n", "$-1\r\n", "-WRONGTYPE no\r\n", ":1\r\n",
        "*1\r\n$1\r\na\r\n", "+OK\r\n", "$-1\r\n", NULL};
    start(1, answers);
    uint32_t c = open_server();
    fake_call(REDIS, "[method]connection.get", c, TEXT("foo"), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    assert_int_equal(fake.memory[AREA + 4], 1);
    assert_true(str_is(fake_text(AREA + 8), "bar"));
    fake_call(REDIS, "[method]connection.get", c, TEXT("foo"), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    assert_int_equal(fake.memory[AREA + 4], 0);
    fake_call(REDIS, "[method]connection.get", c, TEXT("foo"), AREA);
    assert_error(4, OTHER, "WRONGTYPE no");
    fake_call(REDIS, "[method]connection.get", c, TEXT("foo"), AREA);
    assert_error(4, OTHER, "the Redis server has answered with a value of another type");
    fake_call(REDIS, "[method]connection.get", c, TEXT("foo"), AREA);
    assert_error(4, OTHER, "the Redis server has answered with a value of another type");
    fake_call(REDIS, "[method]connection.set", c, TEXT("foo"), TEXT("bar"), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    fake_call(REDIS, "[method]connection.set", c, TEXT("foo"), TEXT("bar"), AREA);
    assert_int_equal(fake.memory[AREA], 1);
    stop();
}

/* One string as a list. */
static uint32_t list_of(const char *text)
{
    uint32_t at = fake_put(str_of(text)), list = fake_put(STR("12345678"));
    host_store_u32(fake.memory + list, at);
    host_store_u32(fake.memory + list + 4, (uint32_t)strlen(text));
    return list;
}

static void counts(void **state)
{
    (void)state;
    static const char *const answers[] = {":2\r\n", ":-1\r\n", ":4294967296\r\n",
        "-WRONGTYPE no\r\n", "-WRONGTYPE no\r\n", ":-5\r\n", NULL};
    start(1, answers);
    uint32_t c = open_server();
    fake_call(REDIS, "[method]connection.del", c, list_of("a"), 1, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    assert_int_equal(fake_u32(AREA + 4), 2);
    fake_call(REDIS, "[method]connection.del", c, list_of("a"), 1, AREA);
    assert_error(4, OTHER, "the count is out of range");
    fake_call(REDIS, "[method]connection.srem", c, TEXT("s"), list_of("a"), 1, AREA);
    assert_error(4, OTHER, "the count is out of range");
    fake_call(REDIS, "[method]connection.srem", c, TEXT("s"), list_of("a"), 1, AREA);
    assert_error(4, OTHER, "WRONGTYPE no");
    fake_call(REDIS, "[method]connection.sadd", c, TEXT("s"), list_of("a"), 1, AREA);
    assert_error(4, TYPE_ERROR, NULL);
    fake_call(REDIS, "[method]connection.incr", c, TEXT("n"), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    assert_int_equal((int64_t)host_load_u64(fake.memory + AREA + 8), -5);
    stop();
}

static void members(void **state)
{
    (void)state;
    static const char *const answers[] = {"*2\r\n$1\r\na\r\n$2\r\nbc\r\n", "*0\r\n",
        "*1\r\n$1\r\n\xff\r\n", "*1\r\n:1\r\n", "$1\r\na\r\n", NULL};
    start(1, answers);
    uint32_t c = open_server();
    fake_call(REDIS, "[method]connection.smembers", c, TEXT("s"), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    assert_int_equal(fake_u32(AREA + 8), 2);
    assert_true(str_is(fake_text(fake_u32(AREA + 4) + 8), "bc"));
    fake_call(REDIS, "[method]connection.smembers", c, TEXT("s"), AREA);
    assert_int_equal(fake_u32(AREA + 8), 0);
    for (int i = 0; i < 3; i++) {
        fake_call(REDIS, "[method]connection.smembers", c, TEXT("s"), AREA);
        assert_error(4, OTHER, "the Redis server has answered with what is not a list of strings");
    }
    stop();
}

static void any_command(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "*5\r\n+OK\r\n:7\r\n$1\r\n\xff\r\n$-1\r\n+\xff\r\n", "", NULL};
    start(1, answers);
    uint32_t c = open_server();
    uint32_t list = (uint32_t)align_up(fake.heap, 16);
    fake.heap = list + 32;
    memset(fake.memory + list, 0, 32);
    host_store_u64(fake.memory + list + 8, (uint64_t)-3); /* int64(-3) */
    fake.memory[list + 16] = 1;                           /* binary */
    host_store_u32(fake.memory + list + 24, fake_put(STR("xy")));
    host_store_u32(fake.memory + list + 28, 2);
    fake_call(REDIS, "[method]connection.execute", c, TEXT("Cmd"), list, 2, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    assert_int_equal(fake_u32(AREA + 8), 5);
    uint32_t items = fake_u32(AREA + 4);
    assert_int_equal(fake.memory[items], 1);
    assert_true(str_is(fake_text(items + 8), "OK"));
    assert_int_equal(fake.memory[items + 16], 2);
    assert_int_equal(host_load_u64(fake.memory + items + 24), 7);
    assert_int_equal(fake.memory[items + 32], 3);
    assert_true(str_is(fake_text(items + 40), "\xff"));
    assert_int_equal(fake.memory[items + 48], 0);
    assert_true(str_is(fake_text(items + 72), "?")); /* a status must be text */

    wasi_context_set_deadline(fake.context, clock_monotonic_ns() + 10 * NS_PER_MS);
    assert_int_equal(fake_try(REDIS, "[method]connection.execute", c, TEXT("BLPOP"), list, 2, AREA),
        WASM_TRAP_DEADLINE);
    stop();
    assert_string_equal(warnings, "");
}

static void publishing(void **state)
{
    (void)state;
    static const char *const answers[] = {":0\r\n", "-NOPERM no\r\n", "!", NULL};
    start(1, answers);
    uint32_t c = open_server();
    fake_call(REDIS, "[method]connection.publish", c, TEXT("ch"), TEXT("hi"), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    fake_call(REDIS, "[method]connection.publish", c, TEXT("ch"), TEXT("hi"), AREA);
    assert_error(4, OTHER, "NOPERM no");
    fake_call(REDIS, "[method]connection.publish", c, TEXT("ch"), TEXT("hi"), AREA);
    assert_int_equal(fake.memory[AREA], 1);
    fake_call(REDIS, "[method]connection.publish", c, TEXT("ch"), TEXT("hi"), AREA);
    assert_error(4, OTHER, "the connection to the Redis server is closed");
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(nothing_granted),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(too_many_connections),
        cmocka_unit_test(get_and_set),
        cmocka_unit_test(counts),
        cmocka_unit_test(members),
        cmocka_unit_test(any_command),
        cmocka_unit_test(publishing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
