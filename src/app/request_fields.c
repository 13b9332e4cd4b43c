#include "app/request_fields.h"

/* Fields of the connection, of no use to a guest (wasi:http forbids them), and ones that are ours.
 */
static bool is_hidden(struct str name)
{
    static const struct str hidden[] = {STR("host"), STR("connection"), STR("keep-alive"),
        STR("proxy-authenticate"), STR("proxy-authorization"), STR("proxy-connection"),
        STR("transfer-encoding"), STR("upgrade"), STR("http2-settings")};
    if (str_starts_with(name, STR("spin-")))
        return true;
    for (size_t i = 0; i < countof(hidden); i++)
        if (str_equal(name, hidden[i]))
            return true;
    return false;
}

static bool join(struct arena *a, const struct str *parts, size_t count, struct str *ret_text)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = arena_try_alloc_raw(a, len), *at = text;
    if (!text)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len)
            memcpy(at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    *ret_text = str_make(text, len);
    return true;
}

/* "User_Id" of a route is the field spin-path-match-user-id. */
static bool parameter_field(struct arena *a, struct str name, struct str *ret_field)
{
    const struct str parts[] = {STR("spin-path-match-"), name};
    if (!join(a, parts, countof(parts), ret_field))
        return false;
    char *text = (char *)(uintptr_t)ret_field->ptr;
    for (size_t i = 0; i < ret_field->len; i++) {
        if (text[i] == '_')
            text[i] = '-';
        else if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] |= 0x20;
    }
    return true;
}

bool request_add_spin_fields(struct http_exchange *x, const struct route_match *match)
{
    enum { OWN = 7 };
    const struct route *route = match->route;
    const struct str url_parts[] = {x->scheme, STR("://"), x->authority, x->path};
    struct str url;
    struct http_field *fields =
        arena_try_array(x->arena, x->field_count + OWN + route->parameter_count, struct http_field);
    size_t n = 0;
    if (!fields || !join(x->arena, url_parts, countof(url_parts), &url))
        return false;
    fields[n++] = (struct http_field){STR("spin-client-addr"), x->client_address};
    for (size_t i = 0; i < x->field_count; i++)
        if (!is_hidden(x->fields[i].name))
            fields[n++] = x->fields[i];
    fields[n++] = (struct http_field){STR("spin-path-info"), match->rest};
    fields[n++] = (struct http_field){STR("spin-full-url"), url};
    fields[n++] = (struct http_field){STR("spin-matched-route"), route->matched};
    fields[n++] = (struct http_field){STR("spin-base-path"), STR("/")};
    fields[n++] = (struct http_field){STR("spin-raw-component-route"), route->raw};
    fields[n++] = (struct http_field){STR("spin-component-route"), route->prefix};
    for (size_t i = 0; i < route->parameter_count; i++) {
        fields[n].value = match->values[i];
        if (!parameter_field(x->arena, route->parameters[i], &fields[n++].name))
            return false;
    }
    x->fields = fields;
    x->field_count = n;
    return true;
}
