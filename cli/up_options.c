/*
 * The command line of `spin up`.
 */
#include "cli/up.h"

#include "app/variables.h"
#include "base/file.h"
#include "base/limits.h"

static const struct cli_option options[] = {
    [UP_FROM] = CLI_OPTION('f', "from", "file,from-file", "FILE", NULL,
        "The manifest, its folder, or a component [default: spin.toml]"),
    [UP_ENV] = CLI_OPTION('e', "env", NULL, "NAME=VALUE", NULL,
        "An environment variable for every component; may be repeated"),
    [UP_BUILD] = CLI_OPTION(0, "build", NULL, NULL, "SPIN_ALWAYS_BUILD", "Run `spin build` first"),
    [UP_TEMP] = CLI_OPTION(0, "temp", "tmp", "DIR", NULL,
        "Where copies of the `files` are made [default: the system's]"),
    [UP_DIRECT_MOUNTS] = CLI_OPTION(0, "direct-mounts", NULL, NULL, NULL,
        "Components see the folders of their `files` themselves, not copies"),
    [UP_COMPONENT] = CLI_OPTION('c', "component-id", NULL, "ID", NULL,
        "Serve only the routes of this component; may be repeated"),
    [UP_LOG_DIR] = CLI_OPTION('L', "log-dir", NULL, "DIR", "SPIN_LOG_DIR",
        "Folder of the log files, \"\" for none [default: .spin/logs]"),
    [UP_TRUNCATE_LOGS] =
        CLI_OPTION(0, "truncate-logs", NULL, NULL, NULL, "Begin with empty log files"),
    [UP_FOLLOW] = CLI_OPTION(
        0, "follow", NULL, "ID", NULL, "Show only what this component prints; may be repeated"),
    [UP_QUIET] =
        CLI_OPTION('q', "quiet", "sh,shush", NULL, NULL, "Do not show what components print"),
    [UP_RUNTIME_CONFIG] = CLI_OPTION(0, "runtime-config-file", NULL, "FILE", "RUNTIME_CONFIG_FILE",
        "Stores, databases and providers behind the manifest's labels"),
    [UP_STATE_DIR] = CLI_OPTION(0, "state-dir", NULL, "DIR", NULL,
        "Folder of what is kept, \"\" for none [default: .spin]"),
    [UP_VARIABLE] = CLI_OPTION(0, "variable", NULL, "NAME=VALUE", NULL,
        "A variable's value, NAME=@FILE for a file's text, or @FILE.toml, @FILE.json for several"),
    [UP_KEY_VALUE] = CLI_OPTION(0, "key-value", NULL, "KEY=VALUE", NULL,
        "Set in the default key-value store before serving; may be repeated"),
    [UP_SQLITE] = CLI_OPTION(0, "sqlite", NULL, "STATEMENT|@FILE[:LABEL]", NULL,
        "Run on a SQLite database before serving; may be repeated"),
    [UP_MAX_INSTANCE_MEMORY] = CLI_OPTION(0, "max-instance-memory", NULL, "BYTES",
        "SPIN_MAX_INSTANCE_MEMORY", "Memory that an instance may grow to"),
    [UP_TRANSIENT_WRITE] = CLI_OPTION(0, "allow-transient-write", NULL, NULL, NULL,
        "Components may write to their copies of `files`, until the end"),
    [UP_LISTEN] = CLI_OPTION(0, "listen", NULL, "ADDR", "SPIN_HTTP_LISTEN_ADDR",
        "Address to serve on [default: 127.0.0.1:3000]"),
    [UP_FIND_FREE_PORT] = CLI_OPTION(
        0, "find-free-port", NULL, NULL, NULL, "If the port is taken, try the next ones"),
    [UP_FORMAT] = CLI_OPTION(0, "format", NULL, "FORMAT", NULL,
        "How routes are printed: plain or json [default: plain]"),
    [UP_THREADS] = CLI_OPTION(
        0, "threads", NULL, "N", NULL, "Threads that run at once [default: one per core]"),
    [UP_REQUEST_TIMEOUT] = CLI_OPTION(0, "request-timeout", NULL, "TIME", NULL,
        "CPU time that a request may use: 30s, 500ms, 0 for no limit [default: 30s]"),
    [UP_CHECK_REWIND] = CLI_OPTION(0, "check-rewind", NULL, NULL, NULL, NULL),
    [UP_INTERPRET] = CLI_OPTION(0, "interpret", NULL, NULL, NULL, NULL),
    CLI_LATER(0, "from-registry", "REF"),
    CLI_LATER('k', "insecure", NULL),
    CLI_LATER(0, "profile", "NAME"),
    CLI_LATER(0, "cache-dir", "DIR"),
    CLI_LATER(0, "tls-cert", "FILE"),
    CLI_LATER(0, "tls-key", "FILE"),
    CLI_LATER(0, "http1-max-buf-size", "N"),
    CLI_LATER(0, "cache", "FILE"),
    CLI_LATER(0, "disable-cache", NULL),
    CLI_LATER(0, "disable-pooling", NULL),
    CLI_LATER(0, "debug-info", NULL),
    CLI_LATER(0, "experimental-wasi-otel", NULL),
    CLI_LATER(0, "max-instance-reuse-count", "N"),
    CLI_LATER(0, "max-instance-concurrent-reuse-count", "N"),
    CLI_LATER(0, "idle-instance-timeout", "TIME"),
};

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

