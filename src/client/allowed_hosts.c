#include "client/allowed_hosts.h"

#include <ctype.h>

static const struct {
    const char *scheme;
    uint16_t port;
} default_ports[] = {
    {"http", 80},
    {"https", 443},
    {"redis", 6379},
    {"mysql", 3306},
    {"postgres", 5432},
    {"mqtt", 1883},
};

uint16_t client_default_port(struct str scheme)
{
    for (size_t i = 0; i < countof(default_ports); i++)
        if (str_is(scheme, default_ports[i].scheme))
            return default_ports[i].port;
    return 0;
}

static ptrdiff_t find_last_byte(struct str s, char byte)
{
    const char *found = s.len ? memrchr(s.ptr, byte, s.len) : NULL;
    return found ? found - s.ptr : -1;
}

/* Position of "://", or -1. */
static ptrdiff_t find_scheme_end(struct str s)
{
    const char *found = s.len ? memmem(s.ptr, s.len, "://", 3) : NULL;
    return found ? found - s.ptr : -1;
}

/* RFC 3986 3.1 */
static bool scheme_is_valid(struct str scheme)
{
    for (size_t i = 0; i < scheme.len; i++) {
        unsigned char c = (unsigned char)scheme.ptr[i];
        if (!isalnum(c) && !(c && strchr("+-.", c)))
            return false;
    }
    return scheme.len > 0 && isalpha((unsigned char)scheme.ptr[0]);
}

/* Parsing of patterns. */

static int parse_scheme(struct str text, struct str *ret_scheme, struct error *err)
{
    *ret_scheme = STR_EMPTY;
    if (str_is(text, "*"))
        return 0;
    if (str_starts_with(text, STR("{")))
        return error_set(err, ERROR_INVALID, "scheme lists are not supported");
    bool valid = text.len > 0;
    for (size_t i = 0; i < text.len && valid; i++)
        valid = isalpha((unsigned char)text.ptr[i]);
    if (!valid)
        return error_set(err, ERROR_INVALID, "only alphabetic characters are allowed");
    *ret_scheme = text;
    return 0;
}

static bool name_is_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (!isalnum(c) && !(c && strchr("-._", c)))
            return false;
    }
    return name.len > 0 && name.ptr[0] != '.';
}

static int parse_wildcard(struct str text, struct client_allowed_host *h, struct error *err)
{
    if (text.ptr[0] != '*')
        return error_set(err, ERROR_INVALID, "wildcards are allowed only as prefixes");
    if (text.len < 2 || text.ptr[1] != '.')
        return error_set(err, ERROR_INVALID, "wildcards are allowed only as subdomains");
    h->kind = CLIENT_HOST_SUBDOMAINS;
    h->name = str_skip(text, 1);
    struct client_ip ip;
    struct str domain = str_skip(text, 2);
    if (str_find_byte(domain, '*') >= 0)
        return error_set(err, ERROR_INVALID, "wildcards are allowed only as prefixes");
    if (!name_is_valid(domain) || client_ip_parse(domain, &ip))
        return error_set(err, ERROR_INVALID, "wildcard suffix must be a domain");
    return 0;
}

static int parse_host(struct str text, struct client_allowed_host *h, struct error *err)
{
    h->name = text;
    if (str_is(text, "*")) {
        h->kind = CLIENT_HOST_ANY;
        return 0;
    }
    if (str_is(text, "self") || str_is(text, "self.alt")) {
        h->kind = CLIENT_HOST_SELF;
        return 0;
    }
    if (str_starts_with(text, STR("{")))
        return error_set(err, ERROR_INVALID, "host lists are not yet supported");
    if (client_network_parse(text, &h->network)) {
        h->kind = CLIENT_HOST_NETWORK;
        return 0;
    }
    if (str_find_byte(text, '/') >= 0)
        return error_set(err, ERROR_INVALID, "must not include a path");
    if (str_find_byte(text, '*') >= 0)
        return parse_wildcard(text, h, err);
    h->kind = CLIENT_HOST_NAME;
    if (text.len == 0)
        return error_set(err, ERROR_INVALID, "a host is missing: write `*` for any");
    if (!name_is_valid(text))
        return error_set(err, ERROR_INVALID,
            "a host name consists of letters, digits, `-`, `_` and `.`; write others in their "
            "`xn--` form");
    return 0;
}

