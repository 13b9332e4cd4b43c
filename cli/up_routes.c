/*
 * What `spin up` says when it serves: address and routes, as text or JSON.
 */
#include <jansson.h>

#include "cli/up.h"

/* A route as it is shown: without what makes it a wildcard, and without a slash at the end. */
struct shown_route {
    struct str name, path, description;
    bool wildcard;
};

static struct shown_route show(const struct manifest *m, const struct manifest_http_trigger *t)
{
    struct shown_route shown = {
        .name = t->static_response ? t->id : t->component, .path = t->route};
    struct str *path = &shown.path;
    shown.wildcard = str_ends_with(*path, STR("/...")) || str_ends_with(*path, STR("/*"));
    if (shown.wildcard)
        path->len -= str_ends_with(*path, STR("/*")) ? 2 : 4;
    else if (str_ends_with(*path, STR("/")))
        path->len--;
    if (!t->static_response)
        shown.description = manifest_find(m, t->component)->description;
    return shown;
}

static void print_plain(const struct manifest *m, const char *address)
{
    printf("\nServing http://%s\nAvailable Routes:\n", address);
    for (size_t i = 0; i < m->trigger_count; i++) {
        if (m->triggers[i].is_private)
            continue;
        struct shown_route r = show(m, &m->triggers[i]);
        printf("  %" STR_FMT ": http://%s%s%" STR_FMT "%s\n", STR_ARG(r.name), address,
            r.path.len && r.path.ptr[0] != '/' ? "/" : "", STR_ARG(r.path),
            r.wildcard ? " (wildcard)" : "");
        if (r.description.len)
            printf("    %" STR_FMT "\n", STR_ARG(r.description));
    }
}

static json_t *json_text(struct str s)
{
    return json_stringn(s.ptr, s.len);
}

static json_t *route_object(struct shown_route r)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_text(r.name));
    json_object_set_new(object, "route", json_text(r.path.len ? r.path : STR("/")));
    json_object_set_new(object, "wildcard", json_boolean(r.wildcard));
    if (r.description.len)
        json_object_set_new(object, "description", json_text(r.description));
    return object;
}

static void print_json(const struct manifest *m, const char *address, struct arena *a)
{
    json_t *whole = json_object(), *routes = json_array();
    json_object_set_new(whole, "base_url", json_string(arena_printf(a, "http://%s", address)));
    for (size_t i = 0; i < m->trigger_count; i++)
        if (!m->triggers[i].is_private)
            json_array_append_new(routes, route_object(show(m, &m->triggers[i])));
    json_object_set_new(whole, "routes", routes);
    json_dumpf(whole, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(whole);
}

void up_print_start(const struct manifest *m, const char *address, bool json)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(4096 * 4);
    if (json)
        print_json(m, address, &a);
    else
        print_plain(m, address);
    fflush(stdout);
}