/* Options of the form NAME=VALUE; `what` they are is for the error. */
static int read_pairs(const struct cli_values *given, const char *what, struct arena *a,
    struct manifest_pairs *ret_pairs, struct error *err)
{
    struct manifest_pair *pairs = arena_alloc(a, (given->count + 1) * sizeof *pairs);
    for (size_t i = 0; i < given->count; i++) {
        const char *equals = strchr(given->items[i], '=');
        if (!equals)
            return error_set(err, ERROR_USAGE, "%s must be of the form `key=value`", what);
        pairs[i].name = str_make(given->items[i], (size_t)(equals - given->items[i]));
        pairs[i].value = str_of(equals + 1);
    }
    *ret_pairs = (struct manifest_pairs){given->count, pairs};
    return 0;
}

static int read_environment(
    const struct cli_arguments *args, struct arena *a, struct app_options *app, struct error *err)
{
    struct manifest_pairs pairs;
    if (read_pairs(&args->options[UP_ENV], "Environment variable", a, &pairs, err) < 0)
        return -1;
    app->environment = pairs.items;
    app->environment_count = pairs.count;
    return 0;
}

static int read_stores(
    const struct cli_arguments *args, struct arena *a, struct app_options *app, struct error *err)
{
    app->statement_count = args->options[UP_SQLITE].count;
    app->statements = args->options[UP_SQLITE].items;
    return read_pairs(&args->options[UP_KEY_VALUE], "Key/Values", a, &app->key_values, err);
}

/* Values of variables that the manifest does not have mean nothing; most likely a typing error. */
static void warn_of_unknown_variables(const struct manifest *m, const struct manifest_pairs *given)
{
    for (size_t i = 0; i < given->count; i++) {
        bool known = false;
        for (size_t j = 0; j < m->variable_count; j++)
            known = known || str_equal(m->variables[j].name, given->items[i].name);
        if (!known)
            cli_warn("--variable: the application has no variable `%" STR_FMT "`",
                STR_ARG(given->items[i].name));
    }
}

static int read_variables(const struct cli_arguments *args, const struct manifest *m,
    struct arena *a, struct app_options *app, struct error *err)
{
    const struct cli_values *given = &args->options[UP_VARIABLE];
    for (size_t i = 0; i < given->count; i++)
        if (app_variables_read_option(a, given->items[i], &app->variables, err) < 0)
            return -1;
    warn_of_unknown_variables(m, &app->variables);
    return 0;
}

/* A folder's name by the command line, else by the runtime config, else the default; "": none. */
static const char *choose_folder(const struct cli_arguments *args, size_t option, bool has,
    struct str configured, struct arena *a, const char *otherwise)
{
    return cli_last(args, option, has ? arena_copy(a, configured).ptr : otherwise);
}

static int choose_folders(const struct cli_arguments *args, const struct manifest *m,
    struct arena *a, struct app_options *app, struct error *err)
{
    const struct runtime_config none = {0},
                                *config = app->runtime_config ? app->runtime_config : &none;
    bool here = !strcmp(m->folder, ".");
    const char *state = choose_folder(args, UP_STATE_DIR, config->has_state_dir, config->state_dir,
        a, here ? ".spin" : path_join(a, m->folder, ".spin"));
    const char *logs = choose_folder(args, UP_LOG_DIR, config->has_log_dir, config->log_dir, a,
        *state ? path_join(a, state, "logs") : "");
    app->state_folder = *state ? state : NULL;
    app->log_folder = *logs ? logs : NULL;
    return *logs ? file_make_dirs(logs, 0777, err) : 0;
}

