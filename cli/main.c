/*
 * spin: create, build and serve an application.
 */
#include <signal.h>
#include <unistd.h>

#include "cli/command.h"

#define SPIN_VERSION "3.6.0"

static const struct command *const commands[] = {&command_new, &command_add, &command_build,
    &command_up, &command_watch, &command_templates, &command_py2wasm};

/* Commands of Spin's that are not there yet, so that nobody looks for a typing error. */
static const char *const later_commands[] = {
    "deploy", "doctor", "login", "plugins", "registry", "targets"};

static void print_help(void)
{
    printf("Spin for Python: create, build and serve applications of WebAssembly components\n"
           "\n"
           "Usage: spin <COMMAND>\n"
           "\n"
           "Commands:\n");
    for (size_t i = 0; i < countof(commands); i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n"
           "A first application, from nothing to an answer:\n"
           "\n"
           "  spin new -t http-py hello-world --accept-defaults\n"
           "  cd hello-world\n"
           "  spin build\n"
           "  spin up\n"
           "  curl -i localhost:3000/hello        (in another terminal)\n"
           "\n"
           "Options:\n"
           "  -h, --help       Print this help; `spin <COMMAND> --help` says more\n"
           "  -V, --version    Print the version\n");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < countof(commands); i++)
        if (!strcmp(name, commands[i]->name) ||
            (commands[i]->letter && !strcmp(name, commands[i]->letter)))
            return commands[i];
    return strcmp(name, command_compile_code.name) ? NULL : &command_compile_code;
}

static int fail_unknown(const char *name, struct arena *a, struct error *err)
{
    for (size_t i = 0; i < countof(later_commands); i++)
        if (!strcmp(name, later_commands[i]))
            return error_set(err, ERROR_USAGE, "the command '%s' is not supported yet", name);
    const char *similar = "";
    for (size_t i = 0; i < countof(commands); i++)
        if (str_distance(str_of(name), str_of(commands[i]->name)) <= 2)
            similar = arena_printf(a, "%s\n\t%s", similar, commands[i]->name);
    if (*similar)
        return error_set(err, ERROR_USAGE,
            "'%s' is not a known Spin command. See spin --help.\n\nThe most similar commands "
            "are:%s",
            name, similar);
    return error_set(err, ERROR_USAGE, "'%s' is not a known Spin command. See spin --help.", name);
}

static int run(int argc, char **argv, struct arena *a, struct error *err)
{
    if (argc < 2) {
        print_help();
        return 2;
    }
    const char *name = argv[1];
    if (!strcmp(name, "-V") || !strcmp(name, "--version")) {
        printf("spin " SPIN_VERSION " (spindle " SPINDLE_VERSION ")\n");
        return 0;
    }
    bool help = !strcmp(name, "help");
    if (!strcmp(name, "-h") || !strcmp(name, "--help") || (help && argc == 2)) {
        print_help();
        return 0;
    }
    const struct command *command = find_command(help ? argv[2] : name);
    if (!command)
        return fail_unknown(help ? argv[2] : name, a, err);
    if (help) {
        cli_print_help(command);
        return 0;
    }
    return cli_run(command, argc - 2, argv + 2, a, err);
}

static int report(struct error *err)
{
    struct cli_colours colours = cli_colours(STDERR_FILENO);
    struct buf text = BUF_INIT(SIZE_MAX / 2);
    int status = error_exit_status(err);
    error_append_report(err, &text);
    fflush(stdout);
    fprintf(stderr, "%sError%s: %s", colours.bad, colours.off, buf_cstr(&text));
    buf_release(&text);
    error_release(err);
    return status;
}

int main(int argc, char **argv)
{
    struct arena a = ARENA_INIT(SIZE_MAX / 2);
    struct error err = ERROR_INIT;
    signal(SIGPIPE, SIG_IGN);
    int status = run(argc, argv, &a, &err);
    if (status < 0)
        status = report(&err);
    arena_release(&a);
    return status;
}
