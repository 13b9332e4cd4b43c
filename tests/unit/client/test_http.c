/*
 * Requests against a peer that says what the test wants: on a socket of this machine, in a thread
 * that answers one connection after another.
 */
#include "../unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "client/http.h"

enum { PATIENCE = 60 }; /* seconds */

static struct peer {
    int fd;
    uint16_t port;
    pthread_t thread;
    const char *answer; /* to every request */
    char seen[4096];    /* the last request's head */
    _Atomic unsigned connections, requests;
} peer;

static bool read_head(int fd)
{
    size_t len = 0;
    while (len < sizeof peer.seen - 1) {
        ssize_t n = read(fd, peer.seen + len, 1);
        if (n <= 0)
            return false;
        peer.seen[++len] = 0;
        if (len >= 4 && !strcmp(peer.seen + len - 4, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void *serve(void *unused)
{
    (void)unused;
    for (;;) {
        int fd = accept(peer.fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        peer.connections++;
        while (read_head(fd)) {
            peer.requests++;
            size_t len = strlen(peer.answer);
            if (write(fd, peer.answer, len) != (ssize_t)len || strstr(peer.answer, "close"))
                break;
        }
        close(fd);
    }
}

static int start_peer(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    peer.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(peer.fd, (struct sockaddr *)&address, len) || listen(peer.fd, 16) ||
        getsockname(peer.fd, (struct sockaddr *)&address, &len))
        return -1;
    peer.port = ntohs(address.sin_port);
    return pthread_create(&peer.thread, NULL, serve, NULL);
}

static int stop_peer(void **state)
{
    (void)state;
    shutdown(peer.fd, SHUT_RDWR);
    pthread_join(peer.thread, NULL);
    close(peer.fd);
    return 0;
}

static struct client_pool *pool;

static void new_pool(unsigned max_idle, uint64_t idle_ns, struct client_blocked blocked)
{
    struct error err = ERROR_INIT;
    struct client_pool_options options;
    client_pool_options_init(&options);
    options.max_idle = max_idle;
    options.idle_ns = idle_ns;
    options.blocked = blocked;
    assert_int_equal(client_pool_new(&options, &pool, &err), 0);
    peer.connections = peer.requests = 0;
}

static int make_pool(void **state)
{
    (void)state;
    new_pool(4, PATIENCE * NS_PER_S, (struct client_blocked){0});
    return 0;
}

static int free_pool(void **state)
{
    (void)state;
    client_pool_free(pool);
    pool = NULL;
    return 0;
}

static struct client_head head_for(const char *method, struct str path)
{
    return (struct client_head){.method = str_of(method),
        .scheme = STR("http"),
        .host = STR("127.0.0.1"),
        .port = peer.port,
        .path = path,
        .connect_ns = PATIENCE * NS_PER_S,
        .first_byte_ns = PATIENCE * NS_PER_S,
        .between_ns = PATIENCE * NS_PER_S};
}

/* Reads to the end. */
static enum client_failure finish(
    struct client_session *session, struct client_request *request, struct buf *body)
{
    for (;;) {
        struct str part = client_request_body(request);
        buf_append_str(body, part);
        client_request_consume(request, part.len);
        if (part.len == 0 && client_request_ended(request))
            return client_request_failure(request);
        if (part.len == 0)
            client_session_wait(session, NEVER);
    }
}

/* One GET in a session of its own; the response's status, or 0 and the failure. */
static unsigned get(const char *answer, enum client_failure *ret_failure, struct buf *body)
{
    peer.answer = answer;
    struct client_head head = head_for("GET", STR("/path?query"));
    struct client_session *session = client_session_take(pool, STR("http://127.0.0.1"));
    assert_non_null(session);
    struct client_request *request = client_request_start(session, &head);
    assert_non_null(request);
    *ret_failure = finish(session, request, body);
    unsigned status = client_request_has_head(request) ? client_request_status(request) : 0;
    client_session_give(session);
    return status;
}

#define OK_RESPONSE "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

static void test_a_request(void **state)
{
    (void)state;
    enum client_failure failure;
    struct buf body = BUF_INIT(100);
    assert_int_equal(get(OK_RESPONSE, &failure, &body), 200);
    assert_int_equal(failure, CLIENT_OK);
    assert_true(str_is(buf_str(&body), "hello"));
    char expected[200];
    snprintf(expected, sizeof expected, "GET /path?query HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
        peer.port);
    assert_string_equal(peer.seen, expected);
    buf_release(&body);
}

static void test_fields(void **state)
{
    (void)state;
    peer.answer = "HTTP/1.1 103 Hints\r\nearly: 1\r\n\r\n"
                  "HTTP/1.1 204 No Content\r\nX-One:  a b \r\nx-two:\r\nX-ONE: c:d\r\n\r\n";
    struct client_field sent[] = {{STR("x-a"), STR("1")}, {STR("x-empty"), STR("")}};
    struct client_head head = head_for("DELETE", STR("no-slash"));
    head.fields = sent;
    head.field_count = 2;
    struct client_session *session = client_session_take(pool, STR(""));
    struct client_request *request = client_request_start(session, &head);
    struct buf body = BUF_INIT(1);
    assert_int_equal(finish(session, request, &body), CLIENT_OK);
    assert_int_equal(client_request_status(request), 204);
    static const char *const expected[][2] = {{"x-one", "a b"}, {"x-two", ""}, {"x-one", "c:d"}};
    struct client_field field;
    size_t at = 0;
    for (size_t i = 0; i < countof(expected); i++) {
        assert_true(client_request_next_field(request, &at, &field));
        assert_true(str_is(field.name, expected[i][0]));
        assert_true(str_is(field.value, expected[i][1]));
    }
    assert_false(client_request_next_field(request, &at, &field));
    assert_non_null(strstr(peer.seen, "DELETE /no-slash HTTP/1.1\r\n"));
    assert_non_null(strstr(peer.seen, "x-a: 1\r\nx-empty:\r\n"));
    client_session_give(session);
}

/* A length that no body follows would make the peer take the next request for the body. */
static void test_only_bodies_have_a_length(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        enum client_body body;
    } cases[] = {{"GET", CLIENT_BODY_NONE}, {"POST", CLIENT_BODY_NONE},
        {"HEAD", CLIENT_BODY_LENGTH}, {"HEAD", CLIENT_BODY_CHUNKED}};
    struct client_field sent = {STR("content-length"), STR("77")};
    peer.answer = "HTTP/1.1 204 No Content\r\n\r\n";
    for (size_t i = 0; i < countof(cases); i++) {
        struct client_head head = head_for(cases[i].method, STR("/"));
        head.fields = &sent;
        head.field_count = 1;
        head.body = cases[i].body;
        head.length = 77;
        struct client_session *session = client_session_take(pool, STR(""));
        struct client_request *request = client_request_start(session, &head);
        struct buf body = BUF_INIT(1);
        assert_int_equal(finish(session, request, &body), CLIENT_OK);
        if (strstr(peer.seen, "77") || strstr(peer.seen, "ransfer"))
            fail_msg("case %zu: %s", i, peer.seen);
        client_session_give(session);
    }
}

static void test_a_body_that_falls_short_fails(void **state)
{
    (void)state;
    enum client_failure failure;
    struct buf body = BUF_INIT(100);
    struct client_head head = head_for("POST", STR("/"));
    head.body = CLIENT_BODY_LENGTH;
    head.length = 77;
    peer.answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    struct client_session *session = client_session_take(pool, STR(""));
    struct client_request *request = client_request_start(session, &head);
    assert_true(client_request_write(request, STR("short")));
    client_request_finish(request);
    assert_int_not_equal(finish(session, request, &body), CLIENT_OK);
    client_session_give(session);
    /* The rest of the body does not come from the next request. */
    assert_int_equal(get(OK_RESPONSE, &failure, &body), 200);
    assert_int_equal(peer.connections, 2);
    buf_release(&body);
}

/* One who reads slowly never empties the buffer. */
static void test_a_body_that_is_read_in_part(void **state)
{
    (void)state;
    enum { LENGTH = 4 * 1024 * 1024 };
    char *answer = malloc(LENGTH + 100);
    size_t head_len =
        (size_t)snprintf(answer, 100, "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n", LENGTH);
    memset(answer + head_len, 'x', LENGTH);
    answer[head_len + LENGTH] = 0;
    peer.answer = answer;
    struct client_head head = head_for("GET", STR("/"));
    struct client_session *session = client_session_take(pool, STR(""));
    struct client_request *request = client_request_start(session, &head);
    size_t total = 0;
    while (!client_request_ended(request)) {
        struct str part = client_request_body(request);
        size_t take = part.len > 1000 ? part.len - 1000 : 0;
        client_request_consume(request, take);
        total += take;
        client_session_wait(session, NEVER);
    }
    total += client_request_body(request).len;
    assert_int_equal(client_request_failure(request), CLIENT_OK);
    assert_int_equal(total, LENGTH);
    client_session_give(session);
    free(answer);
}

static void test_connections_are_used_again(void **state)
{
    (void)state;
    enum client_failure failure;
    struct buf body = BUF_INIT(100);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get(OK_RESPONSE, &failure, &body), 200);
    assert_int_equal(peer.connections, 1);
    assert_int_equal(peer.requests, 3);
    buf_release(&body);
}

static void test_no_pool_no_reuse(void **state)
{
    (void)state;
    client_pool_free(pool);
    new_pool(0, NS_PER_S, (struct client_blocked){0});
    enum client_failure failure;
    struct buf body = BUF_INIT(100);
    for (int i = 0; i < 2; i++)
        assert_int_equal(get(OK_RESPONSE, &failure, &body), 200);
    assert_int_equal(peer.connections, 2);
    buf_release(&body);
}

/* The peer's thread goes on to the next connection only when the reaper has closed this one. */
static void test_idle_connections_are_closed(void **state)
{
    (void)state;
    client_pool_free(pool);
    new_pool(4, NS_PER_MS, (struct client_blocked){0});
    enum client_failure failure;
    struct buf body = BUF_INIT(100);
    assert_int_equal(get(OK_RESPONSE, &failure, &body), 200);
    struct client_session *first = client_session_take(pool, STR("http://127.0.0.1"));
    struct client_session *second = client_session_take(pool, STR("http://127.0.0.1"));
    struct client_head head = head_for("GET", STR("/"));
    struct client_request *request = client_request_start(second, &head);
    client_session_give(first);
    assert_int_equal(finish(second, request, &body), CLIENT_OK);
    client_session_give(second);
    buf_release(&body);
}

static void test_failures(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        unsigned status;
        enum client_failure failure;
    } cases[] = {
        {"close\r\n\r\n", 0, CLIENT_PROTOCOL},
        {"HTTP/1.1 200 OK\r\na b: close\r\n\r\n", 0, CLIENT_PROTOCOL},
        {"HTTP/1.1 200 OK\r\n: close\r\n\r\n", 0, CLIENT_PROTOCOL},
        {"HTTP/1.1 200 OK\r\na: close\r\n b\r\n\r\n", 0, CLIENT_PROTOCOL},
        {"HTTP/1.1 200 OK\r\na: \x01 close\r\n\r\n", 0, CLIENT_PROTOCOL},
        {"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nabc", 200,
            CLIENT_INCOMPLETE},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        enum client_failure failure;
        struct buf body = BUF_INIT(100);
        unsigned status = get(cases[i].answer, &failure, &body);
        if (status != cases[i].status || failure != cases[i].failure)
            fail_msg("case %zu: status %u, failure %d", i, status, failure);
        buf_release(&body);
    }
}

static void test_blocked_networks(void **state)
{
    (void)state;
    client_pool_free(pool);
    new_pool(4, NS_PER_S, (struct client_blocked){.private = true});
    enum client_failure failure;
    struct buf body = BUF_INIT(100);
    assert_int_equal(get(OK_RESPONSE, &failure, &body), 0);
    assert_int_equal(failure, CLIENT_PROHIBITED);
    assert_int_equal(peer.connections, 0);
}

static void test_a_time_limit(void **state)
{
    (void)state;
    peer.answer = "";
    struct client_head head = head_for("GET", STR("/"));
    head.first_byte_ns = NS_PER_MS;
    struct client_session *session = client_session_take(pool, STR(""));
    struct client_request *request = client_request_start(session, &head);
    struct buf body = BUF_INIT(1);
    assert_int_equal(finish(session, request, &body), CLIENT_FIRST_BYTE_TIMEOUT);
    client_session_give(session);
}

static void test_bodies_that_wait_have_a_limit(void **state)
{
    (void)state;
    enum { LENGTH = 9 * 1024 * 1024 };
    struct client_head head = head_for("POST", STR("/"));
    head.body = CLIENT_BODY_CHUNKED;
    char *bytes = calloc(1, LENGTH);
    struct client_session *session = client_session_take(pool, STR(""));
    for (int i = 0; i < 8; i++) {
        struct client_request *request = client_request_start(session, &head);
        assert_int_equal(client_request_write(request, str_make(bytes, LENGTH)), i < 7);
        assert_true(client_request_write(request, STR("little")) || i < 7);
    }
    free(bytes);
    client_session_give(session);
}

static void test_too_many_requests(void **state)
{
    (void)state;
    peer.answer = OK_RESPONSE;
    struct client_head head = head_for("GET", STR("/"));
    struct client_session *session = client_session_take(pool, STR(""));
    unsigned count = 0;
    while (client_request_start(session, &head))
        count++;
    assert_int_equal(count, 64);
    client_session_give(session);
    session = client_session_take(pool, STR(""));
    assert_true(client_session_is_free(session));
    client_session_give(session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pool, free_pool)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_request),
        TEST(test_fields),
        TEST(test_only_bodies_have_a_length),
        TEST(test_a_body_that_falls_short_fails),
        TEST(test_a_body_that_is_read_in_part),
        TEST(test_connections_are_used_again),
        TEST(test_no_pool_no_reuse),
        TEST(test_idle_connections_are_closed),
        TEST(test_failures),
        TEST(test_blocked_networks),
        TEST(test_a_time_limit),
        TEST(test_bodies_that_wait_have_a_limit),
        TEST(test_too_many_requests),
    };
    return cmocka_run_group_tests(tests, start_peer, stop_peer);
}
