/*
 * spin templates: what `spin new` and `spin add` can use.
 */
#include <jansson.h>

#include "cli/dialog.h"
#include "cli/table.h"
#include "template/install.h"

static void print_line(const char *line)
{
    printf("%s\n", line);
    fflush(stdout);
}

static void note(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

static const struct template_reporter reporter = {.progress = print_line, .note = note};

static int refuse_positional(const struct cli_arguments *args, size_t most, struct error *err)
{
    if (args->positional.count <= most)
        return 0;
    return error_set(err, ERROR_USAGE, "unexpected argument '%s'", args->positional.items[most]);
}

/* -------------------------------------------------------------------------------------- install */

enum { INSTALL_GIT, INSTALL_BRANCH, INSTALL_DIR, INSTALL_TAR, INSTALL_UPGRADE };

static const struct cli_option install_options[] = {
    [INSTALL_GIT] = CLI_OPTION(0, "git", "repo", "URL", NULL,
        "A git repository with a folder 'templates'; OWNER/NAME is one on GitHub"),
    [INSTALL_BRANCH] = CLI_OPTION(0, "branch", NULL, "BRANCH", NULL,
        "Its branch or tag [default: " TEMPLATE_VERSION_TAG " if it has that]"),
    [INSTALL_DIR] = CLI_OPTION(0, "dir", NULL, "DIR", NULL, "A folder with a folder 'templates'"),
    [INSTALL_TAR] = CLI_OPTION(0, "tar", NULL, "FILE", NULL, "A tar archive of such a folder"),
    [INSTALL_UPGRADE] = CLI_OPTION(
        0, "upgrade", "update", NULL, NULL, "Replace templates that are installed already"),
};

static int take_source(
    const struct cli_arguments *args, struct template_source *ret, struct error *err)
{
    static const int options[] = {INSTALL_GIT, INSTALL_DIR, INSTALL_TAR};
    static const enum template_source_kind kinds[] = {SOURCE_GIT, SOURCE_FOLDER, SOURCE_ARCHIVE};
    size_t given = 0;
    for (size_t i = 0; i < countof(options); i++) {
        if (!cli_is_set(args, options[i]))
            continue;
        ret->kind = kinds[i];
        ret->where = cli_last(args, options[i], NULL);
        given++;
    }
    if (given != 1)
        return error_set(
            err, ERROR_USAGE, "Exactly one of `git`, `dir`, or `tar` must be specified");
    ret->branch = cli_last(args, INSTALL_BRANCH, NULL);
    if (ret->branch && ret->kind != SOURCE_GIT)
        return error_set(err, ERROR_USAGE, "--branch is for --git");
    return 0;
}

static void print_installed(struct arena *a, const struct template_installation *result)
{
    struct cli_table table = cli_table_new(a, result->installed_count, "Name", "Description", NULL);
    for (size_t i = 0; i < table.count; i++) {
        table.rows[i].cells[0] = result->installed[i].id;
        table.rows[i].cells[1] = result->installed[i].description;
    }
    if (table.count) {
        printf("\n");
        cli_table_print(&table);
    }
}

static void print_skipped(struct arena *a, const struct template_installation *result)
{
    struct cli_table table =
        cli_table_new(a, result->skipped_count, "Name", "Reason skipped", NULL);
    for (size_t i = 0; i < table.count; i++) {
        table.rows[i].cells[0] = result->skipped[i].name;
        table.rows[i].cells[1] = result->skipped[i].reason;
    }
    if (!table.count)
        return;
    printf("\nSkipped %zu template(s)\n\n", table.count);
    cli_table_print(&table);
}

static void print_removed(struct arena *a, const struct template_installation *result)
{
    struct cli_table table = cli_table_new(a, result->removed.count, "Name", NULL, NULL);
    for (size_t i = 0; i < table.count; i++)
        table.rows[i].cells[0] = result->removed.items[i];
    if (!table.count)
        return;
    printf("\nRemoved %zu templates no longer in repository\n\n", table.count);
    cli_table_print(&table);
}

static int run_install(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    struct template_store store;
    struct template_source source;
    struct template_installation result;
    if (refuse_positional(args, 0, err) < 0 || take_source(args, &source, err) < 0 ||
        template_store_find(a, &store, err) < 0 ||
        template_install(
            a, &store, &source, cli_is_set(args, INSTALL_UPGRADE), &reporter, &result, err) < 0)
        return -1;
    if (!result.installed_count && !result.skipped_count && !result.removed.count) {
        print_line("The specified source contained no templates");
        return 0;
    }
    printf("Installed %zu template(s)\n", result.installed_count);
    print_installed(a, &result);
    print_skipped(a, &result);
    print_removed(a, &result);
    return 0;
}

static const struct command command_install = {
    .name = "install",
    .summary = "Install templates from a repository, a folder or an archive",
    .usage = "spin templates install [OPTIONS]",
    .about = "  spin templates install --git https://github.com/fermyon/spin-python-sdk --update\n"
             "  spin templates install --dir ../my-templates\n"
             "\n"
             "Every folder below 'templates' is one. They are copied.\n",
    .options = install_options,
    .option_count = countof(install_options),
    .run = run_install,
};

/* -------------------------------------------------------------------------------------- upgrade */

enum { UPGRADE_REPO, UPGRADE_BRANCH, UPGRADE_ALL };

static const struct cli_option upgrade_options[] = {
    [UPGRADE_REPO] =
        CLI_OPTION(0, "repo", "git", "URL", NULL, "Only what was installed from this repository"),
    [UPGRADE_BRANCH] = CLI_OPTION(0, "branch", NULL, "BRANCH", NULL,
        "Its branch or tag [default: " TEMPLATE_VERSION_TAG " if it has that]"),
    [UPGRADE_ALL] = CLI_OPTION(0, "all", NULL, NULL, NULL, "What was installed from any one"),
};

/* What an upgrade of several repositories came to. */
struct upgrade {
    struct arena *arena;
    const struct template_store *store;
    const char *branch;
    struct template_installation all; /* `installed` of all together */
    size_t fault_count;
    struct template_skipped *faults; /* URL and error */
};

static int upgrade_one(struct upgrade *u, struct str url)
{
    struct error err CLEANUP(error_release) = ERROR_INIT;
    struct template_installation result;
    struct template_source source = {
        .kind = SOURCE_GIT, .where = arena_copy(u->arena, url).ptr, .branch = u->branch};
    printf("Upgrading templates from %s...\n", source.where);
    if (template_install(u->arena, u->store, &source, true, &reporter, &result, &err) < 0) {
        struct buf line CLEANUP(buf_release) = BUF_INIT(64 * 1024);
        error_append_line(&err, &line);
        const char *text = buf_cstr(&line);
        u->faults[u->fault_count++] = (struct template_skipped){
            .name = url,
            .reason = arena_copy(u->arena, str_make(text, strcspn(text, "\n"))),
        };
        return -1;
    }
    struct template *all =
        arena_alloc(u->arena, (u->all.installed_count + result.installed_count + 1) * sizeof *all);
    if (u->all.installed_count)
        memcpy(all, u->all.installed, u->all.installed_count * sizeof *all);
    if (result.installed_count)
        memcpy(
            all + u->all.installed_count, result.installed, result.installed_count * sizeof *all);
    u->all.installed = all;
    u->all.installed_count += result.installed_count;
    return 0;
}

static bool is_known(const struct template_listing *list, size_t before, struct str url)
{
    for (size_t i = 0; i < before; i++)
        if (list->items[i].origin_is_git && str_equal(list->items[i].origin, url))
            return true;
    return false;
}

static void print_upgrade_faults(const struct upgrade *u)
{
    struct cli_table table = cli_table_new(u->arena, u->fault_count, "URL", "Error", NULL);
    for (size_t i = 0; i < table.count; i++) {
        table.rows[i].cells[0] = u->faults[i].name;
        table.rows[i].cells[1] = u->faults[i].reason;
    }
    printf("\nErrors upgrading %zu repositor%s\n\n", table.count, table.count == 1 ? "y" : "ies");
    cli_table_print(&table);
}

static int run_upgrade(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    struct template_store store;
    struct template_listing list;
    const char *repo = cli_last(args, UPGRADE_REPO, NULL);
    if (refuse_positional(args, 0, err) < 0 || template_store_find(a, &store, err) < 0 ||
        template_store_list(a, &store, &list, err) < 0)
        return -1;
    if (!repo == !cli_is_set(args, UPGRADE_ALL))
        return error_set(err, ERROR_USAGE, "give one of --repo URL and --all");
    struct upgrade u = {
        .arena = a,
        .store = &store,
        .branch = cli_last(args, UPGRADE_BRANCH, NULL),
        .faults = arena_alloc(a, (list.count + 1) * sizeof *u.faults),
    };
    for (size_t i = 0; i < list.count; i++) {
        struct str url = list.items[i].origin;
        if (list.items[i].origin_is_git && (!repo || str_is(url, repo)) && !is_known(&list, i, url))
            upgrade_one(&u, url);
    }
    printf("Upgraded %zu template(s)\n", u.all.installed_count);
    print_installed(a, &u.all);
    if (u.fault_count)
        print_upgrade_faults(&u);
    return u.fault_count ? 1 : 0;
}

static const struct command command_upgrade = {
    .name = "upgrade",
    .summary = "Install again what was installed from repositories",
    .usage = "spin templates upgrade --all | --repo URL [--branch BRANCH]",
    .options = upgrade_options,
    .option_count = countof(upgrade_options),
    .run = run_upgrade,
};

/* ------------------------------------------------------------------------------------ uninstall */

static int run_uninstall(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    struct template_store store;
    if (!args->positional.count)
        return error_set(err, ERROR_USAGE, "which template? `spin templates uninstall ID`");
    if (refuse_positional(args, 1, err) < 0 || template_store_find(a, &store, err) < 0)
        return -1;
    return template_uninstall(&store, str_of(args->positional.items[0]), err);
}

static const struct command command_uninstall = {
    .name = "uninstall",
    .summary = "Remove a template",
    .usage = "spin templates uninstall ID",
    .run = run_uninstall,
};

/* ----------------------------------------------------------------------------------------- list */

enum { LIST_TAG, LIST_VERBOSE, LIST_FORMAT };

static const struct cli_option list_options[] = {
    [LIST_TAG] = CLI_OPTION(
        0, "tag", NULL, "TAG", NULL, "Only templates that have the tag; may be repeated"),
    [LIST_VERBOSE] =
        CLI_OPTION(0, "verbose", NULL, NULL, NULL, "Also where each was installed from"),
    [LIST_FORMAT] = CLI_OPTION(0, "format", NULL, "FORMAT", NULL, "table or json"),
};

static void print_json(const struct template_listing *list)
{
    json_t *all = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct template *t = &list->items[i];
        json_t *one = json_object();
        json_object_set_new(one, "id", json_stringn(t->id.ptr, t->id.len));
        if (t->description.len)
            json_object_set_new(
                one, "description", json_stringn(t->description.ptr, t->description.len));
        json_array_append_new(all, one);
    }
    char *text = json_dumps(all, JSON_INDENT(2));
    if (text)
        printf("%s\n", text);
    free(text);
    json_decref(all);
}

