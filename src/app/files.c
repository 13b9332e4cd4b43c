#include "app/files.h"

#include <errno.h>

#include "base/file.h"
#include "base/glob.h"
#include "base/limits.h"

/* One component's files while they are copied. */
struct copying {
    const struct app_options *options;
    const struct manifest *manifest;
    const struct manifest_component *component;
    const char *target; /* the guest's "/" */
    /* Of the element of `files` that is being copied. */
    const struct manifest_file *file;
    const char *root;        /* what paths are relative to: a folder of ours */
    const char *prefix;      /* of root, relative to the application's folder; "" or "a/b" */
    const char *destination; /* below the target; "" or "a/b" */
};

static int fail(const struct copying *c, const char *message, struct error *err)
{
    return manifest_fail(c->manifest, c->file->place, ERROR_INVALID, err, "%s", message);
}

/* Does a path lead out of the folder that it is relative to? */
static bool leads_out(struct str path)
{
    int depth = 0;
    if (str_starts_with(path, STR("/")))
        return true;
    while (path.len) {
        ptrdiff_t slash = str_find_byte(path, '/');
        struct str part = str_make(path.ptr, slash < 0 ? path.len : (size_t)slash);
        if (str_is(part, ".."))
            depth--;
        else if (part.len && !str_is(part, "."))
            depth++;
        if (depth < 0)
            return true;
        path = slash < 0 ? STR_EMPTY : str_skip(path, (size_t)slash + 1);
    }
    return false;
}

/* `path` as the excluding patterns see it: relative to the application's folder. */
static bool is_excluded(const struct copying *c, struct arena *a, struct str path)
{
    const struct manifest_strings *patterns = &c->component->exclude_files;
    struct str whole = path;
    if (*c->prefix)
        whole = str_of(arena_printf(a, "%s/%" STR_FMT, c->prefix, STR_ARG(path)));
    for (size_t i = 0; i < patterns->count; i++)
        if (glob_match(patterns->items[i].text, whole, GLOB_STAR_CROSSES))
            return true;
    return false;
}

static int copy_to(
    const struct copying *c, struct arena *a, const char *from, const char *to, struct error *err)
{
    const char *target = path_join(a, c->target, to);
    if (file_make_dirs(path_dir(a, target), 0755, err) < 0)
        return -1;
    return file_copy(from, target, c->options->transient_write ? 0644 : 0444, err);
}

/* For glob_each: `path` is relative to the root. */
static int copy_found(void *data, struct str path, struct error *err)
{
    const struct copying *c = data;
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    if (is_excluded(c, &a, path))
        return 0;
    const char *name = arena_copy(&a, path).ptr;
    const char *to = *c->destination ? path_join(&a, c->destination, name) : name;
    return copy_to(c, &a, path_join(&a, c->root, name), to, err);
}

/* The path below "/" that a placement names. */
static int find_destination(struct copying *c, struct arena *a, bool is_folder, struct error *err)
{
    struct str to = c->file->destination;
    while (str_starts_with(to, STR("/")))
        to = str_skip(to, 1);
    const char *problem = NULL;
    if (leads_out(to))
        problem = "leads out of the component's root";
    else if (!is_folder && (!to.len || str_ends_with(to, STR("/"))))
        problem = "is not a valid destination file name";
    if (problem)
        return manifest_fail(c->manifest, c->file->destination_place, ERROR_INVALID, err,
            "\"%" STR_FMT "\" %s", STR_ARG(c->file->destination), problem);
    while (str_ends_with(to, STR("/")))
        to.len--;
    c->destination = arena_copy(a, to).ptr;
    return 0;
}

static int copy_placement(struct copying *c, struct arena *a, const char *source, struct error *err)
{
    const char *from = path_join(a, c->manifest->folder, source);
    bool is_folder = file_is_dir(from);
    if (!file_exists(from))
        return fail(c, arena_printf(a, "File or directory \"%s\" does not exist", source), err);
    if (find_destination(c, a, is_folder, err) < 0)
        return -1;
    if (!is_folder)
        return is_excluded(c, a, str_of(source)) ? 0 : copy_to(c, a, from, c->destination, err);
    c->root = from;
    c->prefix = source;
    return glob_each(from, STR("**"), copy_found, c, err);
}

static const char *pattern_problem(struct arena *a, struct str pattern)
{
    bool up = str_is(pattern, "..") || str_ends_with(pattern, STR("/.."));
    if (up || str_is(pattern, ".") || str_ends_with(pattern, STR("/.")))
        return arena_printf(a,
            "A file pattern can't end in a %s; name the files, as in \"assets/**/*\"",
            up ? "parent directory path (..)" : "current directory path (.)");
    if (leads_out(pattern))
        return arena_printf(a,
            "%" STR_FMT " cannot be mapped because it is outside the application directory. Files "
            "must be within the application directory.",
            STR_ARG(pattern));
    return glob_problem(pattern);
}

static void warn(const struct copying *c, const char *text)
{
    const struct manifest_place *place = &c->file->place;
    fprintf(stderr, "Warning: %s:%u:%u: %s\n", c->manifest->path, place->line, place->column, text);
}

