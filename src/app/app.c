#include "app/app.h"

#include <jansson.h>
#include <stdatomic.h>
#include <unistd.h>

#include "app/component.h"
#include "app/request_fields.h"
#include "base/limits.h"
#include "http/router.h"
#include "wasm/process.h"

enum { TOO_MANY_FIELDS = 431 }; /* the status */

/* Who answers what a trigger's route matches. */
struct answerer {
    const struct manifest_http_trigger *trigger;
    struct app_component *component; /* NULL: the trigger's static response, with these fields */
    struct http_field *fields;
    size_t field_count;
};

struct app {
    struct app_options options;
    struct arena arena;
    struct router router;
    struct app_services services;
    size_t component_count;
    struct app_component *components;
    struct answerer *answerers; /* one for each of the manifest's triggers */
    struct http_server *server;
    struct str info; /* the answer to /.well-known/spin/info */
    _Atomic bool unmatched_seen;
};

static void answer(struct http_exchange *x, unsigned status, const struct http_field *fields,
    size_t field_count, struct str body)
{
    if (x->ops->send_head(x, status, fields, field_count) == HTTP_IO_OK &&
        (!body.len || x->ops->write_body(x, body) == HTTP_IO_OK))
        x->ops->finish(x);
}

static struct str without_query(struct str path)
{
    ptrdiff_t query = str_find_byte(path, '?');
    return str_make(path.ptr, query < 0 ? path.len : (size_t)query);
}

static void answer_static(struct http_exchange *x, const struct answerer *a)
{
    answer(x, a->trigger->static_response->status, a->fields, a->field_count,
        a->trigger->static_response->body);
}

/* Paths that are the host's own, whatever the routes say. False if this is none. */
static bool handle_well_known(struct app *app, struct http_exchange *x, struct str path)
{
    static const struct http_field json = {STR("content-type"), STR("application/json")};
    if (!str_starts_with(path, STR("/.well-known/spin/")))
        return false;
    struct str what = str_skip(path, sizeof "/.well-known/spin/" - 1);
    if (str_is(what, "health"))
        answer(x, 200, NULL, 0, STR("OK"));
    else if (str_is(what, "info"))
        answer(x, 200, &json, 1, app->info);
    else
        x->ops->reject(x, 404);
    return true;
}

static void handle_unmatched(struct app *app, struct http_exchange *x, struct str path)
{
    x->ops->reject(x, 404);
    if (isatty(STDERR_FILENO) && !atomic_exchange(&app->unmatched_seen, true))
        fprintf(stderr,
            "Warning: Request to %" STR_FMT " matched no pattern, and received a generic 404 "
            "response. To serve a more informative 404 page, add a catch-all (/...) route.\n",
            STR_ARG(path));
}

static void handle(void *data, struct http_exchange *x)
{
    struct app *app = data;
    struct route_match match;
    struct str path = without_query(x->path);
    if (handle_well_known(app, x, path))
        return;
    if (!router_find(&app->router, path, &match)) {
        handle_unmatched(app, x, path);
        return;
    }
    const struct answerer *a = match.route->value;
    if (!a->component) {
        answer_static(x, a);
        return;
    }
    if (request_add_spin_fields(x, &match))
        app_component_handle(a->component, x);
    else
        x->ops->reject(x, TOO_MANY_FIELDS);
}

void app_answer_itself(struct app *app, struct http_exchange *x)
{
    x->authority = str_of(app_address(app));
    handle(app, x);
}

static struct app_component *find_component(struct app *app, struct str id)
{
    for (size_t i = 0; i < app->component_count; i++)
        if (str_equal(app->components[i].manifest->id, id))
            return &app->components[i];
    return NULL;
}

bool app_answer_by(struct app *app, struct http_exchange *x, struct str component)
{
    static const struct route whole = {
        .raw = STR("/..."), .matched = STR("/..."), .prefix = STR("")};
    struct app_component *c = find_component(app, component);
    if (!c)
        return false;
    struct route_match match = {.route = &whole, .rest = without_query(x->path)};
    if (request_add_spin_fields(x, &match))
        app_component_handle(c, x);
    else
        x->ops->reject(x, TOO_MANY_FIELDS);
    return true;
}

/* Components that no trigger names are left alone, broken or not. */
static int load_components(struct app *app, struct error *err)
{
    const struct manifest *m = app->options.manifest;
    app->components = arena_alloc(&app->arena, (m->component_count + 1) * sizeof *app->components);
    for (size_t i = 0; i < m->trigger_count; i++) {
        const struct manifest_http_trigger *t = &m->triggers[i];
        if (t->static_response || find_component(app, t->component))
            continue;
        struct app_component *c = &app->components[app->component_count++];
        if (app_component_load(
                c, app, m, manifest_find(m, t->component), &app->options, &app->services, err) < 0)
            return -1;
    }
    return 0;
}

