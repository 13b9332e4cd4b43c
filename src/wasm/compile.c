/*
 * Compiling translated code: C files by clang, several at a time, one shared object, stored under
 * the keys of its modules.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "wasm/cache.h"
#include "wasm/runtime_int.h"
#include "wasm/translate.h"

extern char **environ;

enum {
    NEWEST_CLANG = 22,
    OLDEST_CLANG = 16,
    MAX_PARALLEL = 64,
    ERROR_EXCERPT = 600, /* of the compiler's messages */
};
/* Code of small modules that share a C file. */
#define BATCH_BYTES (64 * KIB)

const char *const wasm_compiler_flags[] = {
    "-std=gnu11",
    "-O2",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-strict-aliasing",
    "-ffp-contract=off",
    "-fno-finite-loops",
    "-fno-math-errno",
    "-fno-optimize-sibling-calls",
    "-fstack-clash-protection",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-fno-unwind-tables",
    "-nostdinc",
    "-w",
    NULL,
};

/* A compilation: everything is in a temporary folder inside the cache folder. */
struct compilation {
    struct arena arena;
    const struct wasm_translate_options *options;
    const char *folder;
    char *temporary; /* NULL before it is made */
    char *clang;
    bool has_lld;
    int lock;
    VEC(char *) sources;
    VEC(char *) objects;
    void (*progress)(void *data, unsigned done, unsigned all);
    void *progress_data;
};

/* A module to be compiled and its key. */
struct job {
    const struct wasm_module *module;
    uint8_t key[SHA256_SIZE];
};

/* ---- finding the compiler ---- */

/* The first program of that name on PATH, or NULL. */
static char *find_program(struct arena *a, const char *name)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t len = strcspn(path, ":");
        char *candidate = arena_printf(a, "%.*s/%s", (int)len, path, name);
        if (len > 0 && access(candidate, X_OK) == 0)
            return candidate;
        path += len + (path[len] == ':');
    }
    return NULL;
}

static int find_clang(struct compilation *c, struct error *err)
{
    const char *chosen = getenv("SPINDLE_CLANG");
    c->has_lld = true;
    if (chosen && *chosen) {
        c->clang = strchr(chosen, '/') ? arena_printf(&c->arena, "%s", chosen)
                                       : find_program(&c->arena, chosen);
        if (c->clang && access(c->clang, X_OK) == 0)
            return 0;
        return error_set(err, ERROR_NOT_FOUND, "SPINDLE_CLANG names no program: '%s'", chosen);
    }
    for (unsigned version = NEWEST_CLANG; version >= OLDEST_CLANG; version--) {
        c->clang = find_program(&c->arena, arena_printf(&c->arena, "clang-%u", version));
        c->has_lld = find_program(&c->arena, arena_printf(&c->arena, "ld.lld-%u", version)) != NULL;
        if (c->clang)
            return 0;
    }
    return error_set(err, ERROR_NOT_FOUND,
        "no clang between versions %u and %u is on PATH; install one or set SPINDLE_CLANG",
        OLDEST_CLANG, NEWEST_CLANG);
}

/* ---- running programs ---- */

/* Starts a program whose messages go to <temporary>/messages. Returns its id, or -1. */
static pid_t start(struct compilation *c, char *const *arguments, struct error *err)
{
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    char *messages = arena_printf(&c->arena, "%s/messages", c->temporary);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(
        &actions, STDERR_FILENO, messages, O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    int code = posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
        error_set_os(err, code, "cannot start '%s'", arguments[0]);
        return -1;
    }
    return child;
}

/* Waits for a program; if it failed, the message quotes what it said. */
static int finish(struct compilation *c, pid_t child, struct error *err)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_set_os(err, errno, "cannot wait for the compiler");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    struct error ignored = ERROR_INIT;
    struct buf text = BUF_INIT(MIB);
    char *messages = arena_printf(&c->arena, "%s/messages", c->temporary);
    if (file_read(messages, MIB, &text, &ignored) < 0)
        error_release(&ignored);
    size_t len = text.len < ERROR_EXCERPT ? text.len : ERROR_EXCERPT;
    error_set(err, ERROR_CHILD, "'%s' failed: %.*s", c->clang, (int)len, buf_cstr(&text));
    buf_release(&text);
    return -1;
}

