/*
 * spin new, spin add: an application, or one more component, from a template.
 */
#include <unistd.h>

#include "cli/command.h"
#include "cli/dialog.h"

enum {
    OPT_TEMPLATE,
    OPT_TAG,
    OPT_OUTPUT,
    OPT_INIT,
    OPT_VALUE,
    OPT_VALUES_FILE,
    OPT_ACCEPT_DEFAULTS,
    OPT_NO_VCS,
    OPT_ALLOW_OVERWRITE,
    OPT_LAST,
    OPT_TARGET = OPT_LAST, /* of new */
    OPT_FILE = OPT_LAST,   /* of add */
};

#define COMMON_OPTIONS(what)                                                                     \
    [OPT_TEMPLATE] = CLI_OPTION('t', "template", NULL, "ID", NULL, "The template to use"),       \
    [OPT_TAG] = CLI_OPTION(                                                                      \
        0, "tag", NULL, "TAG", NULL, "Only templates that have the tag; may be repeated"),       \
    [OPT_OUTPUT] =                                                                               \
        CLI_OPTION('o', "output", NULL, "DIR", NULL, "The new folder [default: the name]"),      \
    [OPT_INIT] = CLI_OPTION(0, "init", NULL, NULL, NULL, "Generate into " what),                 \
    [OPT_VALUE] = CLI_OPTION(                                                                    \
        'v', "value", NULL, "NAME=VALUE", NULL, "A parameter of the template; may be repeated"), \
    [OPT_VALUES_FILE] =                                                                          \
        CLI_OPTION(0, "values-file", NULL, "FILE", NULL, "A TOML file with parameters"),         \
    [OPT_ACCEPT_DEFAULTS] =                                                                      \
        CLI_OPTION('a', "accept-defaults", NULL, NULL, NULL, "Ask nothing that has a default"),  \
    [OPT_NO_VCS] = CLI_OPTION(0, "no-vcs", NULL, NULL, NULL, "No `git init` and no .gitignore"), \
    [OPT_ALLOW_OVERWRITE] = CLI_OPTION(0, "allow-overwrite", "allow-overwrites", NULL, NULL,     \
        "Generate into a folder that has files")

static const struct cli_option new_options[] = {
    COMMON_OPTIONS("the current folder"),
    [OPT_TARGET] = CLI_LATER('E', "target-environment", "NAME"),
};

static const struct cli_option add_options[] = {
    COMMON_OPTIONS("the application's folder"),
    [OPT_FILE] = CLI_OPTION(
        'f', "file", "from", "FILE", NULL, "The application's manifest [default: spin.toml]"),
};

static void note(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

/* [NAME], or the order of Spin 1: TEMPLATE NAME */
static int take_names(const struct cli_arguments *args, const char *command,
    struct template_request *request, struct error *err)
{
    const struct cli_values *given = &args->positional;
    request->id = cli_last(args, OPT_TEMPLATE, NULL);
    if (given->count > 2)
        return error_set(err, ERROR_USAGE, "unexpected argument '%s'", given->items[2]);
    if (given->count == 2 && request->id)
        return error_set(err, ERROR_USAGE, "Cannot supply both positional and named template id");
    if (given->count == 2) {
        request->id = given->items[0];
        fprintf(stderr,
            "Using Spin 1 command syntax. The recommended syntax in Spin 2 is 'spin %s %s -t "
            "%s'\n",
            command, given->items[1], given->items[0]);
    }
    if (given->count)
        request->name = given->items[given->count - 1];
    return 0;
}

static int take_values(const struct cli_arguments *args, struct arena *a,
    struct template_request *request, struct error *err)
{
    const struct cli_values *given = &args->options[OPT_VALUE];
    struct liquid_variable *values = arena_alloc(a, (given->count + 1) * sizeof *values);
    for (size_t i = 0; i < given->count; i++) {
        const char *equals = strchr(given->items[i], '=');
        if (!equals)
            return error_set(err, ERROR_USAGE, "'%s' should be in the form name=value (--value)",
                given->items[i]);
        values[i].name = str_make(given->items[i], (size_t)(equals - given->items[i]));
        values[i].value = str_of(equals + 1);
    }
    request->values = values;
    request->value_count = given->count;
    return 0;
}

static int check_exclusive(const struct cli_arguments *args, struct error *err)
{
    if (cli_is_set(args, OPT_INIT) && cli_is_set(args, OPT_OUTPUT))
        return error_set(err, ERROR_USAGE, "--init and --output exclude each other");
    if (cli_is_set(args, OPT_TEMPLATE) && cli_is_set(args, OPT_TAG))
        return error_set(err, ERROR_USAGE, "--template and --tag exclude each other");
    return 0;
}

static int run(const struct cli_arguments *args, struct arena *a, enum template_action action,
    const char *command, struct error *err)
{
    struct template_store store;
    struct template_request request = {
        .action = action,
        .tags = cli_strings(a, &args->options[OPT_TAG]),
        .output = cli_is_set(args, OPT_INIT) ? "." : cli_last(args, OPT_OUTPUT, NULL),
        .values_file = cli_last(args, OPT_VALUES_FILE, NULL),
        .accept_defaults = cli_is_set(args, OPT_ACCEPT_DEFAULTS),
        .no_vcs = cli_is_set(args, OPT_NO_VCS),
        .allow_overwrite = cli_is_set(args, OPT_ALLOW_OVERWRITE),
        .dialog = cli_dialog(),
        .note = note,
    };
    bool made;
    if (action == TEMPLATE_ADD_COMPONENT)
        request.manifest = cli_last(args, OPT_FILE, "spin.toml");
    if (check_exclusive(args, err) < 0 || take_names(args, command, &request, err) < 0 ||
        take_values(args, a, &request, err) < 0 || template_store_find(a, &store, err) < 0)
        return -1;
    return template_create(a, &store, &request, &made, err);
}

static int run_new(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    return run(args, a, TEMPLATE_NEW_APPLICATION, "new", err);
}

static int run_add(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    return run(args, a, TEMPLATE_ADD_COMPONENT, "add", err);
}

const struct command command_new = {
    .name = "new",
    .letter = "n",
    .summary = "Create an application from a template",
    .usage = "spin new [OPTIONS] [NAME]",
    .about =
        "  spin new -t http-py hello-world --accept-defaults\n"
        "  spin new -t http-py api -v http-path=/api/... -v project-description=\"My API\"\n"
        "\n"
        "The template http-py, an HTTP request handler in Python, is built in; `spin templates\n"
        "install` adds others. What is not given is asked for on a terminal.\n",
    .options = new_options,
    .option_count = countof(new_options),
    .run = run_new,
};

const struct command command_add = {
    .name = "add",
    .letter = "a",
    .summary = "Add a component to an application",
    .usage = "spin add [OPTIONS] [NAME]",
    .about =
        "  spin add -t http-py orders -v http-path=/orders/... --accept-defaults\n"
        "\n"
        "The component gets a folder beside spin.toml, and spin.toml a trigger and a component.\n"
        "What is written there already stays as it is.\n",
    .options = add_options,
    .option_count = countof(add_options),
    .run = run_add,
};
