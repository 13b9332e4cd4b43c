#include "client/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { TEXT_MAX = 64 };

bool client_ip_parse(struct str text, struct client_ip *ret_ip)
{
    char copy[TEXT_MAX];
    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = str_make(text.ptr + 1, text.len - 2);
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    struct client_ip ip = {.len = 4};
    if (inet_pton(AF_INET, copy, ip.bytes) != 1) {
        ip.len = 16;
        if (inet_pton(AF_INET6, copy, ip.bytes) != 1)
            return false;
    }
    *ret_ip = ip;
    return true;
}

bool client_ip_of_socket(const struct sockaddr *address, struct client_ip *ret_ip)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        ret_ip->len = 4;
        memcpy(ret_ip->bytes, &v4->sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        ret_ip->len = 16;
        memcpy(ret_ip->bytes, &v6->sin6_addr, 16);
        return true;
    }
    return false;
}

bool client_network_parse(struct str text, struct client_network *ret_network)
{
    ptrdiff_t slash = str_find_byte(text, '/');
    struct client_network network;
    uint64_t prefix;
    if (!client_ip_parse(slash < 0 ? text : str_make(text.ptr, (size_t)slash), &network.ip))
        return false;
    network.prefix = (uint8_t)(network.ip.len * 8);
    if (slash >= 0) {
        if (!str_to_u64(str_skip(text, (size_t)slash + 1), &prefix) || prefix > network.prefix)
            return false;
        network.prefix = (uint8_t)prefix;
    }
    *ret_network = network;
    return true;
}

/* An IPv4 address that is written as an IPv6 one is the IPv4 one. */
static struct client_ip unmapped(const struct client_ip *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct client_ip v4 = {.len = 4};
    if (ip->len != 16 || memcmp(ip->bytes, mapped, sizeof mapped) != 0)
        return *ip;
    memcpy(v4.bytes, ip->bytes + 12, 4);
    return v4;
}

static bool has_prefix(const struct client_network *network, const struct client_ip *ip)
{
    unsigned whole = network->prefix / 8, bits = network->prefix % 8;
    if (ip->len != network->ip.len || memcmp(ip->bytes, network->ip.bytes, whole) != 0)
        return false;
    if (bits == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff << (8 - bits));
    return ((ip->bytes[whole] ^ network->ip.bytes[whole]) & mask) == 0;
}

bool client_network_contains(const struct client_network *network, const struct client_ip *ip)
{
    struct client_ip v4 = unmapped(ip);
    return has_prefix(network, ip) || (v4.len != ip->len && has_prefix(network, &v4));
}

/* The registries of special-purpose addresses (RFC 6890 and successors). */
static const struct client_network private_v4[] = {
    {{{0}, 4}, 8},
    {{{10}, 4}, 8},
    {{{100, 64}, 4}, 10},
    {{{127}, 4}, 8},
    {{{169, 254}, 4}, 16},
    {{{172, 16}, 4}, 12},
    {{{192, 0, 0}, 4}, 24},
    {{{192, 0, 2}, 4}, 24},
    {{{192, 168}, 4}, 16},
    {{{198, 18}, 4}, 15},
    {{{198, 51, 100}, 4}, 24},
    {{{203, 0, 113}, 4}, 24},
    {{{224}, 4}, 3},
};
static const struct client_network private_v6[] = {
    {{{0}, 16}, 96},                         /* ::, ::1, and IPv4 as it was once written */
    {{{0, 0x64, 0xff, 0x9b, 0, 1}, 16}, 48}, /* local translation */
    {{{1}, 16}, 64},                         /* discard-only */
    {{{0x20, 0x01, 0, 0}, 16}, 23},          /* protocol assignments */
    {{{0x20, 0x01, 0x0d, 0xb8}, 16}, 32},    /* documentation */
    {{{0x3f, 0xff}, 16}, 20},                /* documentation */
    {{{0xfc}, 16}, 7},                       /* unique local */
    {{{0xfe, 0x80}, 16}, 10},                /* link-local */
    {{{0xff}, 16}, 8},                       /* multicast */
};

bool client_ip_is_private(const struct client_ip *ip)
{
    struct client_ip plain = unmapped(ip);
    bool v4 = plain.len == 4;
    size_t count = v4 ? countof(private_v4) : countof(private_v6);
    const struct client_network *networks = v4 ? private_v4 : private_v6;
    for (size_t i = 0; i < count; i++)
        if (has_prefix(&networks[i], &plain))
            return true;
    return false;
}

static bool is_blocked(const struct client_blocked *blocked, const struct client_ip *ip)
{
    if (blocked->private && client_ip_is_private(ip))
        return true;
    for (size_t i = 0; i < blocked->count; i++)
        if (client_network_contains(&blocked->networks[i], ip))
            return true;
    return false;
}

/* Where a gateway of the network would send it on to: NAT64 (RFC 6052), 6to4 (RFC 3056). */
static bool is_translated(const struct client_ip *ip, struct client_ip *ret_v4)
{
    static const struct {
        struct client_network network;
        size_t at; /* of the IPv4 address */
    } forms[] = {
        {{{{0, 0x64, 0xff, 0x9b}, 16}, 96}, 12},
        {{{{0x20, 0x02}, 16}, 16}, 2},
    };
    for (size_t i = 0; i < countof(forms); i++) {
        if (!has_prefix(&forms[i].network, ip))
            continue;
        *ret_v4 = (struct client_ip){.len = 4};
        memcpy(ret_v4->bytes, ip->bytes + forms[i].at, 4);
        return true;
    }
    return false;
}

bool client_is_blocked(const struct client_blocked *blocked, const struct client_ip *ip)
{
    struct client_ip v4;
    return is_blocked(blocked, ip) || (is_translated(ip, &v4) && is_blocked(blocked, &v4));
}