/* A folder that is named alone lands in itself: that is how Spin reads it. */
static int copy_pattern(struct copying *c, struct arena *a, const char *source, struct error *err)
{
    const char *problem = pattern_problem(a, str_of(source));
    if (problem)
        return fail(c, problem, err);
    const char *from = path_join(a, c->manifest->folder, source);
    if (file_is_dir(from)) {
        warn(c, arena_printf(a,
                    "the files of \"%s\" are found at /%s/%s: write \"%s/**/*\", or { source = "
                    "\"%s\", destination = \"/%s\" }",
                    source, source, source, source, source, source));
        c->root = c->manifest->folder;
        c->destination = source;
        return glob_each(c->root, str_of(path_join(a, source, "**")), copy_found, c, err);
    }
    if (!glob_is_pattern(str_of(source))) {
        if (!file_exists(from))
            return fail(c,
                arena_printf(
                    a, "\"%s\" does not exist and doesn't appear to be a glob pattern", source),
                err);
        return is_excluded(c, a, str_of(source)) ? 0 : copy_to(c, a, from, source, err);
    }
    if (!strcmp(source, "*") || !strcmp(source, "**/*"))
        warn(c, arena_printf(a,
                    "\"%s\" shows the component everything in the application's folder, with what "
                    "may be secret or large: name the files, or a folder of their own",
                    source));
    return glob_each(c->root, str_of(source), copy_found, c, err);
}

static int check_excludes(const struct copying *c, struct error *err)
{
    const struct manifest_strings *patterns = &c->component->exclude_files;
    for (size_t i = 0; i < patterns->count; i++) {
        const char *problem = glob_problem(patterns->items[i].text);
        if (problem)
            return manifest_fail(c->manifest, patterns->items[i].place, ERROR_INVALID, err,
                "Invalid exclude_files glob pattern \"%" STR_FMT "\": %s",
                STR_ARG(patterns->items[i].text), problem);
    }
    return 0;
}

static int copy_all(struct copying *c, struct arena *a, struct error *err)
{
    for (size_t i = 0; i < c->component->file_count; i++) {
        c->file = &c->component->files[i];
        c->root = c->manifest->folder;
        c->prefix = c->destination = "";
        const char *source = arena_copy(a, c->file->source).ptr;
        if (c->file->is_placement ? copy_placement(c, a, source, err) < 0
                                  : copy_pattern(c, a, source, err) < 0)
            return -1;
    }
    return 0;
}

static int make_folder(struct app_files *files, const char *given, struct error *err)
{
    const char *system = getenv("TMPDIR");
    const char *parent = given ? given : system && *system ? system : "/tmp";
    if (files->folder)
        return 0;
    if (given && file_make_dirs(given, 0777, err) < 0)
        return -1;
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    char *path = path_join(&a, parent, "spinup-XXXXXX");
    if (!mkdtemp(path))
        return error_set_os(err, errno, "cannot make a temporary folder in '%s'", parent);
    files->folder = str_dup(str_of(path));
    return 0;
}

static int mount_copies(struct app_files *files, struct copying *c, struct arena *a,
    struct wasi_preopen *preopen, struct error *err)
{
    struct arena own CLEANUP(arena_release) = ARENA_INIT(64 * MIB);
    if (check_excludes(c, err) < 0 || make_folder(files, c->options->temp_folder, err) < 0)
        return -1;
    const char *assets = path_join(a, files->folder, "assets");
    c->target = path_join(a, assets, arena_copy(a, c->component->id).ptr);
    if (file_make_dirs(c->target, 0755, err) < 0 || copy_all(c, &own, err) < 0)
        return -1;
    *preopen = (struct wasi_preopen){
        .guest_path = "/", .host_path = c->target, .writable = c->options->transient_write};
    return 0;
}

static int mount_direct(
    struct copying *c, struct arena *a, struct wasi_preopen *preopens, struct error *err)
{
    const struct manifest_component *component = c->component;
    if (component->exclude_files.count)
        return manifest_fail(c->manifest, component->exclude_files.items[0].place,
            ERROR_UNSUPPORTED, err,
            "Cannot load a component with `exclude_files` using --direct-mounts");
    for (size_t i = 0; i < component->file_count; i++) {
        c->file = &component->files[i];
        const char *source = arena_copy(a, c->file->source).ptr;
        const char *from = path_join(a, c->manifest->folder, source);
        if (!file_is_dir(from))
            return fail(c,
                arena_printf(a,
                    "Only directory mounts are supported with `--direct-mounts`; \"%s\" is not a "
                    "directory.",
                    source),
                err);
        if (!c->file->is_placement)
            c->destination = source;
        else if (find_destination(c, a, true, err) < 0)
            return -1;
        preopens[i] = (struct wasi_preopen){
            .guest_path = arena_printf(a, "/%s", c->destination), .host_path = from};
    }
    return 0;
}

int app_files_mount(struct app_files *files, const struct app_options *options,
    const struct manifest_component *component, struct arena *a,
    const struct wasi_preopen **ret_preopens, size_t *ret_count, struct error *err)
{
    struct copying c = {.options = options, .manifest = options->manifest, .component = component};
    *ret_count = 0;
    if (!component->file_count)
        return 0;
    size_t count = options->direct_mounts ? component->file_count : 1;
    struct wasi_preopen *preopens = arena_alloc(a, count * sizeof *preopens);
    if (options->direct_mounts ? mount_direct(&c, a, preopens, err) < 0
                               : mount_copies(files, &c, a, preopens, err) < 0)
        return -1;
    *ret_preopens = preopens;
    *ret_count = count;
    return 0;
}

void app_files_release(struct app_files *files)
{
    if (files->folder)
        file_remove_tree(files->folder);
    free(files->folder);
    files->folder = NULL;
}
