/*
 * spin build: runs the build commands of the manifest.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "manifest/manifest.h"

enum { OPT_FROM, OPT_COMPONENT, OPT_UP, OPT_PROFILE, OPT_SKIP_TARGETS, OPT_SKIP_WITS };

static const struct cli_option options[] = {
    [OPT_FROM] = CLI_OPTION(
        'f', "from", "file", "FILE", NULL, "The manifest, or its folder [default: spin.toml]"),
    [OPT_COMPONENT] = CLI_OPTION(
        'c', "component-id", NULL, "ID", NULL, "Build only this component; may be repeated"),
    [OPT_UP] = CLI_OPTION(
        'u', "up", NULL, NULL, NULL, "Run `spin up` afterwards; what follows goes to it"),
    [OPT_PROFILE] = CLI_LATER(0, "profile", "NAME"),
    [OPT_SKIP_TARGETS] = CLI_OPTION(0, "skip-target-checks", "skip-target-check", NULL, NULL, NULL),
    [OPT_SKIP_WITS] = CLI_OPTION(0, "skip-generate-wits", "skip-generate-wit", NULL, NULL, NULL),
};

/* Labels are green where there is a terminal. */
static void say(const char *label, const char *text)
{
    struct cli_colours colours = cli_colours(STDOUT_FILENO);
    printf("%s%s%s %s\n", colours.good, label, colours.off, text);
}

static const char *shell_status(struct arena *a, int status)
{
    return WIFSIGNALED(status) ? arena_printf(a, "Signaled(%d)", WTERMSIG(status))
                               : arena_printf(a, "Exited(%d)", WEXITSTATUS(status));
}

/*
 * Runs a command in a folder. The folder of this program comes first on its PATH, so that
 * `componentize-py` is ours even where another one is installed.
 */
static int run_shell(
    struct arena *a, const char *command, const char *folder, int *ret_status, struct error *err)
{
    char *programs;
    if (path_of_program(a, &programs, err) < 0)
        return -1;
    const char *path = getenv("PATH");
    const char *own_first = arena_printf(a, "%s%s%s", programs, path ? ":" : "", path ? path : "");
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return error_set_os(err, errno, "cannot start a command");
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        if (setenv("PATH", own_first, 1) < 0 || chdir(folder) < 0) {
            fprintf(stderr, "Error: cannot enter '%s': %m\n", folder);
            _exit(127);
        }
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    while (waitpid(child, ret_status, 0) < 0)
        if (errno != EINTR)
            return error_set_os(err, errno, "cannot wait for a command");
    return 0;
}

static void announce(const struct manifest_component *c, size_t step, struct arena *a)
{
    struct str command = c->build.commands.items[step].text;
    if (!c->build.is_array) {
        say("Building", arena_printf(a, "component %" STR_FMT " with `%" STR_FMT "`",
                            STR_ARG(c->id), STR_ARG(command)));
        return;
    }
    if (step == 0)
        say("Building", arena_printf(a, "component %" STR_FMT " (%zu commands)", STR_ARG(c->id),
                            c->build.commands.count));
    say("Running",
        arena_printf(a, "build step %zu/%zu for component %" STR_FMT " with '%" STR_FMT "'",
            step + 1, c->build.commands.count, STR_ARG(c->id), STR_ARG(command)));
}

static int build_component(const struct manifest *m, const struct manifest_component *c,
    struct arena *a, struct error *err)
{
    const char *workdir = arena_copy(a, c->build.workdir).ptr;
    const char *folder = *workdir ? path_join(a, m->folder, workdir) : m->folder;
    if (!file_is_dir(folder))
        return manifest_fail(m, c->build.workdir_place, ERROR_NOT_FOUND, err,
            "there is no folder '%s' (the `workdir` of component %" STR_FMT ")", folder,
            STR_ARG(c->id));
    for (size_t i = 0; i < c->build.commands.count; i++) {
        announce(c, i, a);
        if (*workdir && i == 0)
            printf("Working directory: \"%s\"\n", folder);
        int status;
        const char *command = arena_copy(a, c->build.commands.items[i].text).ptr;
        if (run_shell(a, command, folder, &status, err) < 0)
            return -1;
        if (status != 0)
            return error_set(err, ERROR_CHILD,
                "Build command for component %" STR_FMT " failed with status %s", STR_ARG(c->id),
                shell_status(a, status));
    }
    return 0;
}

