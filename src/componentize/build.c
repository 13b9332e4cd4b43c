#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "componentize/bindings.h"
#include "componentize/build.h"
#include "componentize/guest.h"
#include "componentize/interfaces.h"
#include "componentize/packages.h"
#include "componentize/site.h"
#include "componentize/snapshot.h"
#include "componentize/world.h"

/* Where generated modules of a world are embedded. */
#define WORLD_FOLDER "/world"

/* Everything that one build reads and makes. */
struct build {
    struct arena *arena;
    const struct componentize_options *options;
    struct componentize_world loaded;
    struct package_list worlds;    /* the loaded one, if there is one, and those of packages */
    const struct wit_world *world; /* all of them together */
    struct string_list search_path;
    const char *application; /* its file; NULL: not known */
    struct buf wasm, vfs;    /* python.wasm, python.vfs */
    const char *code;        /* folder of native code */
    struct wasm_module *module;
    struct bindings bindings;
    struct dispatches dispatches;
    struct setting_list settings;
    struct guest guest;
};

static void release(struct build *b)
{
    guest_release(&b->guest);
    buf_release(&b->wasm);
    buf_release(&b->vfs);
}

/* ------------------------------------------------------------------------------- inputs */

static int read_library(struct build *b, const char *name, struct buf *out, struct error *err)
{
    char *path;
    if (componentize_library_path(b->arena, name, &path, err) < 0)
        return -1;
    if (file_read(path, LIMIT_COMPONENT_BYTES, out, err) < 0)
        return error_wrap(err, "the interpreter that belongs to this program is not there");
    return 0;
}

static int load_interpreter(struct build *b, struct error *err)
{
    char *code;
    if (read_library(b, "python.wasm", &b->wasm, err) < 0 ||
        read_library(b, "python.vfs", &b->vfs, err) < 0 ||
        componentize_library_path(b->arena, "code", &code, err) < 0)
        return -1;
    b->code = code;
    return wasm_decode(buf_str(&b->wasm), b->arena, &b->module, err);
}

/* The world of the command line, unless only packages have it, and those of packages. */
static int find_worlds(struct build *b, struct error *err)
{
    struct error missing = ERROR_INIT;
    struct componentize_world *loaded = &b->loaded;
    bool found = componentize_world_load(b->arena, b->options, loaded, &missing) == 0;
    if (!found && missing.kind != ERROR_NOT_FOUND) {
        *err = missing;
        return -1;
    }
    struct package_world *slot = found ? VEC_PUSH(&b->worlds, b->arena) : NULL;
    if (slot)
        *slot = (struct package_world){loaded->world, loaded->python, loaded->bundled};
    int status =
        packages_load(b->arena, b->options, &b->search_path, &loaded->resolve, &b->worlds, err);
    if (status == 0 && b->worlds.len == 0) {
        *err = missing;
        return -1;
    }
    if (!found)
        error_release(&missing);
    return status;
}

/* The worlds, with the bundled packages that the interpreter needs besides. */
static int load_worlds(struct build *b, struct error *err)
{
    const struct wit_package *bundled;
    char *path;
    if (find_worlds(b, err) < 0 || packages_merge(b->arena, &b->worlds, &b->world, err) < 0 ||
        componentize_library_path(b->arena, "wit", &path, err) < 0 ||
        wit_resolve_add(&b->loaded.resolve, path, &bundled, err) < 0)
        return -1;
    if (bindings_make(b->arena, b->world, &b->bindings, err) < 0)
        return -1;
    return dispatches_make(b->arena, b->world, &b->dispatches, err);
}

/* What the interpreter imports and the application can do without. */
static int find_absent(struct build *b, struct absent_list *ret, struct error *err)
{
    for (uint32_t i = 0; i < b->module->import_count; i++) {
        struct str interface = b->module->imports[i].module;
        if (!bindings_dispensable(&b->bindings, interface, b->options->stub_wasi))
            continue;
        struct str *slot = VEC_PUSH(ret, b->arena);
        if (!slot)
            return error_set(err, ERROR_MEMORY, "the world is too large");
        *slot = interface;
    }
    return 0;
}

