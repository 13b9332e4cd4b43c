/* allowed_outbound_hosts: what parses, what matches. */
#include "../unit.h"

#include "client/allowed_hosts.h"

static struct arena arena = ARENA_INIT(1 << 20);

static bool allows(const char *pattern, const char *url)
{
    struct error err = ERROR_INIT;
    struct str text = str_of(pattern);
    struct client_allowed_hosts hosts;
    struct client_target t;
    size_t bad;
    int result = client_allowed_hosts_parse(&arena, &text, 1, &hosts, &bad, &err);
    if (result < 0)
        print_message("%s: %s\n", pattern, error_message(&err));
    assert_int_equal(result, 0);
    assert_true(client_target_parse(str_of(url), STR("http"), &t));
    return client_allowed_hosts_match(&hosts, t.scheme, t.host, t.port);
}

static void test_names(void **state)
{
    (void)state;
    assert_true(allows("http://example.com", "http://example.com/path"));
    assert_true(allows("http://example.com/", "http://EXAMPLE.com"));
    assert_true(allows("http://Example.com:80", "http://example.com?a"));
    assert_true(allows(" http://example.com ", "example.com"));
    assert_false(allows("http://example.com", "https://example.com"));
    assert_false(allows("http://example.com", "http://example.com:8080"));
    assert_false(allows("http://example.com", "http://a.example.com"));
    assert_false(allows("http://example.com", "http://example.com.evil.com"));
    assert_false(allows("http://example.com", "http://example.com@evil.com"));
    assert_true(allows("redis://localhost:6379", "redis://user:p#s:s?@localhost"));
    assert_true(allows("redis://my_redis", "redis://my_redis:6379/0"));
    assert_true(allows("http://hello.spin.internal", "http://hello.spin.internal/x"));
}

static void test_schemes(void **state)
{
    (void)state;
    assert_true(allows("*://example.com:80", "http://example.com"));
    assert_true(allows("*://example.com:80", "whatever://example.com:80"));
    assert_true(allows("postgres://db", "postgres://u:p@db/x"));
    assert_false(allows("HTTP://example.com:80", "http://example.com"));
}

static void test_wildcards(void **state)
{
    (void)state;
    assert_true(allows("http://*.example.com", "http://a.b.EXAMPLE.com"));
    assert_false(allows("http://*.example.com", "http://example.com"));
    assert_false(allows("http://*.example.com", "http://aexample.com"));
    assert_true(allows("http://*", "http://127.0.0.1"));
    assert_true(allows("http://*", "http://[::1]"));
    assert_true(allows("*://*:*", "mqtt://anything:9"));
    assert_true(allows("http://*.spin.internal", "http://other.spin.internal"));
}

static void test_addresses(void **state)
{
    (void)state;
    assert_true(allows("http://127.0.0.1", "http://127.0.0.1"));
    assert_false(allows("http://127.0.0.1", "http://localhost"));
    assert_false(allows("http://localhost", "http://127.0.0.1"));
    assert_true(allows("*://127.0.0.0/24:*", "tcp://127.0.0.9:1"));
    assert_false(allows("*://127.0.0.0/24:*", "tcp://127.0.1.9:1"));
    assert_false(allows("*://0.0.0.0/0:*", "tcp://example.com:1"));
    assert_true(allows("http://10.0.0.0/8", "http://10.1.2.3"));
    assert_true(allows("http://[::1]", "http://[::1]:80/"));
    assert_true(allows("http://[::1]:8080", "http://[0:0::1]:8080"));
    assert_true(allows("http://fd00::/8:8080", "http://[fd01::1]:8080"));
    assert_true(allows("http://fd00::/8", "http://[fd01::1]"));
    /* Only what is written as an address is one. */
    assert_false(allows("http://127.0.0.1", "http://2130706433"));
}

static void test_ports(void **state)
{
    (void)state;
    assert_true(allows("http://h:*", "http://h:1"));
    assert_true(allows("http://h:8000..8010", "http://h:8000"));
    assert_true(allows("http://h:8000..8010", "http://h:8009"));
    assert_false(allows("http://h:8000..8010", "http://h:8010"));
    assert_false(allows("http://h:8010..8000", "http://h:8005"));
    assert_true(allows("tcp://h:65535", "tcp://h:65535"));
    assert_true(allows("http://h:", "http://h"));
    assert_true(allows("mqtt://h", "mqtt://h:1883"));
    assert_true(allows("mysql://h", "mysql://h"));
    assert_true(allows("https://h", "https://h:443"));
}

static void test_self(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *scheme;
        bool allowed;
    } cases[] = {
        {"http://self", "http", true},
        {"http://self.alt", "http", true},
        {"http://self", "https", false},
        {"https://self", "https", true},
        {"*://self:80", "https", true},
        {"http://*", "http", true},
        {"*://*:*", "http", true},
        {"http://127.0.0.1", "http", false},
        {"http://*.self", "http", false},
        {"redis://*", "http", false},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct error err = ERROR_INIT;
        struct str text = str_of(cases[i].pattern);
        struct client_allowed_hosts hosts;
        size_t bad;
        assert_int_equal(client_allowed_hosts_parse(&arena, &text, 1, &hosts, &bad, &err), 0);
        assert_int_equal(
            client_allowed_hosts_match_self(&hosts, str_of(cases[i].scheme)), cases[i].allowed);
    }
    assert_false(allows("http://self", "http://self"));
}

