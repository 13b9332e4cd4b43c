/*
 * spin up: serves an application.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/app.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/command.h"

enum {
    OPT_FROM,
    OPT_LISTEN,
    OPT_FIND_FREE_PORT,
    OPT_ENV,
    OPT_BUILD,
    OPT_THREADS,
    OPT_REQUEST_TIMEOUT,
    OPT_MAX_INSTANCE_MEMORY,
    OPT_QUIET,
    OPT_LOG_DIR,
    OPT_TRUNCATE_LOGS,
    OPT_STATE_DIR,
    OPT_CHECK_REWIND,
    OPT_INTERPRET,
};

static const struct cli_option options[] = {
    [OPT_FROM] = CLI_OPTION('f', "from", "file,from-file", "FILE", NULL,
        "The manifest, or its folder [default: spin.toml]"),
    [OPT_LISTEN] = CLI_OPTION(0, "listen", NULL, "ADDR", "SPIN_HTTP_LISTEN_ADDR",
        "Address to serve on [default: 127.0.0.1:3000]"),
    [OPT_FIND_FREE_PORT] = CLI_OPTION(
        0, "find-free-port", NULL, NULL, NULL, "If the port is taken, try the next ones"),
    [OPT_ENV] = CLI_OPTION('e', "env", NULL, "NAME=VALUE", NULL,
        "An environment variable for every component; may be repeated"),
    [OPT_BUILD] = CLI_OPTION(0, "build", NULL, NULL, "SPIN_ALWAYS_BUILD", "Run `spin build` first"),
    [OPT_THREADS] = CLI_OPTION(
        0, "threads", NULL, "N", NULL, "Threads that run at once [default: one per core]"),
    [OPT_REQUEST_TIMEOUT] = CLI_OPTION(0, "request-timeout", NULL, "TIME", NULL,
        "CPU time that a request may use: 30s, 500ms, 0 for no limit [default: 30s]"),
    [OPT_MAX_INSTANCE_MEMORY] = CLI_OPTION(0, "max-instance-memory", NULL, "BYTES",
        "SPIN_MAX_INSTANCE_MEMORY", "Memory that an instance may grow to"),
    [OPT_QUIET] =
        CLI_OPTION('q', "quiet", "sh,shush", NULL, NULL, "Do not show what components print"),
    [OPT_LOG_DIR] = CLI_OPTION('L', "log-dir", NULL, "DIR", "SPIN_LOG_DIR",
        "Folder of the log files, \"\" for none [default: .spin/logs]"),
    [OPT_TRUNCATE_LOGS] =
        CLI_OPTION(0, "truncate-logs", NULL, NULL, NULL, "Begin with empty log files"),
    [OPT_STATE_DIR] = CLI_OPTION(0, "state-dir", NULL, "DIR", NULL,
        "Folder of what is kept, \"\" for none [default: .spin]"),
    [OPT_CHECK_REWIND] = CLI_OPTION(0, "check-rewind", NULL, NULL, NULL, NULL),
    [OPT_INTERPRET] = CLI_OPTION(0, "interpret", NULL, NULL, NULL, NULL),
    CLI_LATER(0, "from-registry", "REF"),
    CLI_LATER('k', "insecure", NULL),
    CLI_LATER('c', "component-id", "ID"),
    CLI_LATER(0, "profile", "NAME"),
    CLI_LATER(0, "temp", "DIR"),
    CLI_LATER(0, "cache-dir", "DIR"),
    CLI_LATER(0, "direct-mounts", NULL),
    CLI_LATER(0, "allow-transient-write", NULL),
    CLI_LATER(0, "follow", "ID"),
    CLI_LATER(0, "runtime-config-file", "FILE"),
    CLI_LATER(0, "variable", "NAME=VALUE"),
    CLI_LATER(0, "key-value", "KEY=VALUE"),
    CLI_LATER(0, "sqlite", "STATEMENT"),
    CLI_LATER(0, "tls-cert", "FILE"),
    CLI_LATER(0, "tls-key", "FILE"),
    CLI_LATER(0, "http1-max-buf-size", "N"),
    CLI_LATER(0, "format", "FORMAT"),
};

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

static int parse_time(const char *text, uint64_t *ret_ns, struct error *err)
{
    static const struct {
        const char *suffix;
        uint64_t ns;
    } units[] = {{"ms", NS_PER_MS}, {"us", 1000}, {"ns", 1}, {"s", NS_PER_S}, {"", NS_PER_S}};
    struct str s = str_of(text);
    for (size_t i = 0; i < countof(units); i++) {
        struct str suffix = str_of(units[i].suffix);
        uint64_t value;
        if (!str_ends_with(s, suffix))
            continue;
        if (!str_to_u64(str_make(s.ptr, s.len - suffix.len), &value) ||
            __builtin_mul_overflow(value, units[i].ns, ret_ns))
            break;
        return 0;
    }
    return error_set(err, ERROR_USAGE, "'%s' is not a time; write 30s or 500ms", text);
}

static int parse_number(
    const struct cli_arguments *args, size_t option, uint64_t *ret, struct error *err)
{
    const char *text = cli_last(args, option, NULL);
    if (text && !str_to_u64(str_of(text), ret))
        return error_set(
            err, ERROR_USAGE, "'%s' is not a number (option --%s)", text, options[option].name);
    return 0;
}

static int parse_environment(
    const struct cli_arguments *args, struct arena *a, struct app_options *app, struct error *err)
{
    const struct cli_values *given = &args->options[OPT_ENV];
    struct manifest_pair *pairs = arena_alloc(a, (given->count + 1) * sizeof *pairs);
    for (size_t i = 0; i < given->count; i++) {
        const char *equals = strchr(given->items[i], '=');
        if (!equals)
            return error_set(
                err, ERROR_USAGE, "Environment variable must be of the form `key=value`");
        pairs[i].name = str_make(given->items[i], (size_t)(equals - given->items[i]));
        pairs[i].value = str_of(equals + 1);
    }
    app->environment = pairs;
    app->environment_count = given->count;
    return 0;
}

/* "" turns it off; without one it is .spin/logs next to the manifest. */
static int choose_log_folder(const struct cli_arguments *args, const struct manifest *m,
    struct arena *a, struct app_options *app, struct error *err)
{
    bool here = !strcmp(m->folder, ".");
    const char *state =
        cli_last(args, OPT_STATE_DIR, here ? ".spin" : path_join(a, m->folder, ".spin"));
    const char *folder = cli_last(args, OPT_LOG_DIR, *state ? path_join(a, state, "logs") : "");
    app->log_folder = *folder ? folder : NULL;
    return *folder ? file_make_dirs(folder, 0777, err) : 0;
}

