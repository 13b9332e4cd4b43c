#include "template/source.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "template/git.h"

static int fail_no_templates(const char *where, struct error *err)
{
    return error_set(
        err, ERROR_INVALID, "Template source %s does not contain a 'templates' directory", where);
}

/* ------------------------------------------------------------------------------------------ git */

/* "owner/name" is a repository on GitHub, unless there is such a folder. */
static const char *full_url(struct arena *a, const char *where)
{
    const char *slash = strchr(where, '/');
    if (!slash || slash == where || !slash[1] || file_exists(where))
        return where;
    for (const char *c = where; *c; c++)
        if (c != slash && !isalnum((unsigned char)*c) && !strchr("-_.", *c))
            return where;
    return *where == '.' ? where : arena_printf(a, "https://github.com/%s", where);
}

static bool is_python_sdk(const char *url)
{
    static const char *const owners[] = {"fermyon", "spinframework"};
    struct str rest = str_of(url);
    const char *host = strstr(url, "github.com");
    if (!host || (host != url && host[-1] != '/' && host[-1] != '@'))
        return false;
    rest = str_of(host + strlen("github.com") + 1);
    for (size_t i = 0; i < countof(owners); i++) {
        struct str owner = str_of(owners[i]);
        if (!str_starts_with(rest, owner))
            continue;
        rest = str_skip(rest, owner.len);
        return str_is(rest, "/spin-python-sdk") || str_is(rest, "/spin-python-sdk/") ||
               str_is(rest, "/spin-python-sdk.git");
    }
    return false;
}

static void remove_folder(char **folder)
{
    if (**folder)
        file_remove_tree(*folder);
}

/* Into a temporary folder, and from there into memory. */
static int clone(struct arena *a, const char *url, const char *branch, struct template_files *ret,
    struct error *err)
{
    const char *temporary = getenv("TMPDIR");
    CLEANUP(remove_folder)
    char *folder =
        arena_printf(a, "%s/spin-templates-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        int saved = errno;
        error_set_os(err, saved, "cannot create folder '%s'", folder);
        *folder = '\0';
        return -1;
    }
    const char *inside = path_join(a, folder, "repository/templates");
    if (git_clone(url, branch, path_join(a, folder, "repository"), err) < 0)
        return -1;
    if (!file_is_dir(inside))
        return fail_no_templates(url, err);
    return template_files_read(a, inside, ret, err);
}

static void note_built_in(
    struct arena *a, const char *url, const struct template_reporter *reporter, struct error *err)
{
    const char *message = error_message(err);
    reporter->note(arena_printf(a,
        "%s cannot be reached: installing the templates that are built into spin instead (%.*s)",
        url, (int)strcspn(message + strcspn(message, ":"), "\n"), message));
}

static int fetch_git(struct arena *a, const struct template_source *source,
    const struct template_reporter *reporter, struct source_files *ret, struct error *err)
{
    const char *url = full_url(a, source->where), *branch = source->branch;
    bool has_tag = false;
    ret->origin = str_of(url);
    ret->is_complete = true;
    if (git_has_tag(url, TEMPLATE_VERSION_TAG, &has_tag, err) < 0) {
        if (!is_python_sdk(url))
            return -1;
        note_built_in(a, url, reporter, err);
        error_release(err);
        ret->files = template_built_in();
        ret->is_complete = false;
        return 0;
    }
    if (!branch && has_tag)
        branch = TEMPLATE_VERSION_TAG;
    return clone(a, url, branch, &ret->files, err);
}

/* ------------------------------------------------------------------------------ folder, archive */

static int fetch_folder(struct arena *a, const struct template_source *source,
    struct source_files *ret, struct error *err)
{
    const char *inside = path_join(a, source->where, "templates");
    if (!file_exists(source->where))
        return error_set(err, ERROR_NOT_FOUND, "Path not found: %s", source->where);
    if (!file_is_dir(inside))
        return fail_no_templates(source->where, err);
    char *absolute = realpath(source->where, NULL);
    ret->origin = arena_copy(a, str_of(absolute ? absolute : source->where));
    free(absolute);
    return template_files_read(a, inside, &ret->files, err);
}

/* The folder around `templates`, as archives of repositories have it; empty if there is none. */
static struct str wrapper_of(const struct template_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct str path = files->items[i].path;
        ptrdiff_t slash = str_find_byte(path, '/');
        if (slash > 0 && str_starts_with(str_skip(path, (size_t)slash + 1), STR("templates/")))
            return str_make(path.ptr, (size_t)slash);
    }
    return STR_EMPTY;
}

static int fetch_archive(struct arena *a, const struct template_source *source,
    struct source_files *ret, struct error *err)
{
    struct template_files all, inside;
    if (strstr(source->where, "://"))
        return error_set(err, ERROR_UNSUPPORTED,
            "'%s' is a URL: fetch the archive first (curl -LO URL) and give the file",
            source->where);
    if (template_files_unpack(a, source->where, &all, err) < 0)
        return -1;
    inside = template_files_below(a, &all, STR("templates"));
    struct str wrapper = wrapper_of(&all);
    if (!inside.count && wrapper.len) {
        inside = template_files_below(a, &all, wrapper);
        inside = template_files_below(a, &inside, STR("templates"));
    }
    if (!inside.count)
        return fail_no_templates(source->where, err);
    char *absolute = realpath(source->where, NULL);
    ret->origin = arena_copy(a, str_of(absolute ? absolute : source->where));
    free(absolute);
    ret->files = inside;
    return 0;
}

int source_fetch(struct arena *a, const struct template_source *source,
    const struct template_reporter *reporter, struct source_files *ret, struct error *err)
{
    switch (source->kind) {
    case SOURCE_GIT:
        return fetch_git(a, source, reporter, ret, err);
    case SOURCE_FOLDER:
        return fetch_folder(a, source, ret, err);
    case SOURCE_ARCHIVE:
        return fetch_archive(a, source, ret, err);
    }
    BUG("source of kind %d", (int)source->kind);
}
