/*
 * spin new: an application from a template.
 */
#include <dirent.h>
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/vec.h"
#include "cli/command.h"
#include "template/template.h"

enum {
    OPT_TEMPLATE,
    OPT_OUTPUT,
    OPT_INIT,
    OPT_VALUE,
    OPT_VALUES_FILE,
    OPT_ACCEPT_DEFAULTS,
    OPT_NO_VCS,
    OPT_ALLOW_OVERWRITE,
};

static const struct cli_option options[] = {
    [OPT_TEMPLATE] = CLI_OPTION('t', "template", NULL, "ID", NULL, "The template to use"),
    [OPT_OUTPUT] =
        CLI_OPTION('o', "output", NULL, "DIR", NULL, "The new folder [default: the name]"),
    [OPT_INIT] = CLI_OPTION(0, "init", NULL, NULL, NULL, "Generate into the current folder"),
    [OPT_VALUE] = CLI_OPTION(
        'v', "value", NULL, "NAME=VALUE", NULL, "A parameter of the template; may be repeated"),
    [OPT_VALUES_FILE] =
        CLI_OPTION(0, "values-file", NULL, "FILE", NULL, "A TOML file with parameters"),
    [OPT_ACCEPT_DEFAULTS] =
        CLI_OPTION('a', "accept-defaults", NULL, NULL, NULL, "Ask nothing that has a default"),
    [OPT_NO_VCS] = CLI_OPTION(0, "no-vcs", NULL, NULL, NULL, "No `git init` and no .gitignore"),
    [OPT_ALLOW_OVERWRITE] = CLI_OPTION(0, "allow-overwrite", "allow-overwrites", NULL, NULL,
        "Generate into a folder that has files"),
};

/* What a new application is made of. */
struct plan {
    struct arena *arena;
    const struct cli_arguments *args;
    const struct template *template;
    struct str name;
    const char *folder;
    bool ask;
    VEC(struct template_value) values;
};

static const struct template_value *find_value(const struct plan *p, struct str name)
{
    for (size_t i = 0; i < p->values.len; i++)
        if (str_equal(p->values.data[i].name, name))
            return &p->values.data[i];
    return NULL;
}

static void set_value(struct plan *p, struct str name, struct str value)
{
    struct template_value *slot = VEC_PUSH(&p->values, p->arena);
    BUG_IF(!slot);
    *slot = (struct template_value){name, value};
}

/* Asks on the terminal. An empty answer is the default. */
static struct str ask(struct plan *p, struct str prompt, struct str otherwise)
{
    char line[1024];
    if (otherwise.len)
        fprintf(stderr, "%" STR_FMT " [%" STR_FMT "]: ", STR_ARG(prompt), STR_ARG(otherwise));
    else
        fprintf(stderr, "%" STR_FMT ": ", STR_ARG(prompt));
    if (!fgets(line, sizeof line, stdin))
        return otherwise;
    struct str answer = str_trim(str_of(line));
    return answer.len ? arena_copy(p->arena, answer) : otherwise;
}

static int check_name(struct str name, struct error *err)
{
    size_t start = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.ptr[i] != '-')
            continue;
        struct str segment = str_make(name.ptr + start, i - start);
        if (!segment.len || (unsigned)((segment.ptr[0] | 0x20) - 'a') >= 26)
            return error_set(err, ERROR_INVALID,
                "Each segment of the name must start with a letter. '%" STR_FMT
                "' does not start with a letter",
                STR_ARG(segment));
        start = i + 1;
    }
    return 0;
}

/* A folder's name may not have everything that an application's may. */
static const char *folder_of_name(struct arena *a, struct str name)
{
    char *folder = arena_printf(a, "%" STR_FMT, STR_ARG(name));
    for (char *c = folder; *c; c++)
        if (!((*c >= '0' && *c <= '9') || (unsigned)((*c | 0x20) - 'a') < 26 || strchr("-_.", *c)))
            *c = '_';
    return folder;
}

static bool folder_has_files(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return false;
    bool any = false;
    for (struct dirent *entry; !any && (entry = readdir(dir));)
        any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
              strcmp(entry->d_name, ".git") != 0;
    closedir(dir);
    return any;
}

