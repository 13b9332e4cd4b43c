#include <ctype.h>
#include <string.h>

#include "componentize/options.h"

static const char main_help[] =
    "Turns a Python application into a WebAssembly component\n"
    "\n"
    "Usage: componentize-py [OPTIONS] <COMMAND>\n"
    "\n"
    "Commands:\n"
    "  componentize  Build a component from a Python module\n"
    "  bindings      Write the Python modules of a world, for editors and type checkers\n"
    "  help          Print this message or the help of a command\n"
    "\n"
    "Options:\n"
    "  -d, --wit-path <WIT_PATH>\n"
    "          File or folder with WIT that describes the world; may be given several times.\n"
    "          Spin's and WASI's own worlds are known without it\n"
    "  -w, --world <WORLD>\n"
    "          Name of the world: `name`, `ns:pkg/name` or `ns:pkg/name@version`\n"
    "      --world-module <WORLD_MODULE>\n"
    "          Where the world's modules are imported from [default: wit_world]\n"
    "      --features <FEATURES>\n"
    "          `@unstable` features to switch on, separated by commas or spaces\n"
    "      --all-features\n"
    "          Switch all `@unstable` features on\n"
    "      --import-interface-name <KEY=NAME>\n"
    "          Name of the module for an imported interface\n"
    "      --export-interface-name <KEY=NAME>\n"
    "          Name of the module and class for an exported interface\n"
    "      --full-names\n"
    "          Name modules by package, interface and version\n"
    "  -q, --quiet\n"
    "          Print nothing on success\n"
    "  -h, --help\n"
    "          Print help\n"
    "  -V, --version\n"
    "          Print version";

static const char componentize_help[] =
    "Builds a component from a Python module\n"
    "\n"
    "Usage: componentize-py componentize [OPTIONS] <APP_NAME>\n"
    "\n"
    "Arguments:\n"
    "  <APP_NAME>  The application's module, as `import` would name it\n"
    "\n"
    "Options:\n"
    "  -p, --python-path <PYTHON_PATH>\n"
    "          Folder to look for modules in; may be given several times. site-packages come\n"
    "          after them [default: .]\n"
    "  -m, --module-worlds <MODULE_WORLDS>\n"
    "          `module=world`: world of a package that has a componentize-py.toml\n"
    "  -o, --output <OUTPUT>\n"
    "          The file to write [default: index.wasm]\n"
    "  -s, --stub-wasi\n"
    "          Import nothing of WASI\n"
    "      --hash-seed <NUMBER>\n"
    "          Seed of string hashes; else made from what is built\n"
    "  -h, --help\n"
    "          Print help";

static const char bindings_help[] =
    "Writes the Python modules of a world, for editors and type checkers\n"
    "\n"
    "Usage: componentize-py bindings <OUTPUT_DIR>\n"
    "\n"
    "Arguments:\n"
    "  <OUTPUT_DIR>  Folder to write to\n"
    "\n"
    "Options:\n"
    "  -h, --help  Print help";

/* Where the value of an option goes. */
enum option_kind {
    OPTION_FLAG,
    OPTION_STRING,   /* once */
    OPTION_LIST,     /* several times */
    OPTION_FEATURES, /* a list within a list */
    OPTION_PAIR,     /* key=value, several times */
    OPTION_HELP,
    OPTION_VERSION,
};

struct option {
    char letter; /* 0: none */
    const char *name, *value_name;
    enum option_kind kind;
    size_t offset; /* of the member of struct componentize_options */
};

#define AT(member) offsetof(struct componentize_options, member)

static const struct option global_options[] = {
    {'d', "wit-path", "WIT_PATH", OPTION_LIST, AT(wit_paths)},
    {'w', "world", "WORLD", OPTION_STRING, AT(world)},
    {0, "world-module", "WORLD_MODULE", OPTION_STRING, AT(world_module)},
    {'q', "quiet", NULL, OPTION_FLAG, AT(quiet)},
    {0, "features", "FEATURES", OPTION_FEATURES, AT(features)},
    {0, "all-features", NULL, OPTION_FLAG, AT(all_features)},
    {0, "full-names", NULL, OPTION_FLAG, AT(full_names)},
    {0, "import-interface-name", "IMPORT_INTERFACE_NAMES", OPTION_PAIR, AT(import_names)},
    {0, "export-interface-name", "EXPORT_INTERFACE_NAMES", OPTION_PAIR, AT(export_names)},
    {'h', "help", NULL, OPTION_HELP, 0},
    {'V', "version", NULL, OPTION_VERSION, 0},
};

