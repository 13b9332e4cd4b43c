/*
 * The commands of `spin`, one file each.
 *
 * How to add a command: write cli/<name>.c with a `struct command`, declare it here, add it to the
 * table in main.c.
 *
 * A command returns its exit status, or -1 with *err filled; main prints the error as Spin does.
 */
#ifndef SPINDLE_CLI_COMMAND_H
#define SPINDLE_CLI_COMMAND_H

#include "base/arena.h"
#include "base/error.h"

/* One option of a command. */
struct cli_option {
    char letter;         /* 0: none */
    const char *name;    /* "listen" */
    const char *aliases; /* "file,manifest" or NULL */
    const char *value;   /* "ADDR" in the help; NULL: a switch */
    const char *env;     /* a variable that gives it when the command line does not; or NULL */
    const char *help;    /* NULL: hidden */
    bool later;          /* Spin's, not supported yet: refused by name */
};

#define CLI_OPTION(letter, name, aliases, value, env, help) \
    {letter, name, aliases, value, env, help, false}
#define CLI_LATER(letter, name, value) {letter, name, NULL, value, NULL, NULL, true}

struct cli_values {
    size_t count;
    const char **items;
};

struct cli_arguments {
    struct cli_values *options; /* by index of the option; a switch has count 1, value "" */
    struct cli_values positional;
    struct cli_values rest; /* from the first argument that is not ours, where that is allowed */
    bool help;
};

struct command {
    const char *name;
    const char *letter; /* Spin's one-letter alias, or NULL */
    const char *summary;
    const char *usage; /* "spin new [OPTIONS] [NAME]" */
    const char *about; /* paragraphs for --help, with examples */
    const struct cli_option *options;
    size_t option_count;
    bool takes_rest; /* unknown arguments end the command's own and are kept in `rest` */
    int (*run)(const struct cli_arguments *args, struct arena *a, struct error *err);
    /* In place of options and `run`: the first argument names one of these. */
    const struct command *const *subcommands;
    size_t subcommand_count;
};

extern const struct command command_new, command_add, command_build, command_up, command_watch,
    command_templates, command_py2wasm;
/* Started by `spin up`, not by people. */
extern const struct command command_compile_code;

/* Parses argv (without the command's name). ERROR_USAGE names the nearest option. */
int cli_parse(const struct command *command, int argc, char **argv, struct arena *a,
    struct cli_arguments *ret, struct error *err);
/* ERROR_USAGE for an argument that a command does not have, with the nearest one that it has. */
int cli_fail_unknown(const struct command *command, struct str given, struct error *err);
void cli_print_help(const struct command *command);
/* The last value given, or `otherwise`. */
const char *cli_last(const struct cli_arguments *args, size_t option, const char *otherwise);
bool cli_is_set(const struct cli_arguments *args, size_t option);

/* Runs a command as if it had been called from the command line. */
int cli_run(
    const struct command *command, int argc, char **argv, struct arena *a, struct error *err);

/*
 * The manifest that -f means (NULL: none given): a file, a folder that has one, or the nearest
 * spin.toml upwards, which is said on stderr.
 */
int cli_find_manifest(struct arena *a, const char *given, char **ret_path, struct error *err);

/* Escape codes for a terminal, empty elsewhere. */
struct cli_colours {
    const char *good, *bad, *note, *off;
};
struct cli_colours cli_colours(int fd);
/* "Warning: ..." on stderr. */
PRINTF_LIKE(1, 2) void cli_warn(const char *fmt, ...);

#endif
