#include "template/create.h"

#include <ctype.h>
#include <dirent.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/vec.h"
#include "template/generate.h"
#include "template/git.h"

struct creating {
    struct arena *arena;
    const struct template_store *store;
    const struct template_request *request;
    struct template template;
    struct template_variant variant;
    struct template_manifest *manifest; /* NULL: a new application */
    struct str name;
    const char *output, *folder;
    VEC(struct liquid_variable) given;  /* by the person */
    VEC(struct liquid_variable) values; /* for the template */
};

static const struct {
    const char *command, *noun, *a_noun, *operation;
} words[TEMPLATE_ACTIONS] = {
    [TEMPLATE_NEW_APPLICATION] = {"new", "application", "an application", "new application"},
    [TEMPLATE_ADD_COMPONENT] = {"add", "component", "a component", "add component"},
};

/* --------------------------------------------------------------------------------- the template */

/* The templates that can do what is asked and have all the tags. */
static int candidates(struct creating *c, const struct template_strings *tags,
    struct template_listing *ret, struct error *err)
{
    struct template_listing all;
    if (template_store_list(c->arena, c->store, &all, err) < 0)
        return -1;
    size_t count = 0;
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].variants[c->request->action].supported &&
            template_has_tags(&all.items[i], tags))
            all.items[count++] = all.items[i];
    all.count = count;
    *ret = all;
    return 0;
}

static int fail_no_match(const struct template_strings *tags, struct error *err)
{
    if (tags->count == 1)
        return error_set(
            err, ERROR_NOT_FOUND, "No templates matched '%" STR_FMT "'", STR_ARG(tags->items[0]));
    return error_set(err, ERROR_NOT_FOUND, "No templates matched all tags");
}

static int pick(struct creating *c, const struct template_strings *tags, struct error *err)
{
    const struct template_dialog *dialog = c->request->dialog;
    struct template_listing list;
    size_t index = 0;
    if (candidates(c, tags, &list, err) < 0)
        return -1;
    if (!list.count)
        return fail_no_match(tags, err);
    if (!dialog && !(tags->count && list.count == 1))
        return error_set(err, ERROR_USAGE, "no template given; add `-t %" STR_FMT "`",
            STR_ARG(list.items[0].id));
    if (dialog && dialog->choose(c->arena,
                      arena_printf(c->arena, "Pick a template to start your %s with",
                          words[c->request->action].noun),
                      &list, &index, err) < 0)
        return -1;
    c->template = list.items[index];
    return 0;
}