static unsigned parallel_jobs(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > MAX_PARALLEL ? MAX_PARALLEL : count < 1 ? 1 : (unsigned)count;
}

static pid_t start_compiler(struct compilation *c, size_t index, struct error *err)
{
    char *arguments[countof(wasm_compiler_flags) + 8];
    size_t n = 0;
    arguments[n++] = c->clang;
    for (const char *const *flag = wasm_compiler_flags; *flag; flag++)
        arguments[n++] = (char *)*flag;
    arguments[n++] = "-c";
    arguments[n++] = c->sources.data[index];
    arguments[n++] = "-o";
    arguments[n++] = c->objects.data[index];
    arguments[n] = NULL;
    return start(c, arguments, err);
}

static void report(const struct compilation *c, size_t done)
{
    if (c->progress)
        c->progress(c->progress_data, (unsigned)done, (unsigned)c->sources.len);
}

/* Compiles all sources, as many at a time as there are processors; they are of about one size, so
 * the oldest is waited for. After a failure what runs is waited for. */
static int compile_sources(struct compilation *c, struct error *err)
{
    pid_t running[MAX_PARALLEL];
    unsigned limit = parallel_jobs();
    size_t started = 0, done = 0;
    int result = 0;
    report(c, 0);
    while (done < started || (result == 0 && started < c->sources.len)) {
        if (result == 0 && started < c->sources.len && started - done < limit) {
            pid_t child = start_compiler(c, started, err);
            if (child < 0)
                result = -1;
            else
                running[started++ % limit] = child;
            continue;
        }
        struct error failure = ERROR_INIT;
        if (finish(c, running[done++ % limit], result == 0 ? err : &failure) < 0)
            result = -1;
        error_release(&failure);
        report(c, done);
    }
    return result;
}

static int link_objects(struct compilation *c, const char *output, struct error *err)
{
    size_t n = 0;
    char **arguments = arena_try_array(&c->arena, c->objects.len + 16, char *);
    if (!arguments)
        return error_set(err, ERROR_MEMORY, "no memory to link");
    arguments[n++] = c->clang;
    arguments[n++] = "-shared";
    arguments[n++] = "-nostdlib";
    if (c->has_lld)
        arguments[n++] = "-fuse-ld=lld";
    arguments[n++] = "-Wl,-z,now,-z,relro,-z,noexecstack,--build-id=none,-s";
    for (size_t i = 0; i < c->objects.len; i++)
        arguments[n++] = c->objects.data[i];
    arguments[n++] = "-o";
    arguments[n++] = (char *)output;
    pid_t child = start(c, arguments, err);
    return child < 0 ? -1 : finish(c, child, err);
}

/* ---- sources ---- */