/* A component around the interpreter, or what has become of it. */
static int encode(struct build *b, struct str module, enum binding_choice choice, struct buf *out,
    struct error *err)
{
    struct encode_input input;
    struct binding_list bindings = {.count = b->bindings.count};
    struct absent_list absent = {0};
    if ((choice == BINDINGS_USED && find_absent(b, &absent, err) < 0) ||
        bindings_choose(&b->bindings, choice, &bindings.data, err) < 0 ||
        componentize_interfaces(
            &b->loaded.resolve, b->world, b->module, bindings, &absent, &input, err) < 0)
        return -1;
    input.producer = STR("componentize-py (spindle)");
    input.producer_version = STR(SPINDLE_VERSION);
    input.dispatch_count = b->dispatches.table.count;
    input.dispatches = b->dispatches.list;
    input.module = module;
    return component_encode(&input, out, err);
}

/* ------------------------------------------------------------------------------- settings */

static int add_setting(struct build *b, struct str key, struct str value, struct error *err)
{
    struct guest_setting *slot = VEC_PUSH(&b->settings, b->arena);
    if (!slot)
        return error_set(err, ERROR_MEMORY, "too many files to embed");
    *slot = (struct guest_setting){key, value};
    return 0;
}

/* The file of the application's module or package; NULL if it is neither. */
static const char *find_application(struct build *b)
{
    static const char *const endings[] = {".py", "/__init__.py"};
    char *name = arena_printf(b->arena, "%s", b->options->app);
    for (char *c = name; *c; c++)
        if (*c == '.')
            *c = '/';
    for (size_t i = 0; i < b->search_path.len; i++) {
        for (size_t e = 0; e < countof(endings); e++) {
            const char *path =
                arena_printf(b->arena, "%s/%s%s", b->search_path.data[i], name, endings[e]);
            if (file_exists(path))
                return path;
        }
    }
    return NULL;
}

/*
 * What wall-clock time the application sees while it is built: the same for the same inputs, so the
 * file's own time, or $SOURCE_DATE_EPOCH. 0: the real time.
 */
static uint64_t wall_seconds(const char *application)
{
    uint64_t seconds;
    struct stat file;
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    if (epoch && str_to_u64(str_of(epoch), &seconds))
        return seconds;
    return application && stat(application, &file) == 0 ? (uint64_t)file.st_mtime : 0;
}

/* A seed of string hashes that the same inputs always give. */
static int add_hash_seed(struct build *b, struct error *err)
{
    if (b->options->hash_seed)
        return add_setting(b, STR("hash-seed"), str_of(b->options->hash_seed), err);
    CLEANUP(buf_release) struct buf source = BUF_INIT(LIMIT_COMPONENT_BYTES);
    if (b->application && file_read(b->application, LIMIT_TEXT_FILE_BYTES, &source, err) < 0)
        return -1;
    buf_append_cstr(&source, b->options->app);
    uint8_t digest[SHA256_SIZE];
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, source.data, source.len);
    sha256_final(&hash, digest);
    uint32_t seed = 0;
    memcpy(&seed, digest, sizeof(seed));
    return add_setting(b, STR("hash-seed"), str_of(arena_printf(b->arena, "%u", seed)), err);
}

/* A world's classes Ok, Err and Some are the SDK's, so that there is one of each. */
static struct str world_module_text(const struct wit_python_file *file)
{
    static const char types[] = "from spin_sdk.wit.types import Err, Ok, Result, Some\n";
    return str_is(file->path, "types.py") ? str_of(types) : file->text;
}

static const char *folder_of(struct build *b, struct str module)
{
    char *folder = arena_printf(b->arena, WORLD_FOLDER "/%" STR_FMT, STR_ARG(module));
    for (char *c = folder; *c; c++)
        if (*c == '.')
            *c = '/';
    return folder;
}