static void print_table(struct arena *a, const struct template_listing *list, bool verbose)
{
    struct cli_table table =
        cli_table_new(a, list->count, "Name", "Description", verbose ? "Installed from" : NULL);
    for (size_t i = 0; i < table.count; i++) {
        table.rows[i].cells[0] = list->items[i].id;
        table.rows[i].cells[1] = list->items[i].description;
        table.rows[i].cells[2] = list->items[i].origin;
    }
    if (table.count)
        cli_table_print(&table);
    if (table.count && list->fault_count)
        printf("\n");
    for (size_t i = 0; i < list->fault_count; i++)
        printf("note: ignored invalid entry %" STR_FMT " (Template load error: %" STR_FMT ")\n",
            STR_ARG(list->faults[i].name), STR_ARG(list->faults[i].reason));
}

/* Leaves those that have all the tags; returns how many there were before. */
static size_t select_tagged(struct template_listing *list, const struct template_strings *tags)
{
    size_t before = list->count, count = 0;
    for (size_t i = 0; i < before; i++)
        if (template_has_tags(&list->items[i], tags))
            list->items[count++] = list->items[i];
    list->count = count;
    return before;
}

static int run_list(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    const char *format = cli_last(args, LIST_FORMAT, "table");
    struct template_strings tags = cli_strings(a, &args->options[LIST_TAG]);
    struct template_store store;
    struct template_listing list;
    bool json = !strcmp(format, "json");
    if (!json && strcmp(format, "table") != 0)
        return error_set(err, ERROR_USAGE, "'%s' is no --format: table or json", format);
    if (refuse_positional(args, 0, err) < 0 || template_store_find(a, &store, err) < 0 ||
        template_store_list(a, &store, &list, err) < 0)
        return -1;
    size_t before = select_tagged(&list, &tags);
    if (json)
        print_json(&list);
    else if (!list.count && tags.count)
        printf("No templates matched %s (%zu templates skipped)\n",
            tags.count == 1 ? arena_printf(a, "'%" STR_FMT "'", STR_ARG(tags.items[0]))
                            : "all tags",
            before);
    else
        print_table(a, &list, cli_is_set(args, LIST_VERBOSE));
    return 0;
}

static const struct command command_list = {
    .name = "list",
    .summary = "List the templates",
    .usage = "spin templates list [OPTIONS]",
    .options = list_options,
    .option_count = countof(list_options),
    .run = run_list,
};

static const struct command *const subcommands[] = {
    &command_install, &command_upgrade, &command_uninstall, &command_list};

const struct command command_templates = {
    .name = "templates",
    .letter = "template",
    .summary = "Install, upgrade, remove and list templates",
    .usage = "spin templates <COMMAND>",
    .subcommands = subcommands,
    .subcommand_count = countof(subcommands),
};