/* Writes what is in `text` as the next C file. */
static int add_source(struct compilation *c, struct buf *text, struct error *err)
{
    char **source = VEC_PUSH(&c->sources, &c->arena), **object = VEC_PUSH(&c->objects, &c->arena);
    if (!source || !object || text->failed)
        return error_set(err, ERROR_MEMORY, "no memory for translated code");
    *source = arena_printf(&c->arena, "%s/%zu.c", c->temporary, c->sources.len);
    *object = arena_printf(&c->arena, "%s/%zu.o", c->temporary, c->sources.len);
    CLEANUP(fd_close) int fd = open(*source, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_os(err, errno, "cannot create '%s'", *source);
    return fd_write_all(fd, buf_str(text), err);
}

/*
 * Appends a module's units to `text`; each but the last becomes a file, which the next begins
 * anew. Small modules so share files.
 */
static int write_module(
    struct compilation *c, const struct job *job, struct buf *text, struct error *err)
{
    struct arena arena = ARENA_INIT(GIB);
    struct translation translation;
    int result = translation_plan(job->module, c->options, job->key, &arena, &translation, err);
    for (unsigned unit = 0; result == 0 && unit < translation.unit_count; unit++) {
        if (!translation_write_unit(&translation, unit, text)) {
            result = error_set(err, ERROR_MEMORY, "no memory for translated code");
        } else if (unit + 1 < translation.unit_count) {
            result = add_source(c, text, err);
            buf_clear(text);
            translation_write_prelude(c->options, text);
        }
    }
    arena_release(&arena);
    return result;
}

static int write_sources(
    struct compilation *c, const struct job *jobs, size_t count, struct error *err)
{
    struct buf text = BUF_INIT(4 * GIB);
    size_t code = 0;
    int result = 0;
    translation_write_prelude(c->options, &text);
    for (size_t i = 0; result == 0 && i < count; i++) {
        result = write_module(c, &jobs[i], &text, err);
        code += jobs[i].module->sections[10].len;
        if (result == 0 && (i + 1 == count || code >= BATCH_BYTES)) {
            result = add_source(c, &text, err);
            buf_clear(&text);
            translation_write_prelude(c->options, &text);
            code = 0;
        }
    }
    buf_release(&text);
    return result;
}

/* ---- folders ---- */

/* Removes a folder without subfolders. */
static void remove_folder(struct arena *a, const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(path_join(a, path, entry->d_name));
    if (folder)
        closedir(folder);
    rmdir(path);
}

/* Under the lock: whatever is temporary was left by a compilation that died. */
static void remove_leftovers(struct compilation *c)
{
    DIR *folder = opendir(c->folder);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (str_starts_with(str_of(entry->d_name), STR("tmp.")))
            remove_folder(&c->arena, path_join(&c->arena, c->folder, entry->d_name));
    if (folder)
        closedir(folder);
}

/* The user's own cache must be the user's alone. */
static int prepare_user_folder(struct compilation *c, struct error *err)
{
    char *folder;
    struct stat status;
    if (wasm_cache_folder(&c->arena, &folder, err) < 0 || file_make_dirs(folder, 0700, err) < 0)
        return -1;
    if (lstat(folder, &status) < 0)
        return error_set_os(err, errno, "cannot use '%s'", folder);
    if (!S_ISDIR(status.st_mode) || status.st_uid != getuid())
        return error_set(err, ERROR_DENIED, "'%s' is not a folder of this user", folder);
    if ((status.st_mode & 077) != 0 && chmod(folder, 0700) < 0)
        return error_set_os(err, errno, "cannot make '%s' private", folder);
    c->folder = folder;
    return 0;
}

static int take_lock(struct compilation *c, struct error *err)
{
    char *path = path_join(&c->arena, c->folder, "lock");
    c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (c->lock < 0)
        return error_set_os(err, errno, "cannot open '%s'", path);
    while (flock(c->lock, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_set_os(err, errno, "cannot lock '%s'", path);
    return 0;
}

static int prepare(struct compilation *c, const char *folder, struct error *err)
{
    c->folder = folder;
    if (folder ? file_make_dirs(folder, 0755, err) < 0 : prepare_user_folder(c, err) < 0)
        return -1;
    if (find_clang(c, err) < 0 || take_lock(c, err) < 0)
        return -1;
    remove_leftovers(c);
    return 0;
}

static int make_temporary(struct compilation *c, struct error *err)
{
    char *path = arena_printf(&c->arena, "%s/tmp.XXXXXX", c->folder);
    if (!mkdtemp(path))
        return error_set_os(err, errno, "cannot make a folder in '%s'", c->folder);
    c->temporary = path;
    return 0;
}

static void compilation_release(struct compilation *c)
{
    if (c->temporary)
        remove_folder(&c->arena, c->temporary);
    fd_close(&c->lock);
    arena_release(&c->arena);
}

/* ---- storing ---- */

static int sum_of(const char *path, struct buf *out, struct error *err)
{
    struct buf object = BUF_INIT(GIB);
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_HEX_SIZE];
    struct sha256 hash;
    if (file_read(path, GIB, &object, err) < 0) {
        buf_release(&object);
        return -1;
    }
    sha256_init(&hash);
    sha256_update(&hash, object.data, object.len);
    sha256_final(&hash, digest);
    sha256_hex(digest, text);
    buf_printf(out, "%zu %s\n", object.len, text);
    buf_release(&object);
    return 0;
}

/* The object first, then its sum: between the two the entry does not match and is not used. */
static int store_under(struct compilation *c, const char *object, struct str sum,
    const struct job *job, struct error *err)
{
    char *target = wasm_cache_path(&c->arena, c->folder, job->key, ".so");
    char *link_name = arena_printf(&c->arena, "%s/link", c->temporary);
    unlink(link_name);
    if (link(object, link_name) < 0 || rename(link_name, target) < 0)
        return error_set_os(err, errno, "cannot store '%s'", target);
    return file_write(wasm_cache_path(&c->arena, c->folder, job->key, ".sum"), sum, 0644, err);
}

static int store(struct compilation *c, const char *object, const struct job *jobs, size_t count,
    struct error *err)
{
    struct buf sum = BUF_INIT(256);
    int result = sum_of(object, &sum, err);
    if (result == 0 && chmod(object, 0644) < 0)
        result = error_set_os(err, errno, "cannot store '%s'", object);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = store_under(c, object, buf_str(&sum), &jobs[i], err);
    buf_release(&sum);
    return result;
}

static int compile_jobs(
    struct compilation *c, const struct job *jobs, size_t count, struct error *err)
{
    if (make_temporary(c, err) < 0)
        return -1;
    char *object = arena_printf(&c->arena, "%s/all.so", c->temporary);
    if (write_sources(c, jobs, count, err) < 0 || compile_sources(c, err) < 0 ||
        link_objects(c, object, err) < 0)
        return -1;
    return store(c, object, jobs, count, err);
}

/* ---- entry points ---- */

/* The jobs that are not done yet and not twice in the list. */
static size_t choose_jobs(
    struct compilation *c, const struct wasm_module *const *modules, size_t count, struct job *jobs)
{
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        struct job job = {.module = modules[i]};
        bool done = false;
        wasm_code_key(modules[i], c->options, job.key);
        for (size_t k = 0; k < chosen && !done; k++)
            done = memcmp(jobs[k].key, job.key, SHA256_SIZE) == 0;
        if (done || (file_exists(wasm_cache_path(&c->arena, c->folder, job.key, ".sum")) &&
                        file_exists(wasm_cache_path(&c->arena, c->folder, job.key, ".so"))))
            continue;
        jobs[chosen++] = job;
    }
    return chosen;
}

static int compile(struct compilation *c, const struct wasm_module *const *modules, size_t count,
    const char *folder, struct error *err)
{
    if (prepare(c, folder, err) < 0)
        return -1;
    struct job *jobs = arena_try_array(&c->arena, count + 1, struct job);
    if (!jobs)
        return error_set(err, ERROR_MEMORY, "no memory to compile");
    size_t chosen = choose_jobs(c, modules, count, jobs);
    return chosen > 0 ? compile_jobs(c, jobs, chosen, err) : 0;
}

int wasm_code_compile_many(const struct wasm_module *const *modules, size_t count,
    const struct wasm_translate_options *options, const char *folder, struct error *err)
{
    struct wasm_translate_options effective = wasm_effective_options(options);
    struct compilation c = {.arena = ARENA_INIT(GIB), .options = &effective, .lock = -1};
    int result = compile(&c, modules, count, folder, err);
    compilation_release(&c);
    return result;
}

int wasm_code_compile(const struct wasm_module *m, const struct wasm_translate_options *options,
    const char *folder, void (*progress)(void *, unsigned done, unsigned all), void *progress_data,
    struct error *err)
{
    struct wasm_translate_options effective = wasm_effective_options(options);
    struct compilation c = {.arena = ARENA_INIT(GIB),
        .options = &effective,
        .lock = -1,
        .progress = progress,
        .progress_data = progress_data};
    int result = compile(&c, &m, 1, folder, err);
    compilation_release(&c);
    return result;
}
