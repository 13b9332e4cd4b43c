/*
 * spin watch: builds and serves, and does so again whenever a file changes.
 *
 * One loop waits for three things: changes (inotify), children that end and signals (signalfd).
 * Changes are collected until nothing has changed for the debounce time. A build that fails leaves
 * the application running that was there; a change during a build begins it anew.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/watch_set.h"

enum { OPT_FROM, OPT_CLEAR, OPT_DEBOUNCE, OPT_SKIP_BUILD };

static const struct cli_option options[] = {
    [OPT_FROM] = CLI_OPTION(
        'f', "from", "file", "FILE", NULL, "The manifest, or its folder [default: spin.toml]"),
    [OPT_CLEAR] = CLI_OPTION('c', "clear", NULL, NULL, NULL, "Clear the screen before each build"),
    [OPT_DEBOUNCE] = CLI_OPTION('d', "debounce", NULL, "MS", NULL,
        "How long nothing may change before a build begins [default: 100]"),
    [OPT_SKIP_BUILD] = CLI_OPTION(
        0, "skip-build", NULL, NULL, NULL, "Only serve again when components or files change"),
    CLI_LATER(0, "profile", "NAME"),
};

enum {
    DEFAULT_DEBOUNCE_MS = 100,
    MAX_DEBOUNCE_MS = 60000,
    PATIENCE_MS = 3000, /* for an application that is asked to end */
};

struct watch {
    struct arena *arena;
    const char *program, *path; /* of spin, and of the manifest */
    const struct cli_values *up_arguments;
    bool clear, skip_build, skip_files;
    int debounce_ms;
    int signals; /* signalfd */
    sigset_t old_mask;
    struct watch_set set;
    pid_t build, up;  /* 0: not running */
    unsigned pending; /* effects that are still to be had */
};

/* A child of its own process group, so that all that it starts can be stopped with it. */
static pid_t start(struct watch *w, const char *command, const struct cli_values *more)
{
    size_t count = 0;
    const char **argv = arena_alloc(w->arena, (6 + (more ? more->count : 0)) * sizeof *argv);
    argv[count++] = "spin";
    argv[count++] = command;
    argv[count++] = "--from";
    argv[count++] = w->path;
    for (size_t i = 0; more && i < more->count; i++)
        argv[count++] = more->items[i];
    fflush(NULL);
    pid_t parent = getpid(), child = fork();
    if (child != 0)
        return child < 0 ? 0 : child;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
    sigprocmask(SIG_SETMASK, &w->old_mask, NULL);
    signal(SIGPIPE, SIG_DFL);
    execv(w->program, (char *const *)argv);
    _exit(127);
}

static bool wait_for(pid_t child, int milliseconds)
{
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGCHLD);
    for (;;) {
        if (waitpid(child, NULL, WNOHANG) != 0)
            return true;
        struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
        if (sigtimedwait(&only, NULL, &left) < 0 && errno == EAGAIN)
            return waitpid(child, NULL, WNOHANG) != 0;
    }
}

/* Asks a group to end, again when it takes its time, and then no longer asks. */
static void stop_child(pid_t *child, int number)
{
    if (!*child)
        return;
    kill(-*child, number);
    if (!wait_for(*child, PATIENCE_MS)) {
        kill(-*child, number);
        if (!wait_for(*child, PATIENCE_MS)) {
            kill(-*child, SIGKILL);
            waitpid(*child, NULL, 0);
        }
    }
    *child = 0;
}

static void warn_of_unwatched(const struct manifest *m)
{
    for (size_t i = 0; i < m->component_count; i++) {
        const struct manifest_component *c = &m->components[i];
        if (c->build.present && !c->build.watch.count)
            cli_warn("%s:%u:%u: component `%" STR_FMT "` has a build command, but no `watch`: "
                     "changes of its source are not seen",
                m->path, c->build.place.line, c->build.place.column, STR_ARG(c->id));
    }
}

/* A manifest that cannot be read leaves the rules as they are: the build says what is wrong. */
static void read_rules(struct watch *w, bool first)
{
    struct manifest *m = NULL;
    struct error err = ERROR_INIT;
    if (manifest_load(w->path, MANIFEST_FOR_BUILDING, &m, &err) < 0)
        error_release(&err);
    if (m && first && !w->skip_build)
        warn_of_unwatched(m);
    watch_set_rules(&w->set, m, w->skip_build, w->skip_files);
    manifest_free(m);
}

static void restart(struct watch *w)
{
    stop_child(&w->up, SIGINT);
    w->pending &= ~(unsigned)WATCH_RESTARTS;
    w->up = start(w, "up", w->up_arguments);
}

static void rebuild(struct watch *w)
{
    stop_child(&w->build, SIGTERM);
    read_rules(w, false);
    w->pending &= ~(unsigned)WATCH_BUILDS;
    if (w->clear && isatty(STDOUT_FILENO))
        printf("\033[2J\033[H");
    w->build = start(w, "build", NULL);
}

