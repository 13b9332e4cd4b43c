/*
 * Native code for components that came without: another process compiles it at low priority while
 * requests are interpreted; then the component is linked anew and its instances replaced. The
 * result is in the user's cache, so this happens once for each component.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/component.h"
#include "base/file.h"
#include "base/limits.h"
#include "wasm/process.h"

/* Below that the interpreter does as well as anybody notices. */
#define LEAST_CODE (16 * KIB)

struct background {
    pthread_t thread;
    pid_t child; /* a process group of its own */
    struct app_component *component;
};

static bool is_interpreted(const struct app_component *c)
{
    struct component_native_options native = app_component_native(c->options);
    return component_program_interpreted(c->current.program, &native, LEAST_CODE, 0) != NULL;
}

/* Puts the program with native code in the place of the one without. */
static void replace_program(struct app_component *c)
{
    struct error err = ERROR_INIT;
    struct app_program native;
    if (wasm_thread_init(&err) < 0 || app_component_link(c, &native, &err) < 0) {
        struct buf text = BUF_INIT(64 * KIB);
        error_append_line(&err, &text);
        fprintf(stderr, "Warning: component `%" STR_FMT "` stays interpreted: %s\n",
            STR_ARG(c->manifest->id), buf_cstr(&text));
        buf_release(&text);
        error_release(&err);
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->interpreted = c->current;
    c->current = native;
    pthread_mutex_unlock(&c->lock);
    app_component_drop_pool(c);
    wasm_thread_release();
    fprintf(
        stderr, "Component `%" STR_FMT "` runs as native code now.\n", STR_ARG(c->manifest->id));
}

static void *wait_for_code(void *argument)
{
    struct background *b = argument;
    int status;
    while (waitpid(b->child, &status, 0) < 0)
        if (errno != EINTR)
            return NULL;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        replace_program(b->component);
    return NULL;
}

static int start_child(const char *program, const char *path, pid_t *ret_child)
{
    char *arguments[] = {(char *)(uintptr_t)program, "compile-code", (char *)(uintptr_t)path, NULL};
    posix_spawnattr_t attributes;
    extern char **environ;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    int problem = posix_spawn(ret_child, program, NULL, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    return problem;
}

static bool start_waiting(struct background *b)
{
    struct error err = ERROR_INIT;
    pthread_attr_t attributes;
    if (wasm_thread_attributes(&attributes, &err) < 0) {
        error_release(&err);
        return false;
    }
    int problem = pthread_create(&b->thread, &attributes, wait_for_code, b);
    pthread_attr_destroy(&attributes);
    return problem == 0;
}

void app_component_compile_later(struct app_component *c, const char *path)
{
    if (c->options->interpret || !is_interpreted(c))
        return;
    bool starts = c->options->compiler != NULL;
    fprintf(stderr,
        "Warning: there is no native code for component `%" STR_FMT "`: it is interpreted, many "
        "times slower%s. If this version of Spindle can build it, `spin build` ends that.\n",
        STR_ARG(c->manifest->id),
        starts ? ", until its code has been compiled in the background" : "");
    struct background *b = starts ? calloc(1, sizeof *b) : NULL;
    if (!b)
        return;
    b->component = c;
    if (start_child(c->options->compiler, path, &b->child) != 0) {
        free(b);
        return;
    }
    c->background = b;
    if (!start_waiting(b)) {
        kill(-b->child, SIGTERM);
        free(b);
        c->background = NULL;
    }
}

void app_component_stop_compiling(struct app_component *c)
{
    struct background *b = c->background;
    if (!b)
        return;
    kill(-b->child, SIGTERM); /* has ended already, or leaves nothing but a temporary folder */
    pthread_join(b->thread, NULL);
    free(b);
    c->background = NULL;
}

static int compile_modules(struct app_component *c, struct error *err)
{
    struct component_native_options native = app_component_native(c->options);
    size_t count;
    const struct component_host *hosts = wasi_hosts(&count);
    struct component_program_options options = {
        .native = native, .interpret = true, .hosts = hosts, .host_count = count};
    const struct wasm_module *module;
    if (component_decode(c->bytes, &native, &c->component, err) < 0 ||
        component_program_new(c->component, &options, &c->current.program, err) < 0)
        return -1;
    /* Each one that is compiled leaves the list. */
    while ((module = component_program_interpreted(c->current.program, &native, LEAST_CODE, 0)))
        if (wasm_code_compile(module, &native.translate, NULL, NULL, NULL, err) < 0)
            return -1;
    return 0;
}

int app_compile_file(const char *path, const char *shipped_code, struct error *err)
{
    struct app_options options = {.shipped_code = shipped_code};
    struct buf bytes CLEANUP(buf_release) = BUF_INIT(LIMIT_COMPONENT_BYTES + 1);
    struct app_component c = {.options = &options};
    if (wasm_process_init(err) < 0 || file_read(path, LIMIT_COMPONENT_BYTES, &bytes, err) < 0)
        return -1;
    c.bytes = buf_str(&bytes);
    int result = compile_modules(&c, err);
    app_program_release(&c.current);
    component_free(c.component);
    return result < 0 ? error_wrap(err, "cannot compile '%s'", path) : 0;
}
