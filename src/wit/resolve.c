/*
 * Files and folders to packages, packages in the order of their dependencies, and look-ups.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "wit/node.h"

/* A package that has been parsed. */
struct parsed_package {
    struct ast_package_name name;
    struct str docs;
    VEC(struct ast_file) files;
    bool visited, visiting;
};

/* All that one wit_resolve_add reads. */
struct loader {
    struct wit_resolve *r;
    struct error *err;
    VEC(struct parsed_package *) packages;
};

static int out_of_memory(struct loader *l)
{
    return error_set(l->err, ERROR_MEMORY, "too much WIT text");
}

/* ------------------------------------------------------------------------------- reading */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted names of a folder's entries. */
static int list_folder(struct loader *l, const char *path, char ***ret, size_t *ret_count)
{
    DIR *dir = opendir(path);
    if (!dir)
        return error_set_os(l->err, errno, "cannot read folder '%s'", path);
    VEC(char *) names = {0};
    const struct dirent *entry;
    bool fits = true;
    while (fits && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char **slot = VEC_PUSH(&names, l->r->arena);
        fits = slot != NULL;
        if (fits)
            *slot = arena_printf(l->r->arena, "%s", entry->d_name);
    }
    closedir(dir);
    if (!fits)
        return out_of_memory(l);
    if (names.len > 1)
        qsort(names.data, names.len, sizeof(char *), compare_names);
    *ret = names.data;
    *ret_count = names.len;
    return 0;
}

static int parse_text(struct loader *l, const char *path, struct str text, struct ast_file *ret)
{
    struct wit_source *source = arena_try_array(l->r->arena, 1, struct wit_source);
    if (!source)
        return out_of_memory(l);
    *source = (struct wit_source){arena_printf(l->r->arena, "%s", path), text};
    return wit_parse(l->r->arena, source, ret, l->err);
}

static int parse_file(struct loader *l, const char *path, struct ast_file *ret)
{
    struct buf bytes = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    if (file_read(path, LIMIT_TEXT_FILE_BYTES, &bytes, l->err) < 0)
        return -1;
    char *copy = arena_try_alloc_raw(l->r->arena, bytes.len + 1);
    size_t len = bytes.len;
    if (copy && len > 0)
        memcpy(copy, bytes.data, len);
    buf_release(&bytes);
    if (!copy)
        return out_of_memory(l);
    return parse_text(l, path, str_make(copy, len), ret);
}

static struct parsed_package *new_package(struct loader *l)
{
    struct parsed_package *package = arena_try_array(l->r->arena, 1, struct parsed_package);
    struct parsed_package **slot = package ? VEC_PUSH(&l->packages, l->r->arena) : NULL;
    if (!slot)
        return NULL;
    *slot = package;
    return package;
}

/* "package a:b { ... }" as a package of its own. */
static int add_nested(struct loader *l, const struct ast_file *file)
{
    for (size_t i = 0; i < file->items.len; i++) {
        const struct ast_item *item = &file->items.data[i];
        if (item->kind != AST_ITEM_PACKAGE)
            continue;
        struct parsed_package *package = new_package(l);
        struct ast_file *inner = package ? VEC_PUSH(&package->files, l->r->arena) : NULL;
        if (!inner)
            return out_of_memory(l);
        package->name = item->package;
        package->docs = item->docs;
        *inner = (struct ast_file){.source = file->source};
        inner->items.data = item->items.data;
        inner->items.len = item->items.len;
        inner->items.cap = item->items.cap;
    }
    return 0;
}

/* The name of a package that several files make up. */
static int agree_on_name(struct loader *l, const struct ast_file *file, struct parsed_package *p)
{
    if (!file->has_package)
        return 0;
    if (p->name.name.len > 0 && package_name_compare(&p->name, &file->package) != 0)
        return wit_error_at(l->err, file->package.at,
            "this is package `%" STR_FMT "`, but another file of the folder is package `%" STR_FMT
            "`",
            STR_ARG(package_name_text(l->r->arena, &file->package)),
            STR_ARG(package_name_text(l->r->arena, &p->name)));
    p->name = file->package;
    if (file->docs.ptr && p->docs.ptr)
        return wit_error_at(
            l->err, file->docs_at, "the package is documented in more than one file");
    if (file->docs.ptr)
        p->docs = file->docs;
    return 0;
}