static bool parse_port_number(struct str text, uint32_t *ret_port)
{
    uint64_t port;
    if (!str_to_u64(text, &port) || port > UINT16_MAX)
        return false;
    *ret_port = (uint32_t)port;
    return true;
}

static int parse_port_range(
    struct str text, size_t dots, struct client_allowed_host *h, struct error *err)
{
    if (!parse_port_number(str_make(text.ptr, dots), &h->first_port) ||
        !parse_port_number(str_skip(text, dots + 2), &h->end_port))
        return error_set(
            err, ERROR_INVALID, "port range \"%" STR_FMT "\" contains non-number", STR_ARG(text));
    return 0;
}

static int parse_port(
    struct str text, struct str scheme, struct client_allowed_host *h, struct error *err)
{
    h->first_port = 0;
    h->end_port = UINT16_MAX + 1;
    if (str_is(text, "*"))
        return 0;
    if (text.len == 0) {
        h->first_port = client_default_port(scheme);
        h->end_port = h->first_port + 1;
        if (h->first_port)
            return 0;
        return error_set(err, ERROR_INVALID,
            "no port was provided and the scheme \"%" STR_FMT
            "\" does not have a known default port number",
            STR_ARG(scheme));
    }
    if (text.ptr[0] == '{')
        return error_set(err, ERROR_INVALID, "port lists are not yet supported");
    const char *dots = memmem(text.ptr, text.len, "..", 2);
    if (dots)
        return parse_port_range(text, (size_t)(dots - text.ptr), h, err);
    if (!parse_port_number(text, &h->first_port))
        return error_set(
            err, ERROR_INVALID, "port \"%" STR_FMT "\" is not a number", STR_ARG(text));
    h->end_port = h->first_port + 1;
    return 0;
}

/* What has no scheme, and so is no pattern at all. */
static int fail_without_scheme(struct str text, struct error *err)
{
    if (str_is(text, "insecure:allow-all"))
        return error_set(err, ERROR_INVALID,
            "'insecure:allow-all' is not allowed - use '*://*:*' instead if you really want to "
            "allow all outbound traffic");
    if (text.len == 0 || str_is(text, "*") || str_is(text, ":") || str_is(text, "?"))
        return error_set(err, ERROR_INVALID,
            "\"%" STR_FMT "\" is not an allowed outbound host format. Hosts must be in the form "
            "<scheme>://<host>[:<port>], where each part may be '*'; '*://*:*' allows everything",
            STR_ARG(text));
    return error_set(err, ERROR_INVALID,
        "\"%" STR_FMT "\" does not contain a scheme (e.g., 'http://' or '*://')", STR_ARG(text));
}

/* Cuts at the `:` before the port. The one of an IPv6 address in brackets is none. */
static void split_port(struct str text, struct str *ret_host, struct str *ret_port)
{
    ptrdiff_t colon = find_last_byte(text, ':');
    ptrdiff_t bracket = find_last_byte(text, ']');
    ptrdiff_t slash = find_last_byte(text, '/');
    *ret_host = text;
    *ret_port = STR_EMPTY;
    if (colon < 0 || colon < bracket || colon < slash)
        return;
    *ret_host = str_make(text.ptr, (size_t)colon);
    *ret_port = str_skip(text, (size_t)colon + 1);
}

static int parse_pattern(struct str text, struct client_allowed_host *h, struct error *err)
{
    struct str host, port;
    text = str_trim(text);
    ptrdiff_t end = find_scheme_end(text);
    if (end < 0)
        return fail_without_scheme(text, err);
    struct str scheme = str_make(text.ptr, (size_t)end);
    struct str rest = str_skip(text, (size_t)end + 3);
    if (str_ends_with(rest, STR("/")))
        rest.len--;
    split_port(rest, &host, &port);
    if (parse_scheme(scheme, &h->scheme, err) < 0)
        return error_wrap(err, "Invalid allowed host scheme \"%" STR_FMT "\"", STR_ARG(scheme));
    if (parse_host(host, h, err) < 0)
        return error_wrap(err, "Invalid allowed host \"%" STR_FMT "\"", STR_ARG(host));
    if (parse_port(port, scheme, h, err) < 0)
        return error_wrap(err, "Invalid allowed host port \"%" STR_FMT "\"", STR_ARG(port));
    return 0;
}