/* Modules of a world that the bundled SDK does not have. */
static int add_world_modules(struct build *b, const struct package_world *world, struct error *err)
{
    struct wit_python modules;
    if (wit_python_generate(&b->loaded.resolve, world->world, &world->python, &modules, err) < 0)
        return -1;
    const char *folder = folder_of(b, world->python.module);
    for (size_t i = 0; i < modules.count; i++) {
        const char *key =
            arena_printf(b->arena, "file:%s/%" STR_FMT, folder, STR_ARG(modules.files[i].path));
        if (add_setting(b, str_of(key), world_module_text(&modules.files[i]), err) < 0)
            return -1;
    }
    return 0;
}

/*
 * Run when the interpreter starts: modules that a package wants inside of itself are found, though
 * they are embedded elsewhere.
 */
static int add_finder(struct build *b, struct error *err)
{
    struct buf text = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    buf_append_cstr(&text, "import sys\n"
                           "from importlib.machinery import PathFinder\n"
                           "\n"
                           "PLACES = {\n");
    for (size_t i = 0; i < b->worlds.len; i++) {
        const struct package_world *world = &b->worlds.data[i];
        if (!world->bundled && str_find_byte(world->python.module, '.') >= 0)
            buf_printf(&text, "    \"%" STR_FMT "\": \"%s\",\n", STR_ARG(world->python.module),
                path_dir(b->arena, folder_of(b, world->python.module)));
    }
    buf_append_cstr(&text, "}\n"
                           "\n"
                           "\n"
                           "class Finder:\n"
                           "    @staticmethod\n"
                           "    def find_spec(name, path=None, target=None):\n"
                           "        place = PLACES.get(name)\n"
                           "        return place and PathFinder.find_spec(name, [place], target)\n"
                           "\n"
                           "\n"
                           "sys.meta_path.insert(0, Finder)\n");
    struct str copy = arena_copy(b->arena, buf_str(&text));
    bool failed = text.failed;
    buf_release(&text);
    if (failed)
        return error_set(err, ERROR_LIMIT, "too many packages");
    return add_setting(b, STR("file:" WORLD_FOLDER "/sitecustomize.py"), copy, err);
}

static int add_all_modules(struct build *b, struct error *err)
{
    bool own = false;
    for (size_t i = 0; i < b->worlds.len; i++) {
        if (b->worlds.data[i].bundled)
            continue;
        own = true;
        if (add_world_modules(b, &b->worlds.data[i], err) < 0)
            return -1;
    }
    if (!own)
        return 0;
    if (b->worlds.len > 1 || !b->loaded.world)
        if (add_finder(b, err) < 0)
            return -1;
    return add_setting(b, STR("path"), STR(WORLD_FOLDER), err);
}

/* The package of the first world that has the export; "" is the worlds' own functions. */
static struct str exporter(const struct build *b, struct str interface)
{
    for (size_t w = 0; w < b->worlds.len; w++) {
        const struct package_world *world = &b->worlds.data[w];
        for (uint32_t i = 0; i < world->world->export_count; i++) {
            const struct wit_item *item = &world->world->exports[i];
            if (item->interface ? str_equal(item->name, interface) : interface.len == 0)
                return world->bundled ? STR("spin_sdk.wit") : world->python.module;
        }
    }
    return STR("spin_sdk.wit");
}

/* Which number is which function of the interface. */
static int add_numbers(struct build *b, const char *kind, const struct bindings *table,
    const struct binding_interface *interface, struct error *err)
{
    const char *key = arena_printf(b->arena, "%s:%" STR_FMT, kind, STR_ARG(interface->module));
    const char *names = bindings_lines(table, interface);
    if (!names)
        return error_set(err, ERROR_MEMORY, "the world is too large");
    return add_setting(b, str_of(key), str_of(names), err);
}

