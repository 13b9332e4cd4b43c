/* Addresses and their ranges. */
#include "../unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "client/network.h"

static bool contains(const char *network, const char *ip)
{
    struct client_network n;
    struct client_ip i;
    assert_true(client_network_parse(str_of(network), &n));
    assert_true(client_ip_parse(str_of(ip), &i));
    return client_network_contains(&n, &i);
}

static void test_networks_contain(void **state)
{
    (void)state;
    assert_true(contains("10.0.0.0/8", "10.255.1.2"));
    assert_false(contains("10.0.0.0/8", "11.0.0.0"));
    assert_true(contains("10.1.2.3/8", "10.9.9.9"));
    assert_true(contains("127.0.0.0/9", "127.127.255.255"));
    assert_false(contains("127.0.0.0/9", "127.128.0.0"));
    assert_true(contains("0.0.0.0/0", "8.8.8.8"));
    assert_false(contains("0.0.0.0/0", "2001::1"));
    assert_true(contains("127.0.0.1", "127.0.0.1"));
    assert_false(contains("127.0.0.1", "127.0.0.2"));
    assert_true(contains("fd00::/8", "fdff::1"));
    assert_false(contains("fd00::/8", "fe80::1"));
    assert_true(contains("[::1]", "::1"));
    assert_true(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
    assert_true(contains("::ffff:0.0.0.0/96", "::ffff:10.0.0.1"));
}

static void test_what_is_no_network(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/",
        "10.0.0.0/8/8", "::/129", "example.com", "example.com/8", "10.0.0", "1.2.3.4.5", "[]",
        "[::1", "::1%lo", "0x7f.0.0.1",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff"};
    struct client_network n;
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(client_network_parse(str_of(bad[i]), &n));
    assert_false(client_network_parse(str_make("1.2.3.4\0", 8), &n));
}

static void test_private_addresses(void **state)
{
    (void)state;
    static const char *const private[] = {"127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1",
        "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1",
        "::", "fe80::1", "fd12::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1"};
    static const char *const global[] = {
        "8.8.8.8", "172.32.0.1", "100.128.0.1", "193.168.0.1", "2606:4700::1", "::ffff:8.8.8.8"};
    struct client_ip ip;
    for (size_t i = 0; i < countof(private); i++) {
        assert_true(client_ip_parse(str_of(private[i]), &ip));
        assert_true(client_ip_is_private(&ip));
    }
    for (size_t i = 0; i < countof(global); i++) {
        assert_true(client_ip_parse(str_of(global[i]), &ip));
        assert_false(client_ip_is_private(&ip));
    }
}

static void test_blocked(void **state)
{
    (void)state;
    struct client_network network;
    struct client_ip ip, loopback;
    assert_true(client_network_parse(STR("1.2.3.0/24"), &network));
    assert_true(client_ip_parse(STR("1.2.3.4"), &ip));
    assert_true(client_ip_parse(STR("127.0.0.1"), &loopback));
    struct client_blocked none = {0}, one = {&network, 1, false}, private = {.private = true};
    assert_false(client_is_blocked(&none, &ip));
    assert_true(client_is_blocked(&one, &ip));
    assert_false(client_is_blocked(&one, &loopback));
    assert_false(client_is_blocked(&private, &ip));
    assert_true(client_is_blocked(&private, &loopback));
}

static void test_translated_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool private, blocked;
    } cases[] = {
        {"64:ff9b::7f00:1", true, false},
        {"64:ff9b::10.1.2.3", true, false},
        {"64:ff9b::1.2.3.4", false, true},
        {"2002:0a01:0203::1", true, false},
        {"2002:0102:0304::1", false, true},
        {"::10.1.2.3", true, false},
        {"64:ff9b::8.8.8.8", false, false},
        {"2002:0808:0808::1", false, false},
        {"2606:4700::1", false, false},
    };
    struct client_network network;
    assert_true(client_network_parse(STR("1.2.3.0/24"), &network));
    struct client_blocked one = {&network, 1, false}, private = {.private = true};
    for (size_t i = 0; i < countof(cases); i++) {
        struct client_ip ip;
        assert_true(client_ip_parse(str_of(cases[i].address), &ip));
        if (client_is_blocked(&private, &ip) != cases[i].private ||
            client_is_blocked(&one, &ip) != cases[i].blocked)
            fail_msg("%s", cases[i].address);
        /* What is allowed is allowed as it is written. */
        assert_false(client_network_contains(&network, &ip));
    }
}

static void test_addresses_of_sockets(void **state)
{
    (void)state;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct client_ip ip;
    inet_pton(AF_INET, "1.2.3.4", &v4.sin_addr);
    assert_true(client_ip_of_socket((struct sockaddr *)&v4, &ip));
    assert_int_equal(ip.len, 4);
    assert_int_equal(ip.bytes[3], 4);
    assert_true(client_ip_of_socket((struct sockaddr *)&v6, &ip));
    assert_int_equal(ip.len, 16);
    assert_int_equal(ip.bytes[15], 1);
    assert_false(client_ip_of_socket(&other, &ip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks_contain),
        cmocka_unit_test(test_what_is_no_network),
        cmocka_unit_test(test_private_addresses),
        cmocka_unit_test(test_blocked),
        cmocka_unit_test(test_translated_addresses),
        cmocka_unit_test(test_addresses_of_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