/* The files of one folder, or one file, as a package. */
static int add_files(struct loader *l, struct ast_file *files, size_t count, const char *path,
    struct parsed_package **ret)
{
    struct parsed_package *package = arena_try_array(l->r->arena, 1, struct parsed_package);
    if (!package)
        return out_of_memory(l);
    for (size_t i = 0; i < count; i++) {
        if (agree_on_name(l, &files[i], package) < 0 || add_nested(l, &files[i]) < 0)
            return -1;
        struct ast_file *slot = VEC_PUSH(&package->files, l->r->arena);
        if (!slot)
            return out_of_memory(l);
        *slot = files[i];
    }
    if (package->name.name.len == 0)
        return count == 0 ? error_set(l->err, ERROR_NOT_FOUND, "no WIT files in '%s'", path)
                          : error_set(l->err, ERROR_INVALID,
                                "%s:1:1: no file has a `package` statement", path);
    struct parsed_package **slot = VEC_PUSH(&l->packages, l->r->arena);
    if (!slot)
        return out_of_memory(l);
    *slot = *ret = package;
    return 0;
}

/* A folder's *.wit files; its deps folder is not looked at. */
static int load_folder(struct loader *l, const char *path, struct parsed_package **ret)
{
    char **names;
    size_t count;
    if (list_folder(l, path, &names, &count) < 0)
        return -1;
    VEC(struct ast_file) files = {0};
    for (size_t i = 0; i < count; i++) {
        const char *file = path_join(l->r->arena, path, names[i]);
        if (!str_ends_with(str_of(names[i]), STR(".wit")) || file_is_dir(file))
            continue;
        struct ast_file *slot = VEC_PUSH(&files, l->r->arena);
        if (!slot)
            return out_of_memory(l);
        if (parse_file(l, file, slot) < 0)
            return -1;
    }
    return add_files(l, files.data, files.len, path, ret);
}

static int load_file(struct loader *l, const char *path, struct parsed_package **ret)
{
    struct ast_file *file = arena_try_array(l->r->arena, 1, struct ast_file);
    if (!file)
        return out_of_memory(l);
    return parse_file(l, path, file) < 0 ? -1 : add_files(l, file, 1, path, ret);
}

