#include "client/redis_address.h"

#include "base/limits.h"
#include "client/allowed_hosts.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Without %XX. A percent sign that begins none stands for itself. */
static int decode(struct str text, struct arena *arena, struct str *ret_text, struct error *err)
{
    char *to = arena_try_alloc_raw(arena, text.len + 1);
    if (!to)
        return error_set(err, ERROR_MEMORY, "no memory for an address");
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool coded = text.ptr[i] == '%' && i + 2 < text.len && hex_digit(text.ptr[i + 1]) >= 0 &&
                     hex_digit(text.ptr[i + 2]) >= 0;
        to[len++] = coded ? (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]))
                          : text.ptr[i];
        if (coded)
            i += 2;
    }
    *ret_text = str_make(to, len);
    return 0;
}

static int parse_user(struct str userinfo, struct arena *arena,
    struct client_redis_address *address, struct error *err)
{
    ptrdiff_t colon = str_find_byte(userinfo, ':');
    size_t end = colon < 0 ? userinfo.len : (size_t)colon;
    struct str password = colon < 0 ? STR_EMPTY : str_skip(userinfo, end + 1);
    if (decode(str_make(userinfo.ptr, end), arena, &address->user, err) < 0)
        return -1;
    return decode(password, arena, &address->password, err);
}

static int parse_path(struct str rest, struct client_redis_address *address, struct error *err)
{
    ptrdiff_t mark = str_find_byte(rest, '?');
    struct str query = mark < 0 ? STR_EMPTY : str_skip(rest, (size_t)mark + 1);
    struct str path = str_make(rest.ptr, mark < 0 ? rest.len : (size_t)mark);
    uint64_t database = 0;
    path = str_skip(path, 1);
    if (path.len && (!str_to_u64(path, &database) || database > INT32_MAX))
        return error_set(
            err, ERROR_INVALID, "'%" STR_FMT "' is not the number of a database", STR_ARG(path));
    if (query.len && !str_is(query, "protocol=resp2") && !str_is(query, "protocol=resp3"))
        return error_set(err, ERROR_INVALID, "'%" STR_FMT "' is not known", STR_ARG(query));
    address->database = (uint32_t)database;
    return 0;
}

int client_redis_address_parse(struct str text, struct arena *arena,
    struct client_redis_address *ret_address, struct error *err)
{
    if (str_starts_with(text, STR("rediss://")))
        return error_set(err, ERROR_UNSUPPORTED,
            "connections to Redis over TLS ('rediss://') are not supported yet: use 'redis://'");
    if (str_starts_with(text, STR("unix:")) || str_starts_with(text, STR("redis+unix:")))
        return error_set(
            err, ERROR_UNSUPPORTED, "connections to Redis by local sockets are not allowed");
    struct client_target target;
    if (text.len > LIMIT_REDIS_ADDRESS)
        return error_set(
            err, ERROR_INVALID, "the address is longer than %zu bytes", LIMIT_REDIS_ADDRESS);
    if (!str_starts_with(text, STR("redis://")) || memchr(text.ptr, 0, text.len) ||
        !client_target_parse(text, STR("redis"), &target))
        return error_set(err, ERROR_INVALID, "must be 'redis://HOST:PORT'");
    struct client_redis_address address = {.text = text, .host = target.host, .port = target.port};
    if (parse_user(target.userinfo, arena, &address, err) < 0 ||
        parse_path(target.rest, &address, err) < 0)
        return -1;
    *ret_address = address;
    return 0;
}