static int check_folder(struct plan *p, struct error *err)
{
    if (cli_is_set(p->args, OPT_ALLOW_OVERWRITE) || !folder_has_files(p->folder))
        return 0;
    if (p->ask) {
        fprintf(stderr, "Directory '%s' already contains other files. ", p->folder);
        struct str answer = ask(p, STR("Generate into it anyway?"), STR("no"));
        if (str_equal_ignore_case(answer, STR("yes")) || str_equal_ignore_case(answer, STR("y")))
            return 0;
    }
    return error_set(
        err, ERROR_INVALID, "Can't generate into %s as it already contains other files", p->folder);
}

static int take_value_option(struct plan *p, const char *text, struct error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        return error_set(
            err, ERROR_USAGE, "'%s' is not of the form NAME=VALUE (option --value)", text);
    struct str name = str_make(text, (size_t)(equals - text));
    if (!find_value(p, name))
        set_value(p, name, str_of(equals + 1));
    return 0;
}

/* -v wins over the file, and the last -v over the earlier ones. */
static int take_given_values(struct plan *p, struct error *err)
{
    const struct cli_values *given = &p->args->options[OPT_VALUE];
    for (size_t i = given->count; i-- > 0;)
        if (take_value_option(p, given->items[i], err) < 0)
            return -1;
    const char *file = cli_last(p->args, OPT_VALUES_FILE, NULL);
    if (!file)
        return 0;
    struct buf text CLEANUP(buf_release) = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    struct toml_document doc;
    if (file_read(file, LIMIT_TEXT_FILE_BYTES, &text, err) < 0 ||
        toml_parse(p->arena, file, buf_str(&text), &doc, err) < 0)
        return -1;
    for (size_t i = 0; i < doc.root->count; i++) {
        const struct toml_entry *entry = &doc.root->entries[i];
        if (entry->value->kind == TOML_STRING && !find_value(p, entry->key))
            set_value(p, entry->key, entry->value->string);
    }
    return 0;
}

static int check_given_names(struct plan *p, struct error *err)
{
    const char *unknown = "";
    for (size_t i = 0; i < p->values.len; i++) {
        bool known = false;
        for (size_t j = 0; j < p->template->parameter_count; j++)
            known = known || str_equal(p->values.data[i].name, p->template->parameters[j].name);
        if (!known)
            unknown = arena_printf(p->arena,
                "%s\n- Template does not contain a parameter named '%" STR_FMT "'", unknown,
                STR_ARG(p->values.data[i].name));
    }
    if (!*unknown)
        return 0;
    return error_set(err, ERROR_USAGE,
        "The following provided value(s) are invalid according to the template:%s", unknown);
}

static int fill_parameter(
    struct plan *p, const struct template_parameter *parameter, struct error *err)
{
    const struct template_value *given = find_value(p, parameter->name);
    if (given)
        return template_check_value(parameter, given->value, err);
    if (parameter->has_default && (!p->ask || cli_is_set(p->args, OPT_ACCEPT_DEFAULTS))) {
        set_value(p, parameter->name, parameter->value);
        return 0;
    }
    if (!p->ask)
        return error_set(err, ERROR_USAGE, "no value for '%" STR_FMT "'; add `-v %" STR_FMT "=...`",
            STR_ARG(parameter->name), STR_ARG(parameter->name));
    struct str answer = ask(p, parameter->prompt, parameter->value);
    set_value(p, parameter->name, answer);
    return template_check_value(parameter, answer, err);
}

static struct str first_line_of(struct arena *a, const char *command)
{
    char line[512] = "";
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return STR_EMPTY;
    if (!fgets(line, sizeof line, pipe))
        line[0] = '\0';
    pclose(pipe);
    return arena_copy(a, str_trim(str_of(line)));
}

static struct str first_set(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return str_of(value);
    }
    return STR_EMPTY;
}

/* "Name <email>", from where git would take it. */
static struct str author(struct arena *a)
{
    static const char *const names[] = {"GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"};
    static const char *const users[] = {"USER", "USERNAME", "NAME"};
    static const char *const emails[] = {"GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"};
    static const char *const others[] = {"EMAIL"};
    struct str name = first_set(names, countof(names)), email = first_set(emails, countof(emails));
    if (!name.len)
        name = first_line_of(a, "git config user.name 2>/dev/null");
    if (!name.len)
        name = first_set(users, countof(users));
    if (!email.len)
        email = first_line_of(a, "git config user.email 2>/dev/null");
    if (!email.len)
        email = first_set(others, countof(others));
    if (!email.len)
        return name;
    return str_of(arena_printf(a, "%" STR_FMT " <%" STR_FMT ">", STR_ARG(name), STR_ARG(email)));
}