/* Nothing has changed for a while: does what the changes have asked for. */
static void act(struct watch *w)
{
    if (w->pending & WATCH_BUILDS) {
        rebuild(w);
    } else if (w->pending & WATCH_RESTARTS && !w->build) {
        if (w->skip_build)
            read_rules(w, false);
        restart(w);
    }
}

static void build_ended(struct watch *w, int status)
{
    w->build = 0;
    watch_set_refresh(&w->set); /* folders that the build has made */
    w->pending |= watch_set_read(&w->set);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        restart(w);
    } else {
        w->pending &= ~(unsigned)WATCH_RESTARTS;
        fprintf(stderr, "The build has failed; %s\n",
            w->up ? "the application runs on as it was" : "waiting for a change");
    }
}

static void reap(struct watch *w)
{
    int status;
    for (pid_t child; (child = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (child == w->build)
            build_ended(w, status);
        if (child == w->up) {
            w->up = 0;
            fprintf(stderr, "The application has ended; waiting for a change\n");
        }
    }
}

/* False when it is time to end. */
static bool read_signals(struct watch *w)
{
    struct signalfd_siginfo info;
    bool go_on = true;
    while (read(w->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGCHLD)
            go_on = false;
    }
    return go_on;
}

static int loop(struct watch *w, struct error *err)
{
    for (;;) {
        reap(w); /* whose signal may have been taken while another child was stopped */
        struct pollfd fds[] = {
            {.fd = w->signals, .events = POLLIN}, {.fd = w->set.fd, .events = POLLIN}};
        bool waits_for_build = w->build && w->pending == WATCH_RESTARTS;
        int n = poll(fds, countof(fds), w->pending && !waits_for_build ? w->debounce_ms : -1);
        if (n < 0 && errno != EINTR)
            return error_set_os(err, errno, "cannot wait for changes");
        if (n == 0)
            act(w);
        if (fds[0].revents && !read_signals(w))
            return 0;
        if (fds[1].revents)
            w->pending |= watch_set_read(&w->set);
    }
}

static int catch_signals(struct watch *w, struct error *err)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, &w->old_mask);
    w->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    return w->signals < 0 ? error_set_os(err, errno, "cannot watch for signals") : 0;
}

static int watch(struct watch *w, struct error *err)
{
    if (watch_set_init(&w->set, w->path, err) < 0)
        return -1;
    int result = catch_signals(w, err);
    if (result == 0) {
        read_rules(w, true);
        w->pending = WATCH_NOTHING;
        if (w->skip_build)
            w->up = start(w, "up", w->up_arguments);
        else
            w->build = start(w, "build", NULL);
        result = loop(w, err);
    }
    stop_child(&w->build, SIGTERM);
    stop_child(&w->up, SIGINT);
    fd_close(&w->signals);
    watch_set_release(&w->set);
    return result;
}

static bool has_argument(const struct cli_values *values, const char *argument)
{
    for (size_t i = 0; i < values->count; i++)
        if (!strcmp(values->items[i], argument))
            return true;
    return false;
}

static int run(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    uint64_t debounce = DEFAULT_DEBOUNCE_MS;
    char *path, *programs;
    const char *given = cli_last(args, OPT_DEBOUNCE, NULL);
    if (args->positional.count)
        return cli_fail_unknown(&command_watch, str_of(args->positional.items[0]), err);
    if (given && (!str_to_u64(str_of(given), &debounce) || debounce > MAX_DEBOUNCE_MS))
        return error_set(err, ERROR_USAGE,
            "'%s' is not a number of milliseconds up to %d (option --debounce)", given,
            MAX_DEBOUNCE_MS);
    if (cli_find_manifest(a, cli_last(args, OPT_FROM, NULL), &path, err) < 0 ||
        path_of_program(a, &programs, err) < 0)
        return -1;
    struct watch w = {
        .arena = a,
        .program = path_join(a, programs, "spin"),
        .path = path,
        .up_arguments = &args->rest,
        .clear = cli_is_set(args, OPT_CLEAR),
        .skip_build = cli_is_set(args, OPT_SKIP_BUILD),
        .skip_files = has_argument(&args->rest, "--direct-mounts"),
        .debounce_ms = (int)debounce,
        .signals = -1,
    };
    return watch(&w, err);
}

const struct command command_watch = {
    .name = "watch",
    .letter = "w",
    .summary = "Build and serve, again whenever a file changes",
    .usage = "spin watch [OPTIONS] [UP_OPTIONS]",
    .about =
        "Builds the application and serves it. When a file changes that a component's `watch` "
        "list\n"
        "names, everything is built again, and served again if that succeeds; a build that fails\n"
        "leaves the application running as it was. A change of a component's file, of its `files` "
        "or\n"
        "of spin.toml serves again. What is not an option of its own goes to `spin up`.\n"
        "\n"
        "  spin watch\n"
        "  spin watch --listen 127.0.0.1:8080 --quiet\n"
        "\n"
        "  [component.hello.build]\n"
        "  command = \"componentize-py -w spin-http componentize app -o app.wasm\"\n"
        "  watch = [\"**/*.py\", \"requirements.txt\"]\n",
    .options = options,
    .option_count = countof(options),
    .takes_rest = true,
    .run = run,
};
