#include <unistd.h>

#include "cli/command.h"

static void add_value(struct arena *a, struct cli_values *values, const char *value)
{
    const char **items = arena_alloc(a, (values->count + 1) * sizeof *items);
    if (values->count)
        memcpy(items, values->items, values->count * sizeof *items);
    items[values->count++] = value;
    values->items = items;
}

static bool has_alias(const struct cli_option *option, struct str name)
{
    struct str rest = option->aliases ? str_of(option->aliases) : STR_EMPTY;
    while (rest.len) {
        ptrdiff_t comma = str_find_byte(rest, ',');
        struct str alias = str_make(rest.ptr, comma < 0 ? rest.len : (size_t)comma);
        if (str_equal(alias, name))
            return true;
        rest = comma < 0 ? STR_EMPTY : str_skip(rest, (size_t)comma + 1);
    }
    return false;
}

/* Index of a long option, or -1. */
static int find_long(const struct command *command, struct str name)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (str_is(name, command->options[i].name) || has_alias(&command->options[i], name))
            return (int)i;
    return -1;
}

static int find_short(const struct command *command, char letter)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (command->options[i].letter == letter && letter)
            return (int)i;
    return -1;
}

int cli_fail_unknown(const struct command *command, struct str given, struct error *err)
{
    const char *near = NULL;
    unsigned least = 4;
    struct str name = str_skip(given, str_starts_with(given, STR("--")) ? 2 : 1);
    for (size_t i = 0; i < command->option_count; i++) {
        unsigned distance = str_distance(name, str_of(command->options[i].name));
        if (command->options[i].help && distance < least && 2 * distance <= name.len) {
            least = distance;
            near = command->options[i].name;
        }
    }
    if (near)
        return error_set(err, ERROR_USAGE,
            "unexpected argument '%" STR_FMT "'; did you mean '--%s'?", STR_ARG(given), near);
    return error_set(err, ERROR_USAGE, "unexpected argument '%" STR_FMT "'; see spin %s --help",
        STR_ARG(given), command->name);
}

/* What is left of argv while it is parsed. */
struct parsing {
    const struct command *command;
    struct arena *arena;
    struct cli_arguments *out;
    int argc, next;
    char **argv;
};

static void take_rest(struct parsing *p, int from)
{
    for (int i = from; i < p->argc; i++)
        add_value(p->arena, &p->out->rest, p->argv[i]);
    p->next = p->argc;
}

static int take_option(
    struct parsing *p, int index, struct str given, const char *attached, struct error *err)
{
    const struct cli_option *option = &p->command->options[index];
    struct cli_values *values = &p->out->options[index];
    if (option->later)
        return error_set(err, ERROR_UNSUPPORTED, "'--%s' is not supported yet", option->name);
    if (!option->value) {
        if (attached)
            return error_set(err, ERROR_USAGE, "'%" STR_FMT "' takes no value", STR_ARG(given));
        add_value(p->arena, values, "");
        return 0;
    }
    if (!attached) {
        if (p->next == p->argc)
            return error_set(err, ERROR_USAGE, "'%" STR_FMT "' needs a value: %s", STR_ARG(given),
                option->value);
        attached = p->argv[p->next++];
    }
    add_value(p->arena, values, attached);
    return 0;
}

static int parse_long(struct parsing *p, const char *text, struct error *err)
{
    const char *equals = strchr(text, '=');
    struct str given = equals ? str_make(text, (size_t)(equals - text)) : str_of(text);
    int index = find_long(p->command, str_skip(given, 2));
    if (index < 0 && p->command->takes_rest) {
        take_rest(p, p->next - 1);
        return 0;
    }
    if (index < 0)
        return cli_fail_unknown(p->command, given, err);
    return take_option(p, index, given, equals ? equals + 1 : NULL, err);
}

/* -q, -fFILE, -f FILE, -qf FILE */
static int parse_short(struct parsing *p, const char *text, struct error *err)
{
    for (const char *letter = text + 1; *letter; letter++) {
        int index = find_short(p->command, *letter);
        char name[3] = {'-', *letter, '\0'};
        if (index < 0 && p->command->takes_rest && letter == text + 1) {
            take_rest(p, p->next - 1);
            return 0;
        }
        if (index < 0)
            return cli_fail_unknown(p->command, str_of(text), err);
        bool takes_value = p->command->options[index].value != NULL;
        const char *attached = takes_value && letter[1] ? letter + 1 : NULL;
        if (attached && *attached == '=')
            attached++;
        if (take_option(p, index, str_of(name), attached, err) < 0)
            return -1;
        if (takes_value)
            return 0;
    }
    return 0;
}