static int read_options(const struct cli_arguments *args, const struct manifest *m, struct arena *a,
    struct app_options *app, struct http_server_options *http, struct error *err)
{
    uint64_t threads = 0;
    char *programs;
    *app = (struct app_options){
        .manifest = m,
        .truncate_logs = cli_is_set(args, OPT_TRUNCATE_LOGS),
        .quiet = cli_is_set(args, OPT_QUIET),
        .max_instances = LIMIT_HTTP_THREADS,
        .check_rewind = cli_is_set(args, OPT_CHECK_REWIND),
        .interpret = cli_is_set(args, OPT_INTERPRET),
        .compiler = "/proc/self/exe",
    };
    http_server_options_init(http);
    http->listen = cli_last(args, OPT_LISTEN, "127.0.0.1:3000");
    if (parse_number(args, OPT_THREADS, &threads, err) < 0 ||
        parse_number(args, OPT_MAX_INSTANCE_MEMORY, &app->memory_bytes, err) < 0 ||
        parse_time(cli_last(args, OPT_REQUEST_TIMEOUT, "30s"), &app->request_cpu_ns, err) < 0 ||
        parse_environment(args, a, app, err) < 0 || choose_log_folder(args, m, a, app, err) < 0 ||
        path_of_program(a, &programs, err) < 0)
        return -1;
    if (threads > LIMIT_HTTP_THREADS)
        return error_set(err, ERROR_USAGE, "--threads: at most %d", LIMIT_HTTP_THREADS);
    http->threads = (unsigned)threads;
    app->shipped_code = path_join(a, programs, "../lib/spindle/code");
    return 0;
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

static void print_route(
    const struct manifest *m, const struct manifest_http_trigger *t, const char *address)
{
    struct str route = t->route;
    bool wildcard = str_ends_with(route, STR("/...")) || str_ends_with(route, STR("/*"));
    if (wildcard)
        route.len -= str_ends_with(route, STR("/*")) ? 2 : 4;
    else if (str_ends_with(route, STR("/")))
        route.len--;
    struct str name = t->static_response ? t->id : t->component;
    printf("  %" STR_FMT ": http://%s%s%" STR_FMT "%s\n", STR_ARG(name), address,
        route.len && route.ptr[0] != '/' ? "/" : "", STR_ARG(route), wildcard ? " (wildcard)" : "");
    struct str description =
        t->static_response ? STR_EMPTY : manifest_find(m, t->component)->description;
    if (description.len)
        printf("    %" STR_FMT "\n", STR_ARG(description));
}

static void print_start(const struct manifest *m, const char *address)
{
    printf("\nServing http://%s\nAvailable Routes:\n", address);
    for (size_t i = 0; i < m->trigger_count; i++)
        if (!m->triggers[i].is_private)
            print_route(m, &m->triggers[i], address);
    fflush(stdout);
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

static int serve(struct app *app, const struct manifest *m, struct error *err)
{
    struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    running = app;
    raise_descriptor_limit();
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    print_start(m, app_address(app));
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

static int run_manifest(
    const struct cli_arguments *args, const struct manifest *m, struct arena *a, struct error *err)
{
    struct app_options chosen;
    struct http_server_options http;
    struct app *app;
    if (read_options(args, m, a, &chosen, &http, err) < 0)
        return -1;
    if (chosen.log_folder)
        fprintf(stderr, "Logging component stdio to \"%s/\"\n", chosen.log_folder);
    if (app_new(&chosen, &app, err) < 0)
        return -1;
    int status = cli_is_set(args, OPT_FIND_FREE_PORT) ? listen_nearby(app, &http, a, err)
                                                      : listen_on(app, &http, err);
    if (status == 0)
        status = serve(app, m, err);
    if (status == 0 && chosen.check_rewind)
        status = check_figures(app);
    if (status == 0 && app_busy(app)) {
        /* Handlers that do not end: their memory goes with the process. */
        fflush(NULL);
        _exit(0);
    }
    app_free(app);
    return status;
}

static int find(
    const struct cli_arguments *args, struct arena *a, char **ret_path, struct error *err)
{
    const char *given = cli_last(args, OPT_FROM, NULL);
    if (given &&
        (str_ends_with(str_of(given), STR(".wasm")) || str_ends_with(str_of(given), STR(".wat"))))
        return error_set(err, ERROR_UNSUPPORTED,
            "'%s' is not a manifest: serving a component without one is not supported yet", given);
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

static int run(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    char *path;
    struct manifest *m;
    if (args->positional.count || args->rest.count)
        return error_set(err, ERROR_USAGE, "unexpected argument '%s'; see spin up --help",
            args->positional.count ? args->positional.items[0] : args->rest.items[0]);
    if (find(args, a, &path, err) < 0)
        return -1;
    if (cli_is_set(args, OPT_BUILD) && build_first(path, a, err) < 0)
        return -1;
    if (manifest_load(path, MANIFEST_FOR_RUNNING, &m, err) < 0)
        return -1;
    int status = run_manifest(args, m, a, err);
    manifest_free(m);
    return status;
}

const struct command command_up = {
    .name = "up",
    .letter = "u",
    .summary = "Serve an application",
    .usage = "spin up [OPTIONS]",
    .about = "Serves the routes of spin.toml over HTTP until Ctrl-C. Every request runs in an "
             "instance that\n"
             "is byte for byte new: nothing that a handler changes is seen by another request.\n"
             "\n"
             "  spin up                              http://127.0.0.1:3000\n"
             "  spin up --build --listen 0.0.0.0:80\n"
             "  spin up --env LEVEL=debug --quiet    output only in .spin/logs\n",
    .options = options,
    .option_count = countof(options),
    .run = run,
};