static void test_no_pattern_allows_nothing(void **state)
{
    (void)state;
    struct client_allowed_hosts none = {0};
    assert_false(client_allowed_hosts_match(&none, STR("http"), STR("localhost"), 80));
    assert_false(client_allowed_hosts_match_self(&none, STR("http")));
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *outer, *cause;
    } cases[] = {
        {"", "\"\" is not an allowed outbound host format", NULL},
        {"*", "\"*\" is not an allowed outbound host format", NULL},
        {":", "is not an allowed outbound host format", NULL},
        {"?", "is not an allowed outbound host format", NULL},
        {"example.com", "\"example.com\" does not contain a scheme", NULL},
        {"insecure:allow-all", "use '*://*:*' instead", NULL},
        {"h2://a:1", "Invalid allowed host scheme \"h2\"", "only alphabetic characters"},
        {"://a:1", "Invalid allowed host scheme \"\"", "only alphabetic characters"},
        {"{a,b}://a:1", "Invalid allowed host scheme", "scheme lists are not supported"},
        {"http://", "Invalid allowed host \"\"", "a host is missing"},
        {"http://a/b", "Invalid allowed host \"a/b\"", "must not include a path"},
        {"http://a:80/b", "Invalid allowed host \"a:80/b\"", "must not include a path"},
        {"http://a.*.b", "Invalid allowed host", "only as prefixes"},
        {"http://a.*", "Invalid allowed host", "only as prefixes"},
        {"http://*.*.b", "Invalid allowed host", "only as prefixes"},
        {"http://*a", "Invalid allowed host", "only as subdomains"},
        {"http://**", "Invalid allowed host", "only as subdomains"},
        {"http://*.", "Invalid allowed host", "wildcard suffix must be a domain"},
        {"http://*.127.0.0.1", "Invalid allowed host", "wildcard suffix must be a domain"},
        {"http://{a,b}", "Invalid allowed host", "host lists are not yet supported"},
        {"http://a b", "Invalid allowed host", "a host name consists of"},
        {"http://b\xc3\xbc", "Invalid allowed host", "`xn--` form"},
        {"http://u@h", "Invalid allowed host \"u@h\"", "a host name consists of"},
        {"*://a", "Invalid allowed host port \"\"", "the scheme \"*\" does not have a known"},
        {"tcp://a", "Invalid allowed host port \"\"", "the scheme \"tcp\" does not have a known"},
        {"http://a:{1,2}", "Invalid allowed host port", "port lists are not yet supported"},
        {"http://a:1..x", "Invalid allowed host port", "range \"1..x\" contains non-number"},
        {"http://a:..", "Invalid allowed host port", "contains non-number"},
        {"http://a:x", "Invalid allowed host port \"x\"", "port \"x\" is not a number"},
        {"http://a:65536", "Invalid allowed host port", "is not a number"},
        {"http://a:-1", "Invalid allowed host port", "is not a number"},
        {"http://10.0.0.0/33", "Invalid allowed host", "must not include a path"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct error err = ERROR_INIT;
        struct str texts[] = {STR("http://good"), str_of(cases[i].pattern)};
        struct client_allowed_hosts hosts;
        size_t bad = 0;
        assert_int_equal(client_allowed_hosts_parse(&arena, texts, 2, &hosts, &bad, &err), -1);
        assert_int_equal(bad, 1);
        if (!strstr(error_message(&err), cases[i].outer) ||
            (cases[i].cause && !strstr(err.messages[0], cases[i].cause)))
            fail_msg("'%s': %s: %s", cases[i].pattern, error_message(&err), err.messages[0]);
        error_release(&err);
    }
}

static void check_target(const char *url, const char *scheme, const char *userinfo,
    const char *host, unsigned port, const char *rest)
{
    struct client_target t;
    assert_true(client_target_parse(str_of(url), STR("redis"), &t));
    assert_true(str_is(t.scheme, scheme));
    assert_true(str_is(t.userinfo, userinfo));
    assert_true(str_is(t.host, host));
    assert_int_equal(t.port, port);
    assert_true(str_is(t.rest, rest));
}

static void test_targets(void **state)
{
    (void)state;
    check_target("redis://localhost", "redis", "", "localhost", 6379, "");
    check_target("localhost:1", "redis", "", "localhost", 1, "");
    check_target("mysql://u:p@h:3307/db?x=1", "mysql", "u:p", "h", 3307, "/db?x=1");
    check_target("redis://:a@b#c?d:e@h/0", "redis", ":a@b#c?d:e", "h", 6379, "/0");
    check_target("http://[::1]:8080?q", "http", "", "::1", 8080, "?q");
    check_target("http://[::1]", "http", "", "::1", 80, "");
    check_target("http://h/p@q:1", "http", "", "h", 80, "/p@q:1");
    check_target("http://h#f", "http", "", "h", 80, "#f");
    /* A `/` in a password must be written as %2F: the host would be another one. */
    check_target("redis://p/w@h:1/", "redis", "", "p", 6379, "/w@h:1/");
    /* Not every `://` is behind a scheme. */
    check_target("h:1/?to=http://other:2", "redis", "", "h", 1, "/?to=http://other:2");
    struct client_target t;
    static const char *const bad[] = {"", "redis://", "redis://:1", "redis://h:x",
        "redis://h:65536", "tcp://h", "redis://h:0", "redis://u:p@", "http://a%2fb", "http://a b",
        "http://[::1", "http://.a", "http://[a]", "://a:1", "1a://b:2", "a b://c:3"};
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(client_target_parse(str_of(bad[i]), STR("redis"), &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_wildcards),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_self),
        cmocka_unit_test(test_no_pattern_allows_nothing),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_targets),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