static const struct option componentize_options[] = {
    {'p', "python-path", "PYTHON_PATH", OPTION_LIST, AT(python_paths)},
    {'m', "module-worlds", "MODULE_WORLDS", OPTION_PAIR, AT(module_worlds)},
    {'o', "output", "OUTPUT", OPTION_STRING, AT(output)},
    {'s', "stub-wasi", NULL, OPTION_FLAG, AT(stub_wasi)},
    {0, "hash-seed", "NUMBER", OPTION_STRING, AT(hash_seed)},
    {'h', "help", NULL, OPTION_HELP, 0},
};

static const struct option bindings_options[] = {{'h', "help", NULL, OPTION_HELP, 0}};

/* One level of the command line: the program or one of its commands. */
struct level {
    const struct option *options;
    size_t option_count;
    const char *usage, *help;
    size_t positional; /* offset of the argument; 0: none */
    const char *positional_name;
};

static const struct level levels[] = {
    [COMPONENTIZE_HELP] = {global_options, countof(global_options),
        "componentize-py [OPTIONS] <COMMAND>", main_help, 0, NULL},
    [COMPONENTIZE_BUILD] = {componentize_options, countof(componentize_options),
        "componentize-py componentize [OPTIONS] <APP_NAME>", componentize_help, AT(app),
        "APP_NAME"},
    [COMPONENTIZE_BINDINGS] = {bindings_options, countof(bindings_options),
        "componentize-py bindings <OUTPUT_DIR>", bindings_help, AT(output_dir), "OUTPUT_DIR"},
};

struct cursor {
    int argc, next;
    char **argv;
    struct arena *arena;
    struct error *err;
    const struct level *level;
    struct componentize_options *options;
};

static PRINTF_LIKE(2, 3) int usage_error(struct cursor *c, const char *fmt, ...)
{
    struct buf text = BUF_INIT(64 * 1024);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    error_set(c->err, ERROR_USAGE, "error: %s\n\nUsage: %s\n\nFor more information, try '--help'.",
        buf_cstr(&text), c->level->usage);
    buf_release(&text);
    return -1;
}

static int invalid_value(
    struct cursor *c, const struct option *option, const char *value, const char *why)
{
    return error_set(c->err, ERROR_USAGE,
        "error: invalid value '%s' for '--%s <%s>': %s\n\n"
        "For more information, try '--help'.",
        value, option->name, option->value_name, why);
}

/* ------------------------------------------------------------------------------- values */

static int add_string(struct cursor *c, struct string_list *list, const char *value)
{
    const char **slot = VEC_PUSH(list, c->arena);
    if (!slot)
        return error_set(c->err, ERROR_USAGE, "error: too many arguments");
    *slot = value;
    return 0;
}

static int add_features(struct cursor *c, struct string_list *list, const char *value)
{
    while (*value) {
        size_t len = strcspn(value, ", \t\n");
        if (len > 0 && add_string(c, list, arena_copy(c->arena, str_make(value, len)).ptr) < 0)
            return -1;
        value += len + (value[len] != 0);
    }
    return 0;
}

static int add_pair(
    struct cursor *c, const struct option *option, struct name_list *list, const char *value)
{
    const char *mark = strchr(value, '=');
    if (!mark) {
        const char *why =
            arena_printf(c->arena, "expected string of form `<key>=<value>`; got `%s`", value);
        return invalid_value(c, option, value, why);
    }
    struct wit_python_name *slot = VEC_PUSH(list, c->arena);
    if (!slot)
        return error_set(c->err, ERROR_USAGE, "error: too many arguments");
    *slot = (struct wit_python_name){str_make(value, (size_t)(mark - value)), str_of(mark + 1)};
    return 0;
}

static int set_string(
    struct cursor *c, const struct option *option, const char **member, const char *value)
{
    if (*member)
        return usage_error(c, "the argument '--%s <%s>' cannot be used multiple times",
            option->name, option->value_name);
    *member = value;
    return 0;
}

