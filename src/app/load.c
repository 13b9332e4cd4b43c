/*
 * Loading a component: file, decoding, linking against the host, image.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/component.h"
#include "base/file.h"
#include "base/limits.h"

#if defined(__x86_64__)
enum { HAVE_GS = true };
#else
enum { HAVE_GS = false };
#endif

static void guest_output(void *data, enum wasi_output which, struct str bytes)
{
    struct app_component *c = data;
    guest_log_write(&c->log, which == WASI_STDERR, bytes);
}

static void guest_blocks(void *data)
{
    (void)data;
    http_thread_blocks();
}

static void guest_resumes(void *data)
{
    (void)data;
    http_thread_resumes();
}

static void set_variable(struct app_component *c, struct str name, struct str value)
{
    size_t at = 0;
    while (at < c->wasi.environment_count && !str_equal(c->environment[at].name, name))
        at++;
    c->environment[at] = (struct wasi_variable){name, value};
    if (at == c->wasi.environment_count)
        c->wasi.environment_count++;
}

static int make_config(struct app_component *c, struct error *err)
{
    const struct manifest_component *m = c->manifest;
    const struct app_options *o = c->options;
    c->environment =
        calloc(m->environment.count + o->environment_count + 1, sizeof *c->environment);
    if (!c->environment)
        return error_set(err, ERROR_MEMORY, "no memory for the environment");
    c->wasi = (struct wasi_config){
        .environment = c->environment,
        .arguments = &m->id, /* the program's name, so that messages of the guest can name it */
        .argument_count = 1,
        .data = c,
        .output = guest_output,
        .blocks = guest_blocks,
        .resumes = guest_resumes,
    };
    for (size_t i = 0; i < m->environment.count; i++)
        set_variable(c, m->environment.items[i].name, m->environment.items[i].value);
    for (size_t i = 0; i < o->environment_count; i++)
        set_variable(c, o->environment[i].name, o->environment[i].value);
    return 0;
}

