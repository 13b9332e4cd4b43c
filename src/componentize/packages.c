#include "componentize/packages.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/toml.h"

#define TOML_NAME "componentize-py.toml"

/* One package while it is read. */
struct package {
    struct arena *arena;
    const struct componentize_options *options;
    const char *module, *folder, *toml_path;
    const char *bindings, *wit; /* below the folder; NULL: not given */
    struct name_list import_names, export_names;
    bool full_names;
};

static int out_of_memory(struct error *err)
{
    return error_set(err, ERROR_MEMORY, "too many packages");
}

/* ------------------------------------------------------------------------------- the toml file */

static bool is_inside(struct str path)
{
    return path.len > 0 && path.ptr[0] != '/' && !str_equal(path, STR("..")) &&
           !str_starts_with(path, STR("../")) && strstr(path.ptr, "/..") == NULL;
}

/* A folder inside the package; NULL if the key is absent. */
static int read_folder(const struct package *p, const struct toml_document *doc, const char *key,
    const char **ret, struct error *err)
{
    const struct toml_node *node = toml_get(doc->root, str_of(key));
    if (!node)
        return 0;
    struct str path = node->kind == TOML_STRING ? arena_copy(p->arena, node->string) : STR_EMPTY;
    if (!is_inside(path) || !file_is_dir(path_join(p->arena, p->folder, path.ptr)))
        return toml_fail(doc, node->line, node->column, 1, ERROR_INVALID, err,
            "`%s` must be a folder inside the package", key);
    *ret = path.ptr;
    return 0;
}

/* "ns:pkg/interface@version" = "module" */
static int read_names(const struct package *p, const struct toml_document *doc, const char *key,
    struct name_list *ret, struct error *err)
{
    const struct toml_node *table = toml_get(doc->root, str_of(key));
    for (size_t i = 0; table && i < table->count; i++) {
        const struct toml_entry *entry = &table->entries[i];
        struct wit_python_name *slot = VEC_PUSH(ret, p->arena);
        if (!slot)
            return out_of_memory(err);
        if (table->kind != TOML_TABLE || entry->value->kind != TOML_STRING)
            return toml_fail(doc, entry->line, entry->column, 1, ERROR_INVALID, err,
                "`%s` must be a table of names", key);
        *slot = (struct wit_python_name){
            arena_copy(p->arena, entry->key), arena_copy(p->arena, entry->value->string)};
    }
    return 0;
}

static int read_toml(struct package *p, struct error *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    struct toml_document doc;
    if (file_read(p->toml_path, LIMIT_TEXT_FILE_BYTES, &text, err) < 0 ||
        toml_parse(p->arena, p->toml_path, buf_str(&text), &doc, err) < 0 ||
        read_folder(p, &doc, "bindings", &p->bindings, err) < 0 ||
        read_folder(p, &doc, "wit_directory", &p->wit, err) < 0 ||
        read_names(p, &doc, "import_interface_names", &p->import_names, err) < 0 ||
        read_names(p, &doc, "export_interface_names", &p->export_names, err) < 0)
        return -1;
    const struct toml_node *full = toml_get(doc.root, STR("full_names"));
    p->full_names = full && full->kind == TOML_BOOLEAN && full->integer;
    return 0;
}

/* ------------------------------------------------------------------------------- worlds */

/* The world that -m names for the package, or NULL. */
static const char *named_world(const struct package *p)
{
    const struct name_list *list = &p->options->module_worlds;
    for (size_t i = 0; i < list->len; i++)
        if (str_is(list->data[i].interface, p->module))
            return arena_copy(p->arena, list->data[i].module).ptr;
    return NULL;
}

/* The command line's names for interfaces go before the package's. */
static int join_names(const struct package *p, const struct name_list *given,
    const struct name_list *own, const struct wit_python_name **ret, size_t *ret_count,
    struct error *err)
{
    size_t count = given->len + own->len;
    struct wit_python_name *all = arena_try_array(p->arena, count + 1, struct wit_python_name);
    if (!all)
        return out_of_memory(err);
    if (given->len)
        memcpy(all, given->data, given->len * sizeof(*all));
    if (own->len)
        memcpy(all + given->len, own->data, own->len * sizeof(*all));
    *ret = all;
    *ret_count = count;
    return 0;
}

static int add_world(const struct package *p, const struct wit_world *world,
    struct package_list *ret, struct error *err)
{
    struct wit_python_options python = {.full_names = p->full_names || p->options->full_names};
    char *module = p->bindings
                       ? arena_printf(p->arena, "%s.%s", p->module, p->bindings)
                       : arena_printf(p->arena, "%s",
                             p->options->world_module ? p->options->world_module : "wit_world");
    for (char *c = module; *c; c++)
        if (*c == '/')
            *c = '.';
    python.module = str_of(module);
    struct package_world *slot = VEC_PUSH(ret, p->arena);
    if (!slot)
        return out_of_memory(err);
    if (join_names(p, &p->options->import_names, &p->import_names, &python.import_names,
            &python.import_name_count, err) < 0 ||
        join_names(p, &p->options->export_names, &p->export_names, &python.export_names,
            &python.export_name_count, err) < 0)
        return -1;
    *slot = (struct package_world){.world = world, .python = python};
    return 0;
}