static int apply(struct cursor *c, const struct option *option, const char *value)
{
    void *member = (char *)c->options + option->offset;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return 0;
    case OPTION_STRING:
        return set_string(c, option, member, value);
    case OPTION_LIST:
        return add_string(c, member, value);
    case OPTION_FEATURES:
        return add_features(c, member, value);
    case OPTION_PAIR:
        return add_pair(c, option, member, value);
    case OPTION_HELP:
        c->options->command = COMPONENTIZE_HELP;
        c->options->help = c->level->help;
        return 1;
    case OPTION_VERSION:
        c->options->command = COMPONENTIZE_VERSION;
        return 1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------- arguments */

static bool takes_value(const struct option *option)
{
    return option->value_name != NULL;
}

static int next_value(struct cursor *c, const struct option *option, const char **ret)
{
    if (c->next >= c->argc)
        return error_set(c->err, ERROR_USAGE,
            "error: a value is required for '--%s <%s>' but none was supplied\n\n"
            "For more information, try '--help'.",
            option->name, option->value_name);
    *ret = c->argv[c->next++];
    return 0;
}

/* "--name", "--name=value", "--name value" */
static int parse_long(struct cursor *c, const char *argument)
{
    size_t len = strcspn(argument + 2, "=");
    struct str name = str_make(argument + 2, len);
    const char *value = argument[2 + len] == '=' ? argument + 3 + len : NULL;
    for (size_t i = 0; i < c->level->option_count; i++) {
        const struct option *option = &c->level->options[i];
        if (!str_is(name, option->name))
            continue;
        if (!takes_value(option) && value)
            return usage_error(c, "unexpected value '%s' for '--%s' found; no more were expected",
                value, option->name);
        if (takes_value(option) && !value && next_value(c, option, &value) < 0)
            return -1;
        return apply(c, option, value);
    }
    return usage_error(c, "unexpected argument '--%" STR_FMT "' found", STR_ARG(name));
}

/* "-q", "-o file", "-ofile", "-o=file", "-qo file" */
static int parse_short(struct cursor *c, const char *argument)
{
    for (const char *letter = argument + 1; *letter; letter++) {
        const struct option *option = NULL;
        for (size_t i = 0; i < c->level->option_count; i++)
            if (c->level->options[i].letter == *letter)
                option = &c->level->options[i];
        if (!option)
            return usage_error(c, "unexpected argument '-%c' found", *letter);
        if (!takes_value(option)) {
            int done = apply(c, option, NULL);
            if (done != 0)
                return done;
            continue;
        }
        const char *value = letter + 1;
        if (*value == '=')
            value++;
        if (letter[1] == 0 && next_value(c, option, &value) < 0)
            return -1;
        return apply(c, option, value);
    }
    return 0;
}

static int set_positional(struct cursor *c, const char *argument)
{
    const char **member = (const char **)((char *)c->options + c->level->positional);
    if (*member)
        return usage_error(c, "unexpected argument '%s' found", argument);
    *member = argument;
    return 0;
}

static int find_command(struct cursor *c, const char *name)
{
    if (strcmp(name, "componentize") == 0)
        return COMPONENTIZE_BUILD;
    if (strcmp(name, "bindings") == 0)
        return COMPONENTIZE_BINDINGS;
    if (strcmp(name, "help") == 0)
        return COMPONENTIZE_HELP;
    error_set(c->err, ERROR_USAGE,
        "error: unrecognized subcommand '%s'\n\nUsage: %s\n\n"
        "For more information, try '--help'.",
        name, c->level->usage);
    return -1;
}

/* "help" or "help COMMAND" */
static int parse_help(struct cursor *c)
{
    c->options->command = COMPONENTIZE_HELP;
    c->options->help = main_help;
    if (c->next < c->argc) {
        int command = find_command(c, c->argv[c->next]);
        if (command < 0)
            return -1;
        c->options->help = levels[command].help;
    }
    return 1;
}

static int parse_word(struct cursor *c, const char *argument)
{
    if (c->level->positional)
        return set_positional(c, argument);
    int command = find_command(c, argument);
    if (command < 0)
        return -1;
    if (command == COMPONENTIZE_HELP)
        return parse_help(c);
    c->options->command = (enum componentize_command)command;
    c->level = &levels[command];
    return 0;
}

/* 0 when all was read, 1 when help or the version was asked for. */
static int parse_all(struct cursor *c)
{
    bool only_words = false;
    while (c->next < c->argc) {
        const char *argument = c->argv[c->next++];
        int done;
        if (!only_words && strcmp(argument, "--") == 0) {
            only_words = true;
            continue;
        }
        if (!only_words && strncmp(argument, "--", 2) == 0)
            done = parse_long(c, argument);
        else if (!only_words && argument[0] == '-' && argument[1])
            done = parse_short(c, argument);
        else
            done = parse_word(c, argument);
        if (done != 0)
            return done;
    }
    return 0;
}

static int check_complete(struct cursor *c)
{
    if (!c->level->positional)
        return error_set(c->err, ERROR_USAGE, "%s", main_help);
    if (*(const char **)((char *)c->options + c->level->positional))
        return 0;
    return usage_error(c, "the following required arguments were not provided:\n  <%s>",
        c->level->positional_name);
}

int componentize_options_parse(
    int argc, char **argv, struct arena *a, struct componentize_options *ret, struct error *err)
{
    *ret = (struct componentize_options){0};
    struct cursor c = {.argc = argc,
        .next = 1,
        .argv = argv,
        .arena = a,
        .err = err,
        .level = &levels[COMPONENTIZE_HELP],
        .options = ret};
    int done = parse_all(&c);
    if (done != 0)
        return done < 0 ? -1 : 0;
    if (check_complete(&c) < 0)
        return -1;
    if (!ret->output)
        ret->output = "index.wasm";
    if (ret->python_paths.len == 0 && add_string(&c, &ret->python_paths, ".") < 0)
        return -1;
    return 0;
}