static int parse_one(struct parsing *p, struct error *err)
{
    const char *text = p->argv[p->next++];
    if (!strcmp(text, "--")) {
        take_rest(p, p->next);
        return 0;
    }
    if (!strcmp(text, "--help") || !strcmp(text, "-h")) {
        p->out->help = true;
        return 0;
    }
    if (!strncmp(text, "--", 2))
        return parse_long(p, text, err);
    if (text[0] == '-' && text[1])
        return parse_short(p, text, err);
    add_value(p->arena, &p->out->positional, text);
    return 0;
}

/* Options that were not given on the command line may come from the environment. */
static void read_environment(struct parsing *p)
{
    static const char *const no[] = {"", "0", "n", "no", "f", "false", "off"};
    for (size_t i = 0; i < p->command->option_count; i++) {
        const struct cli_option *option = &p->command->options[i];
        const char *value = option->env ? getenv(option->env) : NULL;
        if (!value || p->out->options[i].count)
            continue;
        bool denied = false;
        for (size_t j = 0; !option->value && j < countof(no); j++)
            denied = denied || !strcmp(value, no[j]);
        if (!denied)
            add_value(p->arena, &p->out->options[i], value);
    }
}

int cli_parse(const struct command *command, int argc, char **argv, struct arena *a,
    struct cli_arguments *ret, struct error *err)
{
    *ret = (struct cli_arguments){
        .options = arena_alloc(a, (command->option_count + 1) * sizeof *ret->options)};
    struct parsing p = {.command = command, .arena = a, .out = ret, .argc = argc, .argv = argv};
    while (p.next < p.argc)
        if (parse_one(&p, err) < 0)
            return -1;
    read_environment(&p);
    return 0;
}

const char *cli_last(const struct cli_arguments *args, size_t option, const char *otherwise)
{
    const struct cli_values *values = &args->options[option];
    return values->count ? values->items[values->count - 1] : otherwise;
}

bool cli_is_set(const struct cli_arguments *args, size_t option)
{
    return args->options[option].count > 0;
}

/* "  -f, --from FILE" */
static int option_label(const struct cli_option *option, char *out, size_t size)
{
    char letter[5] = "    ";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    return snprintf(out, size, "  %s--%s%s%s", letter, option->name, option->value ? " " : "",
        option->value ? option->value : "");
}

static void print_subcommands(const struct command *command)
{
    printf("\nCommands:\n");
    for (size_t i = 0; i < command->subcommand_count; i++)
        printf("  %-10s %s\n", command->subcommands[i]->name, command->subcommands[i]->summary);
}

void cli_print_help(const struct command *command)
{
    enum { LABEL = 128 };
    char label[LABEL];
    printf("%s\n\nUsage: %s\n", command->summary, command->usage);
    if (command->about)
        printf("\n%s", command->about);
    if (command->subcommand_count)
        print_subcommands(command);
    printf("\nOptions:\n");
    for (size_t i = 0; i < command->option_count; i++) {
        const struct cli_option *option = &command->options[i];
        if (!option->help)
            continue;
        int width = option_label(option, label, sizeof label);
        if (width > 30)
            printf("%s\n%32s%s", label, "", option->help);
        else
            printf("%-32s%s", label, option->help);
        if (option->env)
            printf(" [env: %s]", option->env);
        printf("\n");
    }
    printf("%-32s%s\n", "  -h, --help", "Print this help");
}

static int run_subcommand(
    const struct command *command, int argc, char **argv, struct arena *a, struct error *err)
{
    const char *name = argc ? argv[0] : "--help", *near = NULL;
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        cli_print_help(command);
        return argc ? 0 : 2;
    }
    for (size_t i = 0; i < command->subcommand_count; i++) {
        const struct command *one = command->subcommands[i];
        if (!strcmp(name, one->name))
            return cli_run(one, argc - 1, argv + 1, a, err);
        if (str_distance(str_of(name), str_of(one->name)) <= 2)
            near = one->name;
    }
    return error_set(err, ERROR_USAGE, "'%s' is not a known command of spin %s%s%s%s", name,
        command->name, near ? "; did you mean '" : "; see spin ", near ? near : command->name,
        near ? "'?" : " --help");
}

int cli_run(
    const struct command *command, int argc, char **argv, struct arena *a, struct error *err)
{
    struct cli_arguments args;
    if (command->subcommand_count)
        return run_subcommand(command, argc, argv, a, err);
    if (cli_parse(command, argc, argv, a, &args, err) < 0)
        return -1;
    if (args.help) {
        cli_print_help(command);
        return 0;
    }
    return command->run(&args, a, err);
}

struct cli_colours cli_colours(int fd)
{
    if (!isatty(fd) || getenv("NO_COLOR"))
        return (struct cli_colours){"", "", "", ""};
    return (struct cli_colours){"\033[1;32m", "\033[1;31m", "\033[1;36m", "\033[0m"};
}

void cli_warn(const char *fmt, ...)
{
    struct cli_colours colours = cli_colours(STDERR_FILENO);
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%sWarning%s: ", *colours.off ? "\033[1;33m" : "", colours.off);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}