static int load_deps(struct loader *l, const char *path)
{
    char **names;
    size_t count;
    if (!file_is_dir(path))
        return 0;
    if (list_folder(l, path, &names, &count) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const char *entry = path_join(l->r->arena, path, names[i]);
        struct parsed_package *package;
        int status = 0;
        if (file_is_dir(entry))
            status = load_folder(l, entry, &package);
        else if (str_ends_with(str_of(names[i]), STR(".wit")))
            status = load_file(l, entry, &package);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------- ordering */

static struct parsed_package *find_parsed(struct loader *l, const struct ast_package_name *name)
{
    for (size_t i = 0; i < l->packages.len; i++)
        if (package_name_compare(&l->packages.data[i]->name, name) == 0)
            return l->packages.data[i];
    return NULL;
}

static struct wit_package *find_added(
    const struct wit_resolve *r, const struct ast_package_name *name)
{
    for (uint32_t i = 0; i < r->package_count; i++) {
        const struct wit_package *p = r->packages[i];
        struct ast_package_name other = {p->namespace, p->name, p->version, {0}};
        if (package_name_compare(&other, name) == 0)
            return r->packages[i];
    }
    return NULL;
}

static void publish(struct wit_resolve *r)
{
    struct resolve_lists *lists = r->lists;
    r->packages = lists->packages.data;
    r->package_count = (uint32_t)lists->packages.len;
    r->interfaces = (struct wit_interface **)lists->interfaces.data;
    r->interface_count = (uint32_t)lists->interfaces.len;
    r->worlds = (struct wit_world **)lists->worlds.data;
    r->world_count = (uint32_t)lists->worlds.len;
}

static int add_package(struct loader *l, struct parsed_package *package);

static int visit_dependency(void *context, const struct path_visit *visit)
{
    struct loader *l = context;
    if (!visit->path->foreign)
        return 0;
    struct parsed_package *package = find_parsed(l, &visit->path->package);
    if (!package)
        return 0; /* there already, or missed when the path is resolved */
    if (package->visiting)
        return wit_error_at(l->err, visit->path->package.at,
            "package `%" STR_FMT "` depends on itself",
            STR_ARG(package_name_text(l->r->arena, &package->name)));
    package->visiting = true;
    int status = add_package(l, package);
    package->visiting = false;
    return status;
}

/* Adds a package after those that it names. */
static int add_package(struct loader *l, struct parsed_package *package)
{
    if (package->visited)
        return 0;
    for (size_t i = 0; i < package->files.len; i++)
        if (visit_paths(&package->files.data[i], visit_dependency, l) < 0)
            return -1;
    if (package->visited)
        return 0; /* by way of a package that it names */
    package->visited = true;
    if (find_added(l->r, &package->name))
        return 0;
    struct package_build build = {.r = l->r,
        .arena = l->r->arena,
        .err = l->err,
        .name = package->name,
        .docs = package->docs,
        .files = package->files.data,
        .file_count = package->files.len};
    int status = package_add(&build);
    publish(l->r);
    return status;
}

static int compare_packages(const void *a, const void *b)
{
    const struct parsed_package *const *x = a, *const *y = b;
    return package_name_compare(&(*x)->name, &(*y)->name);
}

static int check_defined_once(struct loader *l)
{
    for (size_t i = 0; i < l->packages.len; i++) {
        const struct parsed_package *package = l->packages.data[i];
        const struct parsed_package *first = find_parsed(l, &package->name);
        if (first != package)
            return wit_error_at(l->err, package->name.at, "package `%" STR_FMT "` is in `%s` too",
                STR_ARG(package_name_text(l->r->arena, &package->name)),
                first->name.at.source->path);
    }
    return 0;
}

static int add_all(
    struct loader *l, const struct parsed_package *main, const struct wit_package **ret)
{
    if (check_defined_once(l) < 0)
        return -1;
    qsort(l->packages.data, l->packages.len, sizeof(*l->packages.data), compare_packages);
    for (size_t i = 0; i < l->packages.len; i++)
        if (add_package(l, l->packages.data[i]) < 0)
            return -1;
    *ret = find_added(l->r, &main->name);
    return 0;
}

/* ------------------------------------------------------------------------------- public */

void wit_resolve_init(struct wit_resolve *r, struct arena *a, struct wit_features features)
{
    *r = (struct wit_resolve){.arena = a, .features = features};
    r->lists = arena_new(a, struct resolve_lists);
    map_init(&r->lists->definitions, a);
}

int wit_resolve_add(
    struct wit_resolve *r, const char *path, const struct wit_package **ret_main, struct error *err)
{
    struct loader l = {.r = r, .err = err};
    struct parsed_package *main;
    if (!file_is_dir(path))
        return load_file(&l, path, &main) < 0 ? -1 : add_all(&l, main, ret_main);
    if (load_folder(&l, path, &main) < 0 || load_deps(&l, path_join(r->arena, path, "deps")) < 0)
        return -1;
    return add_all(&l, main, ret_main);
}

int wit_resolve_add_text(struct wit_resolve *r, const char *name, struct str text,
    const struct wit_package **ret_main, struct error *err)
{
    struct loader l = {.r = r, .err = err};
    struct parsed_package *main;
    struct ast_file *file = arena_try_array(r->arena, 1, struct ast_file);
    if (!file)
        return out_of_memory(&l);
    if (parse_text(&l, name, text, file) < 0 || add_files(&l, file, 1, name, &main) < 0)
        return -1;
    return add_all(&l, main, ret_main);
}

const struct wit_interface *wit_resolve_interface(const struct wit_resolve *r, struct str id)
{
    for (uint32_t i = 0; i < r->interface_count; i++)
        if (r->interfaces[i]->name.len > 0 && str_equal(r->interfaces[i]->id, id))
            return r->interfaces[i];
    return NULL;
}

const struct wit_definition *wit_resolve_definition(
    const struct wit_resolve *r, const struct wit_type *type)
{
    return map_get(&r->lists->definitions, str_make(&type, sizeof(type)));
}

/* The package of "ns:pkg/world@version"; without a version the only one of that name. */
static int select_package(const struct wit_resolve *r, const struct ast_package_name *name,
    const struct wit_package **ret, struct error *err)
{
    const struct wit_package *found = find_added(r, name);
    for (uint32_t i = 0; i < r->package_count && name->version.len == 0; i++) {
        const struct wit_package *p = r->packages[i];
        if (p == found || !str_equal(p->namespace, name->namespace) ||
            !str_equal(p->name, name->name))
            continue;
        if (found && found->version.len == 0)
            break; /* the one that has no version is meant */
        if (found)
            return error_set(err, ERROR_NOT_FOUND,
                "package name `%" STR_FMT ":%" STR_FMT "` is available at both versions %" STR_FMT
                " and %" STR_FMT " but which is not specified",
                STR_ARG(name->namespace), STR_ARG(name->name), STR_ARG(found->version),
                STR_ARG(p->version));
        found = p;
    }
    if (!found)
        return error_set(err, ERROR_NOT_FOUND, "unknown package `%" STR_FMT "`",
            STR_ARG(package_name_text(r->arena, name)));
    *ret = found;
    return 0;
}

static int only_world(
    const struct wit_package *package, const struct wit_world **ret, struct error *err)
{
    if (package->world_count == 1) {
        *ret = package->worlds[0];
        return 0;
    }
    if (package->world_count == 0)
        return error_set(err, ERROR_NOT_FOUND, "The main package `%" STR_FMT "` contains no worlds",
            STR_ARG(package->full_name));
    struct buf names = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    for (uint32_t i = 0; i < package->world_count; i++)
        buf_printf(&names, "\n  %" STR_FMT ":%" STR_FMT "/%" STR_FMT "%s%" STR_FMT,
            STR_ARG(package->namespace), STR_ARG(package->name), STR_ARG(package->worlds[i]->name),
            package->version.len > 0 ? "@" : "", STR_ARG(package->version));
    error_set(err, ERROR_NOT_FOUND,
        "There are multiple worlds in `%" STR_FMT "`; one must be explicitly chosen:%s",
        STR_ARG(package->full_name), buf_cstr(&names));
    buf_release(&names);
    return -1;
}

int wit_resolve_world(const struct wit_resolve *r, const struct wit_package *main, struct str name,
    const struct wit_world **ret_world, struct error *err)
{
    if (name.len == 0)
        return only_world(main, ret_world, err);
    struct wit_source *source = arena_new(r->arena, struct wit_source);
    *source = (struct wit_source){"world name", name};
    struct ast_path path;
    if (wit_parse_path(r->arena, source, &path, err) < 0)
        return -1;
    const struct wit_package *package = main;
    if (path.foreign && select_package(r, &path.package, &package, err) < 0)
        return -1;
    for (uint32_t i = 0; i < package->world_count; i++) {
        if (str_equal(package->worlds[i]->name, path.name.name)) {
            *ret_world = package->worlds[i];
            return 0;
        }
    }
    return error_set(err, ERROR_NOT_FOUND,
        "World `%" STR_FMT "` not found in package `%" STR_FMT "`", STR_ARG(path.name.name),
        STR_ARG(package->full_name));
}
