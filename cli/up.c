/*
 * spin up: serves an application.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "cli/up.h"

static struct app *running;

/* The second signal does not wait for what the first one has begun. */
static void stop(int number)
{
    static volatile sig_atomic_t asked;
    (void)number;
    if (asked)
        _exit(0);
    asked = 1;
    app_stop(running);
}

static int listen_on(struct app *app, const struct http_server_options *http, struct error *err)
{
    if (app_listen(app, http, err) == 0)
        return 0;
    if (err->os_errno != EADDRINUSE)
        return -1;
    error_release(err);
    return error_set(err, ERROR_IO,
        "%s is already in use. To have Spin search for a free port, use the --find-free-port "
        "option.",
        http->listen);
}

/* Tries the port and the nine after it. */
static int listen_nearby(
    struct app *app, struct http_server_options *http, struct arena *a, struct error *err)
{
    enum { TRIES = 10 };
    const char *colon = strrchr(http->listen, ':');
    uint64_t first;
    if (!colon || !str_to_u64(str_of(colon + 1), &first))
        return app_listen(app, http, err);
    int host = (int)(colon - http->listen);
    const char *wanted = http->listen;
    for (uint64_t port = first; port < first + TRIES; port++) {
        http->listen = arena_printf(a, "%.*s:%llu", host, wanted, (unsigned long long)port);
        if (app_listen(app, http, err) == 0)
            return 0;
        if (err->os_errno != EADDRINUSE)
            return -1;
        error_release(err);
    }
    return error_set(err, ERROR_IO,
        "Couldn't find a free port in the range %llu-%llu. Consider retrying with a different base "
        "port.",
        (unsigned long long)first, (unsigned long long)(first + TRIES));
}

/* Connections are descriptors, and the usual limit of 1,024 is far below what can be served. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve(
    struct app *app, const struct manifest *m, const struct up_options *o, struct error *err)
{
    struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    running = app;
    raise_descriptor_limit();
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    up_print_start(m, app_address(app), o->json);
    return app_run(app, err);
}

/* In the byte-compare mode: what it has found is the command's result. */
static int check_figures(const struct app *app)
{
    struct app_rewind_figures figures;
    app_rewind_figures(app, &figures);
    fprintf(stderr,
        "check-rewind: %llu requests, %llu left something behind, %u hot pages at the end\n",
        (unsigned long long)figures.checked, (unsigned long long)figures.different,
        figures.hot_pages);
    return figures.different ? 1 : 0;
}

/* Before anything is loaded. The stores' lines are theirs: whoever opens one says where it is. */
static void say_what_is_used(const struct up_options *o)
{
    CLEANUP(buf_release) struct buf summary = BUF_INIT(MIB);
    if (o->runtime_config)
        runtime_config_summary(o->runtime_config, &summary);
    if (summary.len)
        fprintf(stderr, "Using runtime config %s from \"%s\"\n", buf_cstr(&summary),
            o->runtime_config->path);
    if (o->app.log_folder)
        fprintf(stderr, "Logging component stdio to \"%s/\"\n", o->app.log_folder);
}

static int run_app(struct up_options *o, struct arena *a, struct error *err)
{
    struct app *app;
    say_what_is_used(o);
    if (app_new(&o->app, &app, err) < 0)
        return -1;
    int status =
        o->find_free_port ? listen_nearby(app, &o->http, a, err) : listen_on(app, &o->http, err);
    if (status == 0)
        status = serve(app, o->app.manifest, o, err);
    if (status == 0 && o->app.check_rewind)
        status = check_figures(app);
    if (status == 0 && app_busy(app)) {
        /* Handlers that do not end: their memory goes with the process. */
        app_leave(app);
        fflush(NULL);
        _exit(0);
    }
    app_free(app);
    return status;
}

static void show_warnings(const struct manifest *m)
{
    for (const struct manifest_notice *w = m->warnings; w; w = w->next)
        cli_warn("%s:%u:%u: %s", m->path, w->place.line, w->place.column, w->text);
}

static int run_manifest(
    const struct cli_arguments *args, struct manifest *m, struct arena *a, struct error *err)
{
    struct up_options options;
    show_warnings(m);
    const struct cli_values *ids = &args->options[UP_COMPONENT];
    if ((ids->count && manifest_select(m, ids->items, ids->count, err) < 0) ||
        up_options_read(args, m, a, &options, err) < 0)
        return -1;
    int status = run_app(&options, a, err);
    up_options_release(&options);
    return status;
}

static bool is_component(const char *path)
{
    struct str name = str_of(path);
    return (str_ends_with(name, STR(".wasm")) || str_ends_with(name, STR(".wat"))) &&
           !file_is_dir(path);
}

static int find(
    const struct cli_arguments *args, struct arena *a, char **ret_path, struct error *err)
{
    const char *given = cli_last(args, UP_FROM, NULL);
    const char *extra = args->positional.count ? args->positional.items[0]
                        : args->rest.count     ? args->rest.items[0]
                                               : NULL;
    if (extra && !given && file_exists(extra))
        return error_set(err, ERROR_USAGE,
            "unexpected argument '%s'. Did you mean `spin up -f %s`?", extra, extra);
    if (extra)
        return error_set(err, ERROR_USAGE, "unexpected argument '%s'; see spin up --help", extra);
    if (given && !file_exists(given))
        return error_set(err, ERROR_NOT_FOUND,
            "File or directory '%s' not found. If you meant to load from a registry, use the "
            "`--from-registry` option.",
            given);
    if (cli_find_manifest(a, given, ret_path, err) == 0)
        return 0;
    if (given)
        return -1;
    error_release(err);
    return error_set(err, ERROR_NOT_FOUND,
        "Default file 'spin.toml' not found. Run `spin up --from <APPLICATION>`, or `spin up "
        "--help` for usage.");
}

static int build_first(const char *path, struct arena *a, struct error *err)
{
    char *argv[] = {arena_printf(a, "--from"), arena_printf(a, "%s", path)};
    return cli_run(&command_build, countof(argv), argv, a, err);
}

int up_run(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    char *path;
    struct manifest *m;
    if (find(args, a, &path, err) < 0)
        return -1;
    bool bare = is_component(path);
    if (!bare && cli_is_set(args, UP_BUILD) && build_first(path, a, err) < 0)
        return -1;
    if (bare ? manifest_of_component(path, &m, err) < 0
             : manifest_load(path, MANIFEST_FOR_RUNNING, &m, err) < 0)
        return -1;
    int status = run_manifest(args, m, a, err);
    manifest_free(m);
    return status;
}
