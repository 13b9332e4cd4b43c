/*
 * Ranges of IP addresses.
 */
#ifndef SPINDLE_CLIENT_NETWORK_H
#define SPINDLE_CLIENT_NETWORK_H

#include "base/str.h"

struct sockaddr;

/* An address as bytes in network order. An IPv4 address has 4, an IPv6 address 16. */
struct client_ip {
    uint8_t bytes[16];
    uint8_t len;
};

/* All addresses whose first `prefix` bits are those of `ip`. */
struct client_network {
    struct client_ip ip;
    uint8_t prefix;
};

/* "10.0.0.1", "::1", "[::1]". False for anything else, names included. */
bool client_ip_parse(struct str text, struct client_ip *ret_ip);
/* False for families other than IPv4 and IPv6. */
bool client_ip_of_socket(const struct sockaddr *address, struct client_ip *ret_ip);
/* "10.0.0.0/8", "fd00::/8", or one address. Bits after the prefix do not matter. */
bool client_network_parse(struct str text, struct client_network *ret_network);
/* IPv4 and IPv6 are different, except for IPv4 addresses mapped into IPv6 (::ffff:10.0.0.1). */
bool client_network_contains(const struct client_network *network, const struct client_ip *ip);
/*
 * Is it one that the public internet does not reach: private, shared, loopback, link-local,
 * reserved, documentation, multicast?
 */
bool client_ip_is_private(const struct client_ip *ip);

/* Networks that nobody may connect to, whatever is allowed (`block_networks`). */
struct client_blocked {
    const struct client_network *networks;
    size_t count;
    bool private; /* all private ones too */
};

/* Also by the IPv4 address that the network makes of an IPv6 one. */
bool client_is_blocked(const struct client_blocked *blocked, const struct client_ip *ip);

#endif