/* Maps the file. A build that replaces it by renaming does not touch what is mapped. */
static int map_file(struct app_component *c, const char *path, struct error *err)
{
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_os(err, errno, "cannot open '%s'", path);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_set_os(err, errno, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return error_set(err, ERROR_INVALID, "'%s' is not a component", path);
    if ((uint64_t)st.st_size > LIMIT_COMPONENT_BYTES)
        return error_set(
            err, ERROR_LIMIT, "'%s' is larger than %zu MiB", path, LIMIT_COMPONENT_BYTES / MIB);
    size_t len = (size_t)st.st_size;
    void *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return error_set_os(err, errno, "cannot map '%s'", path);
    c->bytes = str_make(bytes, len);
    return 0;
}

static int read_file(
    struct app_component *c, const struct manifest *manifest, const char *path, struct error *err)
{
    if (!file_exists(path)) {
        bool has_build = c->manifest->build.present;
        return manifest_fail(manifest, c->manifest->source_place, ERROR_NOT_FOUND, err,
            "there is no file '%s'; %s", path,
            has_build ? "run `spin build` first, or `spin up --build`"
                      : "`source` must name the file of a component");
    }
    return map_file(c, path, err);
}

/* The export that answers requests. */
static int find_handler(struct app_component *c, const struct manifest *manifest, struct error *err)
{
    struct str prefix = STR("wasi:http/incoming-handler@0.2.");
    for (size_t i = 0; i < component_export_count(c->component); i++) {
        struct component_extern_name export = component_export(c->component, i);
        if (str_starts_with(export.name, prefix)) {
            c->handler = export.name;
            return 0;
        }
        if (str_starts_with(export.name, STR("wasi:http/handler@0.3.")))
            return manifest_fail(manifest, c->manifest->source_place, ERROR_UNSUPPORTED, err,
                "component `%" STR_FMT "` exports `%" STR_FMT "`, which is not supported yet",
                STR_ARG(c->manifest->id), STR_ARG(export.name));
    }
    return manifest_fail(manifest, c->manifest->source_place, ERROR_INVALID, err,
        "Expected component to export one of `wasi:http/incoming-handler@0.2.x`, but it exported "
        "none of those");
}

/* "wasi:io/streams@0.2.3" and "...@0.2.0" are one interface, as 0.2.x only ever adds. */
static struct str without_patch(struct str name)
{
    ptrdiff_t at = str_find_byte(name, '@');
    if (at >= 0 && str_starts_with(str_skip(name, (size_t)at), STR("@0.2.")))
        name.len = (size_t)at + 4;
    return name;
}

static bool is_offered(const struct app_component *c, struct str name)
{
    for (size_t i = 0; i < c->host_count; i++)
        if (str_equal(without_patch(str_of(c->hosts[i].interface->name)), without_patch(name)))
            return true;
    return false;
}

static int check_imports(
    struct app_component *c, const struct manifest *manifest, struct error *err)
{
    for (size_t i = 0; i < component_import_count(c->component); i++) {
        struct component_extern_name import = component_import(c->component, i);
        if (!import.only_types && !is_offered(c, import.name))
            return manifest_fail(manifest, c->manifest->source_place, ERROR_UNSUPPORTED, err,
                "component `%" STR_FMT "` imports `%" STR_FMT "`, which is not supported yet",
                STR_ARG(c->manifest->id), STR_ARG(import.name));
    }
    return 0;
}

/* Says of which line of the manifest the file is that cannot be loaded. */
static int fail_at_source(
    const struct app_component *c, const struct manifest *manifest, struct error *err)
{
    return manifest_fail_with(manifest, c->manifest->source_place, err,
        "`%" STR_FMT "` cannot be loaded", STR_ARG(c->manifest->source));
}

struct component_native_options app_component_native(const struct app_options *options)
{
    return (struct component_native_options){
        .translate = {.load_barrier = true, .use_gs = HAVE_GS},
        .shipped = options->shipped_code,
    };
}

static int decode(struct app_component *c, const struct manifest *manifest, struct error *err)
{
    struct component_native_options native = app_component_native(c->options);
    if (component_decode(c->bytes, &native, &c->component, err) < 0)
        return fail_at_source(c, manifest, err);
    return find_handler(c, manifest, err) < 0 ? -1 : check_imports(c, manifest, err);
}

/* A first instance is made the long way, and its image taken; all others come from that. */
static int take_image(struct app_component *c, struct app_program *p, struct error *err)
{
    struct wasi_context *context;
    struct spin_context *spin_context = NULL;
    struct component_instance *first;
    struct wasm_trap trap;
    if (wasi_context_new(&c->wasi, &context, err) < 0)
        return -1;
    int result = spin_context_new(&c->spin, context, &spin_context, err);
    if (result == 0)
        result = component_instantiate_with(p->program, NULL, context, &first, &trap, err);
    if (result == 0) {
        result = component_image(first, &p->image, err);
        component_instance_free(first);
    }
    spin_context_free(spin_context);
    wasi_context_free(context);
    return result;
}

int app_component_link(struct app_component *c, struct app_program *ret_program, struct error *err)
{
    uint64_t memory = c->options->memory_bytes;
    struct app_program p = {0};
    struct component_program_options options = {
        .interpret = c->options->interpret,
        .native = app_component_native(c->options),
        .limits = {.memory_bytes = memory ? memory : 4 * GIB,
            .table_elements = LIMIT_WASM_TABLE_ELEMENTS},
        .hosts = c->hosts,
        .host_count = c->host_count,
    };
    if (component_program_new(c->component, &options, &p.program, err) < 0 ||
        take_image(c, &p, err) < 0) {
        app_program_release(&p);
        return -1;
    }
    *ret_program = p;
    return 0;
}

void app_program_release(struct app_program *p)
{
    if (p->image)
        wasm_image_unref(p->image);
    component_program_free(p->program);
    *p = (struct app_program){0};
}

/* Everything but the log: file, code, image. */
static int load(struct app_component *c, const struct manifest *manifest, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    const char *source = arena_copy(&a, c->manifest->source).ptr;
    bool here = !strcmp(manifest->folder, ".");
    const char *path = here ? source : path_join(&a, manifest->folder, source);
    if (make_config(c, err) < 0 || app_component_grant(c, manifest, err) < 0 ||
        read_file(c, manifest, path, err) < 0 || decode(c, manifest, err) < 0)
        return -1;
    if (app_component_link(c, &c->current, err) < 0)
        return fail_at_source(c, manifest, err);
    /* From here on little of the file is looked at; what is comes back from the page cache. */
    madvise((void *)(uintptr_t)c->bytes.ptr, c->bytes.len, MADV_DONTNEED);
    app_component_compile_later(c, path);
    return 0;
}

/* Without log files everything is shown, so that nothing is lost. */
static bool shows_output(const struct app_options *options, struct str id)
{
    bool followed = options->follow_count == 0;
    for (size_t i = 0; i < options->follow_count; i++)
        followed = followed || str_is(id, options->follow[i]);
    return !options->log_folder || (followed && !options->quiet);
}

int app_component_load(struct app_component *c, struct app *app, const struct manifest *manifest,
    const struct manifest_component *component, const struct app_options *options,
    struct app_services *services, struct error *err)
{
    *c = (struct app_component){.app = app,
        .manifest = component,
        .options = options,
        .services = services,
        .log = {.files = {-1, -1}},
        .grants = ARENA_INIT(LIMIT_GRANTS_BYTES)};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->freed, NULL);
    if (guest_log_open(&c->log, options->log_folder, component->id, options->truncate_logs,
            shows_output(options, component->id), err) < 0 ||
        load(c, manifest, err) < 0)
        return error_wrap(err, "Failed to load component `%" STR_FMT "`", STR_ARG(component->id));
    return 0;
}

void app_component_release(struct app_component *c)
{
    app_component_stop_compiling(c);
    app_component_drop_pool(c);
    app_program_release(&c->current);
    app_program_release(&c->interpreted);
    component_free(c->component);
    if (c->bytes.len)
        munmap((void *)(uintptr_t)c->bytes.ptr, c->bytes.len);
    free(c->environment);
    arena_release(&c->grants);
    guest_log_close(&c->log);
    pthread_cond_destroy(&c->freed);
    pthread_mutex_destroy(&c->lock);
}