static int add_bindings(struct build *b, struct error *err)
{
    for (size_t i = 0; i < b->bindings.interfaces.len; i++) {
        const struct binding_interface *interface = &b->bindings.interfaces.data[i];
        const char *kind = interface->early ? "early-import" : "import";
        if (add_numbers(b, kind, &b->bindings, interface, err) < 0)
            return -1;
    }
    const struct bindings *exports = &b->dispatches.table;
    for (size_t i = 0; i < exports->interfaces.len; i++) {
        const struct binding_interface *interface = &exports->interfaces.data[i];
        if (add_setting(b, STR("world"), exporter(b, interface->module), err) < 0 ||
            add_numbers(b, "export", exports, interface, err) < 0)
            return -1;
    }
    return 0;
}

static int make_settings(struct build *b, struct error *err)
{
    if (add_setting(b, STR("app"), str_of(b->options->app), err) < 0 ||
        add_setting(b, STR("vfs"), buf_str(&b->vfs), err) < 0 || add_hash_seed(b, err) < 0 ||
        add_all_modules(b, err) < 0 || add_bindings(b, err) < 0)
        return -1;
    if (b->options->stub_wasi && add_setting(b, STR("stub-wasi"), STR_EMPTY, err) < 0)
        return -1;
    for (size_t i = 0; i < b->search_path.len; i++) {
        struct str folder = str_of(arena_printf(b->arena, "/%zu", i));
        if (add_setting(b, STR("path"), folder, err) < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------- output */

static int write_output(struct build *b, struct str component, struct error *err)
{
    const char *path = b->options->output;
    if (file_make_dirs(path_dir(b->arena, path), 0777, err) < 0)
        return -1;
    return file_write(path, component, 0666, err);
}

/* Asks the guest which interfaces the application uses. */
static int find_used(struct build *b, struct error *err)
{
    for (uint32_t i = 0; i < b->bindings.interfaces.len; i++) {
        struct binding_interface *interface = &b->bindings.interfaces.data[i];
        if (guest_uses(&b->guest, i, &interface->numbered, &interface->named, err) < 0)
            return -1;
    }
    return 0;
}

/* The interpreter as it has become, with the imports that the application uses. */
static int write_component(struct build *b, struct error *err)
{
    CLEANUP(buf_release) struct buf module = BUF_INIT(LIMIT_COMPONENT_BYTES);
    CLEANUP(buf_release) struct buf component = BUF_INIT(LIMIT_COMPONENT_BYTES);
    if (componentize_snapshot(b->module, b->guest.core, &module, err) < 0 ||
        encode(b, buf_str(&module), BINDINGS_USED, &component, err) < 0)
        return -1;
    return write_output(b, buf_str(&component), err);
}

static int run(struct build *b, struct error *err)
{
    if (componentize_search_path(b->arena, b->options, &b->search_path, err) < 0)
        return -1;
    b->application = find_application(b);
    if (load_interpreter(b, err) < 0 || load_worlds(b, err) < 0 || make_settings(b, err) < 0)
        return -1;
    CLEANUP(buf_release) struct buf component = BUF_INIT(LIMIT_COMPONENT_BYTES);
    if (encode(b, buf_str(&b->wasm), BINDINGS_EARLY, &component, err) < 0 ||
        guest_start(&b->guest, b->arena, buf_str(&component), b->code, &b->search_path, err) < 0)
        return -1;
    b->guest.host.wall_seconds = wall_seconds(b->application);
    if (guest_prepare(&b->guest, &b->settings, err) < 0 || find_used(b, err) < 0 ||
        guest_seal(&b->guest, err) < 0)
        return -1;
    return write_component(b, err);
}

int componentize_build(struct arena *a, const struct componentize_options *options,
    struct buf *printed, struct error *err)
{
    struct build b = {.arena = a,
        .options = options,
        .wasm = BUF_INIT(LIMIT_COMPONENT_BYTES),
        .vfs = BUF_INIT(LIMIT_COMPONENT_BYTES)};
    int status = run(&b, err);
    if (status < 0)
        buf_append_str(printed, buf_str(&b.guest.output));
    release(&b);
    return status;
}