static bool is_chosen(const struct cli_values *chosen, struct str id)
{
    if (!chosen->count)
        return true;
    for (size_t i = 0; i < chosen->count; i++)
        if (str_is(id, chosen->items[i]))
            return true;
    return false;
}

static int check_chosen(
    const struct manifest *m, const struct cli_values *chosen, struct arena *a, struct error *err)
{
    const char *unknown = "";
    for (size_t i = 0; i < chosen->count; i++)
        if (!manifest_find(m, str_of(chosen->items[i])))
            unknown = arena_printf(a, "%s%s%s", unknown, *unknown ? ", " : "", chosen->items[i]);
    return *unknown ? error_set(err, ERROR_NOT_FOUND, "Unknown component(s) %s", unknown) : 0;
}

static int build_all(
    const struct manifest *m, const struct cli_values *chosen, struct arena *a, struct error *err)
{
    bool any = false;
    if (check_chosen(m, chosen, a, err) < 0)
        return -1;
    for (size_t i = 0; i < m->component_count; i++) {
        const struct manifest_component *c = &m->components[i];
        if (!c->build.present || !c->build.commands.count || !is_chosen(chosen, c->id))
            continue;
        any = true;
        if (build_component(m, c, a, err) < 0)
            return -1;
    }
    if (any) {
        say("Finished", "building all Spin components");
    } else {
        printf("None of the components have a build command.\n");
        printf("For information on specifying a build command, see "
               "https://spinframework.dev/build#setting-up-for-spin-build.\n");
    }
    return 0;
}

/*
 * A manifest that cannot be run may still be built: then what is wrong is said at the end, and only
 * the build tables are read.
 */
static int load(
    const char *path, struct manifest **ret_manifest, struct error *ret_problem, struct error *err)
{
    if (manifest_load(path, MANIFEST_FOR_BUILDING, ret_manifest, ret_problem) == 0)
        return 0;
    if (manifest_load(path, MANIFEST_BUILD_TABLES, ret_manifest, err) == 0)
        return 0;
    error_release(ret_problem);
    return -1;
}

static void warn_of(struct error *problem)
{
    struct buf text = BUF_INIT(SIZE_MAX / 2);
    error_append_report(problem, &text);
    cli_warn("The manifest has errors not related to the Wasm component build. Error details:\n%s",
        buf_cstr(&text));
    buf_release(&text);
    error_release(problem);
}

static int run_up(
    const struct cli_arguments *args, const char *path, struct arena *a, struct error *err)
{
    size_t count = args->rest.count + 2;
    char **argv = arena_alloc(a, count * sizeof *argv);
    argv[0] = arena_printf(a, "--from");
    argv[1] = arena_printf(a, "%s", path);
    for (size_t i = 0; i < args->rest.count; i++)
        argv[2 + i] = arena_printf(a, "%s", args->rest.items[i]);
    return cli_run(&command_up, (int)count, argv, a, err);
}

static int run(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    char *path;
    struct manifest *m;
    struct error problem = ERROR_INIT;
    bool up = cli_is_set(args, OPT_UP);
    if (args->positional.count || (args->rest.count && !up))
        return cli_fail_unknown(&command_build,
            str_of(args->rest.count ? args->rest.items[0] : args->positional.items[0]), err);
    if (cli_find_manifest(a, cli_last(args, OPT_FROM, NULL), &path, err) < 0 ||
        load(path, &m, &problem, err) < 0)
        return -1;
    int built = build_all(m, &args->options[OPT_COMPONENT], a, err);
    manifest_free(m);
    if (problem.kind != ERROR_NONE)
        warn_of(&problem);
    if (built < 0)
        return -1;
    fflush(stdout);
    return up ? run_up(args, path, a, err) : 0;
}

const struct command command_build = {
    .name = "build",
    .letter = "b",
    .summary = "Build the components of an application",
    .usage = "spin build [OPTIONS] [-- UP_OPTIONS]",
    .about =
        "Runs the command of each [component.ID.build] in spin.toml, in the application's folder "
        "or\n"
        "its `workdir`. The folder of this program comes first on PATH, so `componentize-py` in a\n"
        "command is the one that belongs to it.\n"
        "\n"
        "  spin build                       everything\n"
        "  spin build -c hello              one component\n"
        "  spin build --up --listen :8080   then serve\n",
    .options = options,
    .option_count = countof(options),
    .takes_rest = true,
    .run = run,
};