static int read_follow(const struct cli_arguments *args, const struct manifest *m, struct arena *a,
    struct app_options *app, struct error *err)
{
    const struct cli_values *ids = &args->options[UP_FOLLOW];
    const char *unknown = "", *known = "";
    for (size_t i = 0; i < ids->count; i++)
        if (!manifest_find(m, str_of(ids->items[i])))
            unknown = arena_printf(a, "%s\n  - %s", unknown, ids->items[i]);
    for (size_t i = 0; i < m->component_count; i++)
        known = arena_printf(a, "%s\n  - %" STR_FMT, known, STR_ARG(m->components[i].id));
    if (*unknown)
        return error_set(err, ERROR_USAGE,
            "The following component(s) specified in --follow do not exist in the application:%s\n"
            "The following components exist:%s",
            unknown, known);
    if (ids->count && app->quiet)
        return error_set(err, ERROR_USAGE, "'--quiet' cannot be used with '--follow'");
    app->follow_count = ids->count;
    app->follow = ids->items;
    return 0;
}

static int read_config(const struct cli_arguments *args, struct up_options *o, struct error *err)
{
    const char *path = cli_last(args, UP_RUNTIME_CONFIG, NULL);
    if (!path || !*path)
        return 0;
    if (runtime_config_load(path, &o->runtime_config, err) < 0)
        return -1;
    o->app.runtime_config = o->runtime_config;
    o->app.memory_bytes = o->runtime_config->max_instance_memory;
    return 0;
}

static int read_http(const struct cli_arguments *args, struct up_options *o, struct error *err)
{
    uint64_t threads = 0;
    const char *format = cli_last(args, UP_FORMAT, "plain");
    http_server_options_init(&o->http);
    o->http.listen = cli_last(args, UP_LISTEN, "127.0.0.1:3000");
    o->find_free_port = cli_is_set(args, UP_FIND_FREE_PORT);
    o->json = !strcmp(format, "json");
    if (!o->json && strcmp(format, "plain"))
        return error_set(
            err, ERROR_USAGE, "'%s' is not a format; --format is plain or json", format);
    if (parse_number(args, UP_THREADS, &threads, err) < 0)
        return -1;
    if (threads > LIMIT_HTTP_THREADS)
        return error_set(err, ERROR_USAGE, "--threads: at most %d", LIMIT_HTTP_THREADS);
    o->http.threads = (unsigned)threads;
    return 0;
}

static int check_mounts(const struct app_options *app, struct error *err)
{
    if (app->direct_mounts && app->transient_write)
        return error_set(err, ERROR_USAGE,
            "'--allow-transient-write' cannot be used with '--direct-mounts': what components "
            "write would stay");
    return 0;
}

static int read(const struct cli_arguments *args, const struct manifest *m, struct arena *a,
    struct up_options *o, struct error *err)
{
    struct app_options *app = &o->app;
    char *programs;
    *app = (struct app_options){
        .manifest = m,
        .temp_folder = cli_last(args, UP_TEMP, NULL),
        .direct_mounts = cli_is_set(args, UP_DIRECT_MOUNTS),
        .transient_write = cli_is_set(args, UP_TRANSIENT_WRITE),
        .truncate_logs = cli_is_set(args, UP_TRUNCATE_LOGS),
        .quiet = cli_is_set(args, UP_QUIET),
        .max_instances = LIMIT_HTTP_THREADS,
        .check_rewind = cli_is_set(args, UP_CHECK_REWIND),
        .interpret = cli_is_set(args, UP_INTERPRET),
        .compiler = "/proc/self/exe",
    };
    if (check_mounts(app, err) < 0 || read_http(args, o, err) < 0 ||
        read_config(args, o, err) < 0 || read_environment(args, a, app, err) < 0 ||
        read_stores(args, a, app, err) < 0 || read_variables(args, m, a, app, err) < 0 ||
        read_follow(args, m, a, app, err) < 0 ||
        parse_number(args, UP_MAX_INSTANCE_MEMORY, &app->memory_bytes, err) < 0 ||
        parse_time(cli_last(args, UP_REQUEST_TIMEOUT, "30s"), &app->request_cpu_ns, err) < 0 ||
        path_of_program(a, &programs, err) < 0)
        return -1;
    app->shipped_code = path_join(a, programs, "../lib/spindle/code");
    return choose_folders(args, m, a, app, err);
}

int up_options_read(const struct cli_arguments *args, const struct manifest *m, struct arena *a,
    struct up_options *ret, struct error *err)
{
    struct up_options o = {0};
    if (read(args, m, a, &o, err) < 0) {
        up_options_release(&o);
        return -1;
    }
    *ret = o;
    return 0;
}

void up_options_release(struct up_options *o)
{
    runtime_config_free(o->runtime_config);
    *o = (struct up_options){0};
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
             "  spin up --env LEVEL=debug --quiet    output only in .spin/logs\n"
             "  spin up --variable api_key=@key.txt  a variable of [variables] in spin.toml\n"
             "  spin up -f app.wasm                  one component on every route\n",
    .options = options,
    .option_count = countof(options),
    .run = up_run,
};