int client_allowed_hosts_parse(struct arena *arena, const struct str *patterns, size_t count,
    struct client_allowed_hosts *ret_hosts, size_t *ret_bad, struct error *err)
{
    struct client_allowed_host *items =
        arena_try_array(arena, count + 1, struct client_allowed_host);
    *ret_bad = 0;
    if (!items)
        return error_set(err, ERROR_MEMORY, "too many allowed hosts");
    for (size_t i = 0; i < count; i++)
        if (parse_pattern(patterns[i], &items[i], err) < 0) {
            *ret_bad = i;
            return -1;
        }
    *ret_hosts = (struct client_allowed_hosts){items, count};
    return 0;
}

/* Targets. */

/* Cuts off what follows the first of `bytes`. */
static struct str cut_before(struct str text, const char *bytes)
{
    size_t len = 0;
    while (len < text.len && !(text.ptr[len] && strchr(bytes, text.ptr[len])))
        len++;
    return str_make(text.ptr, len);
}

bool client_target_parse(struct str url, struct str default_scheme, struct client_target *ret)
{
    struct client_target target = {.scheme = default_scheme, .userinfo = STR_EMPTY};
    struct str port;
    uint32_t number;
    ptrdiff_t end = find_scheme_end(url);
    /* Behind one of these it is a part of the path, or of what follows it. */
    if (end >= 0 && cut_before(url, "/?#").len > (size_t)end) {
        target.scheme = str_make(url.ptr, (size_t)end);
        if (!scheme_is_valid(target.scheme))
            return false;
        url = str_skip(url, (size_t)end + 3);
    }
    struct str authority = cut_before(url, "/");
    ptrdiff_t at = find_last_byte(authority, '@');
    if (at >= 0) {
        target.userinfo = str_make(authority.ptr, (size_t)at);
        authority = str_skip(authority, (size_t)at + 1);
        url = str_skip(url, (size_t)at + 1);
    }
    authority = cut_before(authority, "?#");
    target.rest = str_skip(url, authority.len);
    split_port(authority, &target.host, &port);
    target.port = client_default_port(target.scheme);
    if (port.len && !parse_port_number(port, &number))
        return false;
    if (port.len)
        target.port = (uint16_t)number;
    struct client_ip ip;
    bool is_ip = client_ip_parse(target.host, &ip);
    if (target.port == 0 || !(is_ip || name_is_valid(target.host)))
        return false;
    if (target.host.ptr[0] == '[')
        target.host = str_make(target.host.ptr + 1, target.host.len - 2);
    *ret = target;
    return true;
}

/* Matching. */

static bool scheme_matches(const struct client_allowed_host *h, struct str scheme)
{
    return h->scheme.len == 0 || str_equal(h->scheme, scheme);
}

static bool ends_with_ignoring_case(struct str s, struct str suffix)
{
    return s.len > suffix.len && str_equal_ignore_case(str_skip(s, s.len - suffix.len), suffix);
}

/* `ip` is NULL when the host is a name. */
static bool host_matches(
    const struct client_allowed_host *h, struct str host, const struct client_ip *ip)
{
    switch (h->kind) {
    case CLIENT_HOST_ANY:
        return true;
    case CLIENT_HOST_NAME:
        return !ip && str_equal_ignore_case(h->name, host);
    case CLIENT_HOST_SUBDOMAINS:
        return !ip && ends_with_ignoring_case(host, h->name);
    case CLIENT_HOST_NETWORK:
        return ip && client_network_contains(&h->network, ip);
    case CLIENT_HOST_SELF:
        break;
    }
    return false;
}

bool client_allowed_hosts_match(
    const struct client_allowed_hosts *hosts, struct str scheme, struct str host, uint16_t port)
{
    struct client_ip ip;
    const struct client_ip *known = client_ip_parse(host, &ip) ? &ip : NULL;
    for (size_t i = 0; i < hosts->count; i++) {
        const struct client_allowed_host *h = &hosts->items[i];
        if (port >= h->first_port && port < h->end_port && scheme_matches(h, scheme) &&
            host_matches(h, host, known))
            return true;
    }
    return false;
}

bool client_allowed_hosts_match_self(const struct client_allowed_hosts *hosts, struct str scheme)
{
    for (size_t i = 0; i < hosts->count; i++) {
        const struct client_allowed_host *h = &hosts->items[i];
        if ((h->kind == CLIENT_HOST_SELF || h->kind == CLIENT_HOST_ANY) &&
            scheme_matches(h, scheme))
            return true;
    }
    return false;
}
