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

static struct str join(struct arena *a, struct str s, struct str t, struct str u, struct str v)
{
    size_t len = s.len + t.len + u.len + v.len;
    char *text = arena_alloc(a, len + 1), *at = text;
    const struct str parts[] = {s, t, u, v};
    for (size_t i = 0; i < countof(parts); i++) {
        if (parts[i].len)
            memcpy(at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return str_make(text, len);
}

/* "User_Id" of a route is the field spin-path-match-user-id. */
static struct str parameter_field(struct arena *a, struct str name)
{
    struct str field = join(a, STR("spin-path-match-"), name, STR_EMPTY, STR_EMPTY);
    char *text = (char *)(uintptr_t)field.ptr;
    for (size_t i = 0; i < field.len; i++) {
        if (text[i] == '_')
            text[i] = '-';
        else if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] |= 0x20;
    }
    return field;
}

void request_add_spin_fields(struct http_exchange *x, const struct route_match *match)
{
    enum { OWN = 7 };
    const struct route *route = match->route;
    struct http_field *fields =
        arena_alloc(x->arena, (x->field_count + OWN + route->parameter_count) * sizeof *fields);
    size_t n = 0;
    fields[n++] = (struct http_field){STR("spin-client-addr"), x->client_address};
    for (size_t i = 0; i < x->field_count; i++)
        if (!is_hidden(x->fields[i].name))
            fields[n++] = x->fields[i];
    struct str url = join(x->arena, x->scheme, STR("://"), x->authority, x->path);
    fields[n++] = (struct http_field){STR("spin-path-info"), match->rest};
    fields[n++] = (struct http_field){STR("spin-full-url"), url};
    fields[n++] = (struct http_field){STR("spin-matched-route"), route->matched};
    fields[n++] = (struct http_field){STR("spin-base-path"), STR("/")};
    fields[n++] = (struct http_field){STR("spin-raw-component-route"), route->raw};
    fields[n++] = (struct http_field){STR("spin-component-route"), route->prefix};
    for (size_t i = 0; i < route->parameter_count; i++)
        fields[n++] =
            (struct http_field){parameter_field(x->arena, route->parameters[i]), match->values[i]};
    x->fields = fields;
    x->field_count = n;
}
