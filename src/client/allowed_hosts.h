/*
 * `allowed_outbound_hosts`: where a component may connect to.
 *
 *     SCHEME "://" HOST [":" PORT] ["/"]
 *
 *     scheme  `*` or a word of letters; compared as it is
 *     host    `*`, `self`, a name, `*.domain` (any depth, not the domain itself), an IP address,
 *             a range of addresses (10.0.0.0/8); names are compared ignoring case
 *     port    a number, `*`, or `A..B` without B; the scheme's own if there is none
 *
 * A name never matches an address, nor an address a name: nothing is looked up for a check.
 * Templates have been resolved by whoever makes the list.
 */
#ifndef SPINDLE_CLIENT_ALLOWED_HOSTS_H
#define SPINDLE_CLIENT_ALLOWED_HOSTS_H

#include "base/arena.h"
#include "base/error.h"
#include "client/network.h"

enum client_host_kind {
    CLIENT_HOST_ANY,
    CLIENT_HOST_SELF,       /* the application itself, by a request without a host */
    CLIENT_HOST_NAME,       /* `name` */
    CLIENT_HOST_SUBDOMAINS, /* whatever ends in `name`, which begins with a dot */
    CLIENT_HOST_NETWORK,
};

struct client_allowed_host {
    struct str scheme; /* empty: any */
    enum client_host_kind kind;
    struct str name;
    struct client_network network;
    uint32_t first_port, end_port; /* [first, end) */
};

/* Plain data in the arena it was parsed into, views of the patterns included. */
struct client_allowed_hosts {
    const struct client_allowed_host *items;
    size_t count;
};

/*
 * On failure *ret_bad is the index of the pattern at fault and the error says what is wrong with
 * it, outermost first as Spin does: `Invalid allowed host port "x"`, then the reason.
 */
int client_allowed_hosts_parse(struct arena *arena, const struct str *patterns, size_t count,
    struct client_allowed_hosts *ret_hosts, size_t *ret_bad, struct error *err);

/*
 * Where somebody wants to connect to: views into the text that it was parsed from. What is checked
 * is what must be connected to: take host and port from here, do not have the text parsed again by
 * a library that may read it differently.
 */
struct client_target {
    struct str scheme;
    struct str userinfo; /* before the `@`; empty: none */
    struct str host;     /* a name of letters, digits, `-`, `_`, `.`, or an address, no brackets */
    uint16_t port;       /* the scheme's own if the text has none */
    struct str rest;     /* from the path on; may be empty */
};

/*
 * "redis://user:pass@host:6379/0", or "host:6379" with the default scheme. User information ends
 * at the last `@` before the first `/`, so that a password may hold `:`, `?`, `#` and `@`. False
 * when there is no host, or no port although the scheme has none of its own.
 */
bool client_target_parse(struct str url, struct str default_scheme, struct client_target *ret);
/* 80 for http and so on; 0 for a scheme that has none. */
uint16_t client_default_port(struct str scheme);

bool client_allowed_hosts_match(
    const struct client_allowed_hosts *hosts, struct str scheme, struct str host, uint16_t port);
/* May it send requests to its own application, by a request without a host? */
bool client_allowed_hosts_match_self(const struct client_allowed_hosts *hosts, struct str scheme);

#endif