static int load_package(
    struct package *p, struct wit_resolve *resolve, struct package_list *ret, struct error *err)
{
    const struct wit_package *main;
    const struct wit_world *world;
    const char *named = named_world(p), *name = named ? named : p->options->world;
    if (read_toml(p, err) < 0)
        return -1;
    if (!p->wit)
        return !named ? 0
                      : error_set(err, ERROR_NOT_FOUND,
                            "no `wit-directory` specified in `" TOML_NAME "` for module `%s`",
                            p->module);
    if (!name)
        return error_set(err, ERROR_NOT_FOUND, "please specify a world for module `%s`", p->module);
    if (wit_resolve_add(resolve, path_join(p->arena, p->folder, p->wit), &main, err) < 0)
        return -1;
    if (wit_resolve_world(resolve, main, str_of(name), &world, err) < 0) {
        if (named || err->kind != ERROR_NOT_FOUND)
            return -1;
        error_release(err);
        return 0;
    }
    return add_world(p, world, ret, err);
}

/* ------------------------------------------------------------------------------- the search path
 */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of packages with a toml file, sorted. */
static int list_packages(
    struct arena *a, const char *folder, struct string_list *ret, struct error *err)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool full = false;
    while (dir && !full && (entry = readdir(dir)) != NULL) {
        const char *path = arena_printf(a, "%s/%s/" TOML_NAME, folder, entry->d_name);
        if (entry->d_name[0] == '.' || !file_exists(path))
            continue;
        const char **slot = VEC_PUSH(ret, a);
        full = !slot;
        if (slot)
            *slot = arena_printf(a, "%s", entry->d_name);
    }
    if (dir)
        closedir(dir);
    if (ret->len > 0)
        qsort(ret->data, ret->len, sizeof(*ret->data), compare_names);
    return full ? out_of_memory(err) : 0;
}

static bool is_known(const struct string_list *list, const char *name)
{
    for (size_t i = 0; i < list->len; i++)
        if (strcmp(list->data[i], name) == 0)
            return true;
    return false;
}

/* -m may only name packages that are there. */
static int check_named(
    const struct componentize_options *options, const struct string_list *known, struct error *err)
{
    for (size_t i = 0; i < options->module_worlds.len; i++) {
        struct str module = options->module_worlds.data[i].interface;
        bool found = str_is(module, "spin_sdk");
        for (size_t k = 0; k < known->len && !found; k++)
            found = str_is(module, known->data[k]);
        if (!found)
            return error_set(err, ERROR_NOT_FOUND,
                "no `" TOML_NAME "` file found for module `%" STR_FMT "`", STR_ARG(module));
    }
    return 0;
}

int packages_load(struct arena *a, const struct componentize_options *options,
    const struct string_list *search_path, struct wit_resolve *resolve, struct package_list *ret,
    struct error *err)
{
    struct string_list known = {0};
    for (size_t i = 0; i < search_path->len; i++) {
        struct string_list names = {0};
        if (list_packages(a, search_path->data[i], &names, err) < 0)
            return -1;
        for (size_t n = 0; n < names.len; n++) {
            struct package p = {.arena = a, .options = options, .module = names.data[n]};
            if (is_known(&known, p.module) || strcmp(p.module, "spin_sdk") == 0)
                continue;
            const char **slot = VEC_PUSH(&known, a);
            if (!slot)
                return out_of_memory(err);
            *slot = p.module;
            p.folder = path_join(a, search_path->data[i], p.module);
            p.toml_path = path_join(a, p.folder, TOML_NAME);
            if (load_package(&p, resolve, ret, err) < 0)
                return -1;
        }
    }
    return check_named(options, &known, err);
}

/* ------------------------------------------------------------------------------- the union */

static bool has_item(const struct wit_item *items, uint32_t count, const struct wit_item *item)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i].kind == item->kind && str_equal(items[i].name, item->name))
            return true;
    return false;
}

static const struct wit_item *items_of(
    const struct wit_world *world, bool exports, uint32_t *ret_count)
{
    *ret_count = exports ? world->export_count : world->import_count;
    return exports ? world->exports : world->imports;
}

static int join_items(struct arena *a, const struct package_list *worlds, bool exports,
    const struct wit_item **ret, uint32_t *ret_count, struct error *err)
{
    size_t room = 1;
    uint32_t count;
    for (size_t w = 0; w < worlds->len; w++) {
        items_of(worlds->data[w].world, exports, &count);
        room += count;
    }
    struct wit_item *all = arena_try_array(a, room, struct wit_item);
    if (!all)
        return out_of_memory(err);
    for (size_t w = 0; w < worlds->len; w++) {
        const struct wit_item *items = items_of(worlds->data[w].world, exports, &count);
        for (uint32_t i = 0; i < count; i++)
            if (!has_item(all, *ret_count, &items[i]))
                all[(*ret_count)++] = items[i];
    }
    *ret = all;
    return 0;
}

int packages_merge(struct arena *a, const struct package_list *worlds, const struct wit_world **ret,
    struct error *err)
{
    struct wit_world *merged = arena_new(a, struct wit_world);
    *merged = *worlds->data[0].world;
    merged->import_count = merged->export_count = 0;
    *ret = merged;
    if (join_items(a, worlds, false, &merged->imports, &merged->import_count, err) < 0)
        return -1;
    return join_items(a, worlds, true, &merged->exports, &merged->export_count, err);
}
