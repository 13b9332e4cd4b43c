#include <string.h>

#include "base/file.h"
#include "componentize/world.h"

int componentize_library_path(struct arena *a, const char *name, char **ret, struct error *err)
{
    char *program;
    if (path_of_program(a, &program, err) < 0)
        return -1;
    *ret = arena_printf(a, "%s/../lib/spindle/%s", program, name);
    return 0;
}

static struct wit_features features_of(const struct componentize_options *options)
{
    return (struct wit_features){.all = options->all_features,
        .names = options->features.data,
        .count = options->features.len};
}

/* Looks for the world in the given folders; the last one's package is the main one. */
static int load_given(struct arena *a, const struct componentize_options *options,
    const char *const *paths, size_t count, struct componentize_world *w, struct error *err)
{
    const struct wit_package *main = NULL;
    wit_resolve_init(&w->resolve, a, features_of(options));
    for (size_t i = 0; i < count; i++)
        if (wit_resolve_add(&w->resolve, paths[i], &main, err) < 0)
            return -1;
    struct str name = options->world ? str_of(options->world) : STR_EMPTY;
    return wit_resolve_world(&w->resolve, main, name, &w->world, err);
}

static int load_bundled(struct arena *a, const struct componentize_options *options,
    struct componentize_world *w, struct error *err)
{
    char *path;
    if (componentize_library_path(a, "wit", &path, err) < 0)
        return -1;
    const char *paths[] = {path};
    w->bundled = true;
    return load_given(a, options, paths, 1, w, err);
}

static int load_default_folder(struct arena *a, const struct componentize_options *options,
    struct componentize_world *w, struct error *err)
{
    if (!file_exists("wit")) {
        error_set(err, ERROR_NOT_FOUND, "No such file or directory (os error 2)");
        error_wrap(err, "failed to read file \"wit\"");
        return error_wrap(err, "no WIT files found; please specify the directory or file "
                               "containing the WIT world you wish to target");
    }
    const char *paths[] = {"wit"};
    w->bundled = false;
    return load_given(a, options, paths, 1, w, err);
}

/* Without -d: a bundled world if it has that name, else ./wit; the latter's error is told. */
static int load_without_paths(struct arena *a, const struct componentize_options *options,
    struct componentize_world *w, struct error *err)
{
    if (!options->world)
        return load_default_folder(a, options, w, err);
    struct error first = ERROR_INIT;
    if (load_bundled(a, options, w, &first) == 0)
        return 0;
    if (first.kind != ERROR_NOT_FOUND || !file_exists("wit")) {
        *err = first;
        return -1;
    }
    error_release(&first);
    return load_default_folder(a, options, w, err);
}

int componentize_world_load(struct arena *a, const struct componentize_options *options,
    struct componentize_world *ret, struct error *err)
{
    *ret = (struct componentize_world){0};
    wit_resolve_init(&ret->resolve, a, features_of(options));
    const struct string_list *paths = &options->wit_paths;
    int status = paths->len > 0 ? load_given(a, options, paths->data, paths->len, ret, err)
                                : load_without_paths(a, options, ret, err);
    if (status < 0)
        return -1;
    ret->python = (struct wit_python_options){
        .module = str_of(options->world_module ? options->world_module : "wit_world"),
        .import_names = options->import_names.data,
        .import_name_count = options->import_names.len,
        .export_names = options->export_names.data,
        .export_name_count = options->export_names.len,
        .full_names = options->full_names};
    return 0;
}

/* ------------------------------------------------------------------------------- bindings */

static int write_module(
    struct arena *a, const char *folder, const struct wit_python_file *file, struct error *err)
{
    const char *path = path_join(a, folder, file->path.ptr);
    if (file_make_dirs(path_dir(a, path), 0777, err) < 0)
        return -1;
    return file_write(path, file->text, 0666, err);
}

int componentize_bindings(
    struct arena *a, const struct componentize_options *options, struct error *err)
{
    struct componentize_world world;
    struct wit_python modules;
    if (componentize_world_load(a, options, &world, err) < 0 ||
        wit_python_generate(&world.resolve, world.world, &world.python, &modules, err) < 0)
        return -1;
    char *folder = path_join(a, options->output_dir, arena_copy(a, world.python.module).ptr);
    /* The folders of a dotted module. */
    for (char *c = folder + strlen(options->output_dir); *c; c++)
        if (*c == '.')
            *c = '/';
    for (size_t i = 0; i < modules.count; i++)
        if (write_module(a, folder, &modules.files[i], err) < 0)
            return -1;
    return 0;
}
