#include "template/install.h"

#include "base/file.h"
#include "base/vec.h"
#include "template/source.h"

struct installing {
    struct arena *arena;
    const struct template_store *store;
    bool update;
    const struct template_reporter *reporter;
    struct source_files source;
    bool is_git;
    VEC(struct template) installed;
    VEC(struct template_skipped) skipped;
    VEC(struct str) removed;
    VEC(struct str) seen; /* ids of the source */
};

static int fail_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "no memory to install templates");
}

static int skip(struct installing *in, struct str name, const char *reason, struct error *err)
{
    struct template_skipped *slot = VEC_PUSH(&in->skipped, in->arena);
    if (!slot)
        return fail_memory(err);
    *slot = (struct template_skipped){
        .name = name,
        .reason = arena_copy(in->arena, str_make(reason, strcspn(reason, "\n"))),
    };
    return 0;
}

static int put(struct installing *in, struct template *t, struct error *err)
{
    struct template *slot = VEC_PUSH(&in->installed, in->arena);
    if (!slot)
        return fail_memory(err);
    t->origin = in->source.origin;
    t->origin_is_git = in->is_git;
    *slot = *t;
    return template_store_put(in->store, t, err);
}

static int install_one(struct installing *in, struct str folder, struct error *err)
{
    struct error fault CLEANUP(error_release) = ERROR_INIT;
    struct template_files files = template_files_below(in->arena, &in->source.files, folder);
    struct template t;
    if (template_read(in->arena, arena_copy(in->arena, folder).ptr, &files, &t, &fault) < 0) {
        in->source.is_complete = false; /* it may be any of those that are installed */
        return skip(in, arena_copy(in->arena, folder),
            arena_printf(in->arena, "Template load error: %s", error_message(&fault)), err);
    }
    struct str *seen = VEC_PUSH(&in->seen, in->arena);
    if (!seen)
        return fail_memory(err);
    *seen = t.id;
    in->reporter->progress(
        arena_printf(in->arena, "Installing template %" STR_FMT "...", STR_ARG(t.id)));
    if (!in->update && template_store_has(in->arena, in->store, t.id))
        return skip(in, t.id, "Already exists", err);
    return put(in, &t, err);
}

/* The folders of the source: each is a template, or should be one. */
static int install_all(struct installing *in, struct error *err)
{
    struct str last = STR_EMPTY;
    for (size_t i = 0; i < in->source.files.count; i++) {
        struct str path = in->source.files.items[i].path;
        ptrdiff_t slash = str_find_byte(path, '/');
        if (slash < 0 || str_equal(last, str_make(path.ptr, (size_t)slash)))
            continue;
        last = str_make(path.ptr, (size_t)slash);
        if (install_one(in, last, err) < 0)
            return error_wrap(err, "Failed to install template from %" STR_FMT, STR_ARG(last));
    }
    return 0;
}

static bool was_seen(const struct installing *in, struct str id)
{
    for (size_t i = 0; i < in->seen.len; i++)
        if (str_equal(in->seen.data[i], id))
            return true;
    return false;
}

static int remove_gone(struct installing *in, struct error *err)
{
    struct template_listing listing;
    if (template_store_list(in->arena, in->store, &listing, err) < 0)
        return -1;
    for (size_t i = 0; i < listing.count; i++) {
        const struct template *t = &listing.items[i];
        struct error fault CLEANUP(error_release) = ERROR_INIT;
        if (!t->origin_is_git || !str_equal(t->origin, in->source.origin) || was_seen(in, t->id))
            continue;
        if (template_store_remove(in->store, t->id, &fault) < 0) {
            if (skip(in, t->id, "No longer exists in source, but could not uninstall", err) < 0)
                return -1;
            continue;
        }
        struct str *slot = VEC_PUSH(&in->removed, in->arena);
        if (!slot)
            return fail_memory(err);
        *slot = t->id;
    }
    return 0;
}

static int compare_installed(const void *left, const void *right)
{
    const struct template *a = left, *b = right;
    return str_compare(a->id, b->id);
}

static int compare_skipped(const void *left, const void *right)
{
    const struct template_skipped *a = left, *b = right;
    return str_compare(a->name, b->name);
}

static int run(struct installing *in, struct error *err)
{
    CLEANUP(fd_close) int lock = template_store_lock(in->store, err);
    if (lock < 0 || install_all(in, err) < 0)
        return -1;
    if (in->update && in->is_git && in->source.is_complete)
        return remove_gone(in, err);
    return 0;
}

int template_install(struct arena *a, const struct template_store *s,
    const struct template_source *source, bool update, const struct template_reporter *reporter,
    struct template_installation *ret, struct error *err)
{
    struct installing in = {
        .arena = a,
        .store = s,
        .update = update,
        .reporter = reporter,
        .is_git = source->kind == SOURCE_GIT,
    };
    if (source->kind != SOURCE_FOLDER)
        reporter->progress("Copying remote template source");
    if (source_fetch(a, source, reporter, &in.source, err) < 0)
        return error_wrap(err, "Failed to get template source");
    if (run(&in, err) < 0)
        return -1;
    if (in.installed.len)
        qsort(in.installed.data, in.installed.len, sizeof *in.installed.data, compare_installed);
    if (in.skipped.len)
        qsort(in.skipped.data, in.skipped.len, sizeof *in.skipped.data, compare_skipped);
    *ret = (struct template_installation){
        .installed_count = in.installed.len,
        .installed = in.installed.data,
        .skipped_count = in.skipped.len,
        .skipped = in.skipped.data,
        .removed = {.count = in.removed.len, .items = in.removed.data},
    };
    return 0;
}

int template_uninstall(const struct template_store *s, struct str id, struct error *err)
{
    if (!file_is_dir(s->folder)) /* nothing to lock; says what is wrong */
        return template_store_remove(s, id, err);
    CLEANUP(fd_close) int lock = template_store_lock(s, err);
    return lock < 0 ? -1 : template_store_remove(s, id, err);
}