static int choose_template(struct plan *p, const char *id, struct error *err)
{
    struct template *list;
    size_t count;
    if (template_list(p->arena, &list, &count, err) < 0)
        return -1;
    const char *known = "";
    for (size_t i = 0; i < count; i++)
        known = arena_printf(p->arena, "%s%s%" STR_FMT, known, i ? ", " : "", STR_ARG(list[i].id));
    if (!id && p->ask)
        id = arena_copy(
            p->arena, ask(p,
                          str_of(arena_printf(p->arena,
                              "Pick a template to start your application with (%s)", known)),
                          list[0].id))
                 .ptr;
    if (!id)
        return error_set(
            err, ERROR_USAGE, "no template given; add `-t %" STR_FMT "`", STR_ARG(list[0].id));
    for (size_t i = 0; i < count; i++)
        if (str_is(list[i].id, id)) {
            p->template = &list[i];
            return 0;
        }
    return error_set(err, ERROR_NOT_FOUND, "Template %s not found; there is %s", id, known);
}

static int choose_name(struct plan *p, const char *given, struct error *err)
{
    if (given)
        p->name = str_of(given);
    else if (p->ask)
        p->name = ask(p, STR("Enter a name for your new application"), STR_EMPTY);
    if (!p->name.len)
        return error_set(
            err, ERROR_USAGE, "no name given; write `spin new -t http-py my-application`");
    return check_name(p->name, err);
}

/* Starts a repository, quietly; without git, or inside of a repository, nothing is missing. */
static void git_init(struct arena *a, const char *folder)
{
    const char *inside = arena_printf(a, "%s/.git", folder);
    if (file_exists(inside))
        return;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 || chdir(folder) < 0)
            _exit(1);
        execl("/bin/sh", "sh", "-c", "git rev-parse --git-dir || git init -q", (char *)NULL);
        _exit(1);
    }
    int status;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
}

static int generate(struct plan *p, struct error *err)
{
    for (size_t i = 0; i < p->template->parameter_count; i++)
        if (fill_parameter(p, &p->template->parameters[i], err) < 0)
            return -1;
    bool no_vcs = cli_is_set(p->args, OPT_NO_VCS);
    set_value(p, STR("project-name"), p->name);
    set_value(p, STR("authors"), author(p->arena));
    if (file_make_dirs(p->folder, 0777, err) < 0 ||
        template_generate(p->template, p->folder, no_vcs ? ".gitignore" : NULL, p->values.data,
            p->values.len, err) < 0)
        return -1;
    if (!no_vcs)
        git_init(p->arena, p->folder);
    return 0;
}

static int run(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    struct plan p = {
        .arena = a, .args = args, .ask = isatty(STDERR_FILENO) && isatty(STDIN_FILENO)};
    const char *id = cli_last(args, OPT_TEMPLATE, NULL), *name = NULL;
    size_t given = args->positional.count;
    if (given == 2 && !id) /* the order of Spin 1: spin new TEMPLATE NAME */
        id = args->positional.items[0];
    else if (given > 1)
        return error_set(err, ERROR_USAGE, "unexpected argument '%s'", args->positional.items[1]);
    if (given)
        name = args->positional.items[given - 1];
    if (cli_is_set(args, OPT_INIT) && cli_is_set(args, OPT_OUTPUT))
        return error_set(err, ERROR_USAGE, "--init and --output exclude each other");
    if (choose_template(&p, id, err) < 0 || choose_name(&p, name, err) < 0)
        return -1;
    p.folder =
        cli_is_set(args, OPT_INIT) ? "." : cli_last(args, OPT_OUTPUT, folder_of_name(a, p.name));
    if (check_folder(&p, err) < 0 || take_given_values(&p, err) < 0 ||
        check_given_names(&p, err) < 0)
        return -1;
    return generate(&p, err);
}

const struct command command_new = {
    .name = "new",
    .letter = "n",
    .summary = "Create an application from a template",
    .usage = "spin new [OPTIONS] [NAME]",
    .about = "  spin new -t http-py hello-world --accept-defaults\n"
             "  spin new -t http-py api -v http-path=/api/... -v project-description=\"My API\"\n"
             "\n"
             "The template that is built in: http-py, an HTTP request handler in Python.\n",
    .options = options,
    .option_count = countof(options),
    .run = run,
};