static int fail_unknown(struct creating *c, struct str id, struct error *err)
{
    static const struct template_strings no_tags = {0};
    struct template_listing list;
    const char *known = "";
    if (candidates(c, &no_tags, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        known = arena_printf(
            c->arena, "%s%s%" STR_FMT, known, i ? ", " : "", STR_ARG(list.items[i].id));
    return error_set(
        err, ERROR_NOT_FOUND, "Template %" STR_FMT " not found; there is %s", STR_ARG(id), known);
}

/* A word that is no template may be a tag, if somebody can be asked which one is meant. */
static int get_named(struct creating *c, struct str id, struct error *err)
{
    struct template_strings tag = {.count = 1, .items = &id};
    struct template_listing tagged;
    if (template_store_get(c->arena, c->store, id, &c->template, err) == 0)
        return 0;
    if (err->kind != ERROR_NOT_FOUND)
        return -1;
    error_release(err);
    if (candidates(c, &tag, &tagged, err) < 0)
        return -1;
    return tagged.count && c->request->dialog ? pick(c, &tag, err) : fail_unknown(c, id, err);
}

static int choose_template(struct creating *c, struct error *err)
{
    const struct template_request *request = c->request;
    if ((request->id ? get_named(c, str_of(request->id), err) : pick(c, &request->tags, err)) < 0)
        return -1;
    if (!c->template.variants[request->action].supported)
        return error_set(err, ERROR_INVALID,
            "Template %" STR_FMT " doesn't support the '%s' operation", STR_ARG(c->template.id),
            words[request->action].operation);
    c->variant = template_variant_for(c->arena, &c->template, request->action, c->manifest);
    return 0;
}

/* ------------------------------------------------------------------------------------- the name */

int template_check_name(struct arena *a, struct str name, struct error *err)
{
    const char *wrong = "";
    unsigned count = 0;
    for (size_t start = 0, i = 0; i <= name.len; i++) {
        unsigned char c = i < name.len ? (unsigned char)name.ptr[i] : 0;
        if (isalnum(c) || c >= 0x80)
            continue;
        struct str segment = str_make(name.ptr + start, i - start);
        start = i + 1;
        if (segment.len && !isdigit((unsigned char)segment.ptr[0]))
            continue;
        wrong = arena_printf(a, "%s%s'%" STR_FMT "'", wrong, count++ ? ", " : "", STR_ARG(segment));
    }
    if (!count)
        return 0;
    return error_set(err, ERROR_INVALID,
        "Each segment of the name must start with a letter. %s %s not start with a letter", wrong,
        count == 1 ? "does" : "do");
}

static int ask_name(struct creating *c, struct error *err)
{
    const struct template_dialog *dialog = c->request->dialog;
    const char *noun = words[c->request->action].noun;
    const char *prompt = arena_printf(c->arena, "Enter a name for your new %s", noun);
    for (;;) {
        struct error fault CLEANUP(error_release) = ERROR_INIT;
        if (dialog->ask(c->arena, prompt, NULL, &c->name, err) < 0)
            return -1;
        if (c->name.len && template_check_name(c->arena, c->name, &fault) == 0)
            return 0;
        if (c->name.len)
            dialog->complain(
                "Name must be kebab-cased, and each segment must begin with a letter.");
        prompt = arena_printf(
            c->arena, "Name is required. Try another %s name (or Ctrl+C to exit)", noun);
    }
}

/* A folder's name may not have everything that an application's may. */
static const char *folder_of_name(struct arena *a, struct str name)
{
    char *folder = arena_printf(a, "%" STR_FMT, STR_ARG(name));
    for (char *c = folder; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            *c = '_';
    return folder;
}

static int choose_name(struct creating *c, struct error *err)
{
    const struct template_request *request = c->request;
    if (request->name)
        c->name = str_of(request->name);
    else if (!request->dialog)
        return error_set(err, ERROR_USAGE, "no name given; write `spin %s -t %" STR_FMT " my-%s`",
            words[request->action].command, STR_ARG(c->template.id), words[request->action].noun);
    else if (ask_name(c, err) < 0)
        return -1;
    if (template_check_name(c->arena, c->name, err) < 0)
        return -1;
    c->output = request->output ? request->output : folder_of_name(c->arena, c->name);
    c->folder = c->manifest ? path_join(c->arena, path_dir(c->arena, c->manifest->path), c->output)
                            : c->output;
    return 0;
}

static bool has_files(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return file_exists(folder);
    bool any = false;
    for (struct dirent *entry; !any && (entry = readdir(dir));)
        any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
              strcmp(entry->d_name, ".git") != 0;
    closedir(dir);
    return any;
}

static int check_folder(struct creating *c, bool *ret_go_on, struct error *err)
{
    *ret_go_on = true;
    if (c->request->allow_overwrite || !has_files(c->folder))
        return 0;
    if (!c->request->dialog)
        return error_set(err, ERROR_INVALID,
            "Can't generate into %s as it already contains other files", c->folder);
    return c->request->dialog->confirm(c->arena,
        arena_printf(c->arena,
            "Directory '%s' already contains other files. Generate into it anyway?", c->folder),
        ret_go_on, err);
}

/* ----------------------------------------------------------------------------------- the values */

static const struct liquid_variable *find_given(const struct creating *c, struct str name)
{
    for (size_t i = c->given.len; i-- > 0;)
        if (str_equal(c->given.data[i].name, name))
            return &c->given.data[i];
    return NULL;
}

static int add_given(struct creating *c, struct str name, struct str value, struct error *err)
{
    struct liquid_variable *slot = VEC_PUSH(&c->given, c->arena);
    if (!slot)
        return error_set(err, ERROR_MEMORY, "no memory for values");
    *slot = (struct liquid_variable){name, value};
    return 0;
}

static int set_value(struct creating *c, struct str name, struct str value, struct error *err)
{
    struct liquid_variable *slot = VEC_PUSH(&c->values, c->arena);
    if (!slot)
        return error_set(err, ERROR_MEMORY, "no memory for values");
    *slot = (struct liquid_variable){name, value};
    return 0;
}

static int take_file(struct creating *c, const char *path, struct error *err)
{
    struct buf text CLEANUP(buf_release) = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    struct toml_document doc;
    if (file_read(path, LIMIT_TEXT_FILE_BYTES, &text, err) < 0)
        return error_wrap(err, "Failed to read text from values file %s", path);
    if (toml_parse(c->arena, path, buf_str(&text), &doc, err) < 0)
        return -1;
    for (size_t i = 0; i < doc.root->count; i++) {
        const struct toml_entry *entry = &doc.root->entries[i];
        if (entry->value->kind != TOML_STRING)
            return toml_fail(&doc, entry->value->line, entry->value->column, 1, ERROR_INVALID, err,
                "the value of `%" STR_FMT "` must be a string, not %s", STR_ARG(entry->key),
                toml_kind_name(entry->value->kind));
        if (add_given(c, entry->key, entry->value->string, err) < 0)
            return -1;
    }
    return 0;
}

/* "\n- ..." for a value that the template does not take; else "". */
static const char *fault_of_value(struct creating *c, const struct liquid_variable *given)
{
    struct error fault CLEANUP(error_release) = ERROR_INIT;
    const struct template_parameter *parameter = template_parameter(&c->template, given->name);
    if (!parameter)
        return arena_printf(c->arena,
            "\n- Template does not contain a parameter named '%" STR_FMT "'", STR_ARG(given->name));
    if (template_check_value(parameter, given->value, &fault) == 0)
        return "";
    return arena_printf(
        c->arena, "\n- %" STR_FMT ": %s", STR_ARG(given->name), error_message(&fault));
}

static int take_given(struct creating *c, struct error *err)
{
    const struct template_request *request = c->request;
    const char *faults = "";
    if (request->values_file && take_file(c, request->values_file, err) < 0)
        return -1;
    for (size_t i = 0; i < request->value_count; i++)
        if (add_given(c, request->values[i].name, request->values[i].value, err) < 0)
            return -1;
    for (size_t i = 0; i < c->given.len; i++)
        if (find_given(c, c->given.data[i].name) == &c->given.data[i])
            faults = arena_printf(c->arena, "%s%s", faults, fault_of_value(c, &c->given.data[i]));
    if (*faults)
        return error_set(err, ERROR_USAGE,
            "The following provided value(s) are invalid according to the template:%s", faults);
    return 0;
}

static int ask_parameter(struct creating *c, const struct template_parameter *parameter,
    struct str *ret, struct error *err)
{
    const struct template_dialog *dialog = c->request->dialog;
    const char *prompt = arena_printf(c->arena, "%" STR_FMT, STR_ARG(parameter->prompt));
    for (;;) {
        struct error fault CLEANUP(error_release) = ERROR_INIT;
        if (dialog->ask(
                c->arena, prompt, parameter->has_default ? &parameter->value : NULL, ret, err) < 0)
            return -1;
        if (!ret->len && !parameter->has_default)
            continue;
        if (template_check_value(parameter, *ret, &fault) == 0)
            return 0;
        dialog->complain(arena_printf(c->arena, "Invalid value: %s", error_message(&fault)));
    }
}

static int fill_parameter(
    struct creating *c, const struct template_parameter *parameter, struct error *err)
{
    const struct liquid_variable *given = find_given(c, parameter->name);
    bool asks = c->request->dialog && !(c->request->accept_defaults && parameter->has_default);
    struct str value = given ? given->value : parameter->value;
    if (!given && !asks && !parameter->has_default)
        return error_set(err, ERROR_USAGE,
            "Parameter '%" STR_FMT "' not provided; add `--value %" STR_FMT "=...`",
            STR_ARG(parameter->name), STR_ARG(parameter->name));
    if (!given && asks && ask_parameter(c, parameter, &value, err) < 0)
        return -1;
    return set_value(c, parameter->name, value, err);
}

static bool is_skipped(const struct creating *c, const struct template_parameter *parameter)
{
    for (size_t i = 0; i < c->variant.skip_parameters.count; i++)
        if (str_equal(c->variant.skip_parameters.items[i], parameter->name))
            return true;
    return false;
}

/* What every template may use. */
static int add_special_values(struct creating *c, struct error *err)
{
    struct git_author author = git_author(c->arena);
    struct str authors = author.name;
    if (author.email.len)
        authors = str_of(arena_printf(c->arena, "%" STR_FMT "%s<%" STR_FMT ">",
            STR_ARG(author.name), author.name.len ? " " : "", STR_ARG(author.email)));
    if (set_value(c, STR("project-name"), c->name, err) < 0 ||
        set_value(c, STR("output-path"), str_of(c->output), err) < 0 ||
        set_value(c, STR("authors"), authors, err) < 0)
        return -1;
    return set_value(c, STR("username"), author.name, err);
}

/* Spin's own come first: a parameter of the same name does not hide them. */
static int fill_values(struct creating *c, struct error *err)
{
    if (add_special_values(c, err) < 0)
        return -1;
    for (size_t i = 0; i < c->template.parameter_count; i++)
        if (!is_skipped(c, &c->template.parameters[i]) &&
            fill_parameter(c, &c->template.parameters[i], err) < 0)
            return -1;
    return 0;
}

/* ------------------------------------------------------------------------------------- together */

/* One word that is a template's id may be meant as one. */
static void note_template_name(struct creating *c)
{
    const struct template_request *request = c->request;
    struct error ignored CLEANUP(error_release) = ERROR_INIT;
    struct template t;
    if (request->id || !request->name ||
        template_store_get(c->arena, c->store, str_of(request->name), &t, &ignored) < 0)
        return;
    request->note(arena_printf(c->arena,
        "This will create %s called %s. If you meant to use the %s template, write '-t %s'.",
        words[request->action].a_noun, request->name, request->name, request->name));
}

static int create(struct creating *c, bool *ret_made, struct error *err)
{
    const struct template_request *request = c->request;
    note_template_name(c);
    if (choose_template(c, err) < 0 || choose_name(c, err) < 0 ||
        check_folder(c, ret_made, err) < 0)
        return -1;
    if (!*ret_made)
        return 0;
    if (take_given(c, err) < 0 || fill_values(c, err) < 0)
        return -1;
    struct template_job job = {
        .template = &c->template,
        .variant = c->variant,
        .folder = c->folder,
        .manifest = c->manifest,
        .no_vcs = request->no_vcs,
        .value_count = c->values.len,
        .values = c->values.data,
    };
    if (template_generate(&job, err) < 0)
        return -1;
    if (request->action == TEMPLATE_NEW_APPLICATION && !request->no_vcs)
        git_init(c->folder);
    return 0;
}

int template_create(struct arena *a, const struct template_store *s,
    const struct template_request *request, bool *ret_made, struct error *err)
{
    struct template_manifest manifest;
    struct creating c = {.arena = a, .store = s, .request = request};
    if (request->action == TEMPLATE_ADD_COMPONENT) {
        if (template_manifest_load(a, request->manifest, &manifest, err) < 0)
            return -1;
        c.manifest = &manifest;
    }
    int result = create(&c, ret_made, err);
    if (c.manifest)
        template_manifest_release(&manifest);
    return result;
}