/* A route that is given twice is the last one's; the others' owners are told. */
static void warn_of_duplicate(
    const struct answerer *loser, const struct answerer *winner, bool first)
{
    struct str names[] = {loser->trigger->id, winner->trigger->id};
    if (loser->component)
        names[0] = loser->trigger->component;
    if (winner->component)
        names[1] = winner->trigger->component;
    if (first)
        fprintf(stderr, "Warning: The following component routes are duplicates and will never be "
                        "used:\n");
    fprintf(stderr, "  %" STR_FMT ": %" STR_FMT " (duplicate of %" STR_FMT ")\n", STR_ARG(names[0]),
        STR_ARG(loser->trigger->route), STR_ARG(names[1]));
}

static void make_static_fields(struct app *app, struct answerer *a)
{
    const struct manifest_static_response *response = a->trigger->static_response;
    const struct manifest_pairs *headers = &response->headers;
    a->fields = arena_alloc(&app->arena, (headers->count + 1) * sizeof *a->fields);
    for (size_t i = 0; i < headers->count; i++)
        a->fields[a->field_count++] =
            (struct http_field){headers->items[i].name, headers->items[i].value};
    a->fields[a->field_count++] = (struct http_field){
        STR("content-length"), str_of(arena_printf(&app->arena, "%zu", response->body.len))};
}

static void add_routes(struct app *app)
{
    const struct manifest *m = app->options.manifest;
    bool first = true;
    router_init(&app->router, &app->arena);
    app->answerers = arena_alloc(&app->arena, (m->trigger_count + 1) * sizeof *app->answerers);
    for (size_t i = 0; i < m->trigger_count; i++) {
        const struct manifest_http_trigger *t = &m->triggers[i];
        if (t->is_private)
            continue;
        struct answerer *a = &app->answerers[i];
        *a = (struct answerer){.trigger = t};
        if (t->static_response)
            make_static_fields(app, a);
        else
            a->component = find_component(app, t->component);
        const struct route *old = router_add(&app->router, t->route, a);
        if (str_starts_with(t->route, STR("/.well-known/spin/")))
            fprintf(stderr, "Warning: Routes under /.well-known/spin/ are handled by the Spin "
                            "runtime and will never be reached\n");
        if (!old)
            continue;
        warn_of_duplicate(old->value, a, first);
        first = false;
    }
}

static int make_info(struct app *app, struct error *err)
{
    const struct manifest *m = app->options.manifest;
    json_t *info = json_object();
    json_object_set_new(info, "name", json_stringn(m->name.ptr, m->name.len));
    if (m->version.len)
        json_object_set_new(info, "version", json_stringn(m->version.ptr, m->version.len));
    char *text = json_dumps(info, JSON_INDENT(2));
    json_decref(info);
    if (!text)
        return error_set(err, ERROR_INVALID, "the application's name is not UTF-8");
    app->info = arena_copy(&app->arena, str_of(text));
    free(text);
    return 0;
}

int app_new(const struct app_options *options, struct app **ret_app, struct error *err)
{
    struct app *app = calloc(1, sizeof *app);
    if (!app)
        return error_set(err, ERROR_MEMORY, "no memory for an application");
    app->options = *options;
    app->arena = ARENA_INIT(GIB);
    if (wasm_process_init(err) < 0 || wasm_thread_init(err) < 0 || make_info(app, err) < 0 ||
        app_services_open(&app->services, &app->options, err) < 0 ||
        load_components(app, err) < 0 || app_stores_fill(&app->services.stores, err) < 0) {
        app_free(app);
        return -1;
    }
    add_routes(app);
    *ret_app = app;
    return 0;
}

static int thread_start(void *data, struct error *err)
{
    (void)data;
    return wasm_thread_init(err);
}

static void thread_end(void *data)
{
    (void)data;
    wasm_thread_release();
}

int app_listen(struct app *app, const struct http_server_options *options, struct error *err)
{
    struct http_server_options own = *options;
    own.handle = handle;
    own.thread_start = thread_start;
    own.thread_end = thread_end;
    own.data = app;
    return http_server_new(&own, &app->server, err);
}

const char *app_address(const struct app *app)
{
    return http_server_address(app->server);
}

int app_run(struct app *app, struct error *err)
{
    return http_server_run(app->server, err);
}

void app_stop(struct app *app)
{
    http_server_stop(app->server);
}

bool app_busy(struct app *app)
{
    return app->server && http_server_busy(app->server);
}

void app_free(struct app *app)
{
    if (!app)
        return;
    http_server_free(app->server);
    for (size_t i = 0; i < app->component_count; i++)
        app_component_release(&app->components[i]);
    app_services_close(&app->services);
    arena_release(&app->arena);
    free(app);
}

void app_leave(struct app *app)
{
    app_files_release(&app->services.files);
}

void app_rewind_figures(const struct app *app, struct app_rewind_figures *ret_figures)
{
    struct app_rewind_figures sum = {0};
    for (size_t i = 0; i < app->component_count; i++) {
        const struct app_component *c = &app->components[i];
        uint32_t pages = atomic_load(&c->hot_pages);
        sum.checked += atomic_load(&c->checked);
        sum.different += atomic_load(&c->different);
        sum.hot_pages = pages > sum.hot_pages ? pages : sum.hot_pages;
    }
    *ret_figures = sum;
}
