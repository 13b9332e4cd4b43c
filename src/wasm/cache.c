/*
 * Code keys, and loading translated code from the cache folders.
 */
#include "wasm/cache.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "wasm/native.h"
#include "wasm/translate.h"

enum { MAX_NAME_VARIANTS = 8 };

#if defined(__x86_64__)
#define TARGET "x86_64-linux"
#elif defined(__aarch64__)
#define TARGET "aarch64-linux"
#else
#define TARGET "other-linux"
#endif

/* ---- keys ---- */

struct wasm_translate_options wasm_effective_options(const struct wasm_translate_options *options)
{
    struct wasm_translate_options effective = *options;
#ifndef __x86_64__
    effective.use_gs = false;
#endif
    return effective;
}

static void hash_number(struct sha256 *hash, uint64_t number)
{
    sha256_update(hash, &number, sizeof(number));
}

static void hash_bytes(struct sha256 *hash, const void *bytes, size_t len)
{
    hash_number(hash, len);
    sha256_update(hash, bytes, len);
}

/*
 * Types of globals, without their values. A function that a value names is in the loader's table,
 * so those are in.
 */
static void hash_globals(struct sha256 *hash, const struct wasm_module *m)
{
    hash_number(hash, m->global_count);
    for (uint32_t i = m->imported_globals; i < m->global_count; i++) {
        const struct wasm_code *init = &m->global_defs[i - m->imported_globals].init;
        hash_number(hash, m->globals[i].type);
        hash_number(hash, m->globals[i].is_mutable);
        if (m->globals[i].type == WASM_FUNCREF)
            hash_bytes(hash, init->start, (size_t)(init->end - init->start));
    }
}

static void hash_sections(struct sha256 *hash, const struct wasm_module *m)
{
    for (unsigned id = 1; id < WASM_SECTION_COUNT; id++) {
        hash_number(hash, id);
        switch (id) {
        case 5: /* memory: limits are read when the code runs */
            hash_number(hash, m->memory_count - m->imported_memories);
            break;
        case 6:
            hash_globals(hash, m);
            break;
        case 11: /* data */
            break;
        default:
            hash_bytes(hash, m->sections[id].ptr, m->sections[id].len);
            break;
        }
    }
}

/* The compiler's version is that of the one that built this program, which is the one it looks for
 * first: so a program without a compiler finds the code that was shipped with it. */
void wasm_code_key(const struct wasm_module *m, const struct wasm_translate_options *options,
    uint8_t ret_key[SHA256_SIZE])
{
    struct wasm_translate_options effective = wasm_effective_options(options);
    struct buf prelude = BUF_INIT(MIB);
    struct sha256 hash;
    translation_write_prelude(&effective, &prelude);
    BUG_IF(prelude.failed);
    sha256_init(&hash);
    hash_number(&hash, WASM_TRANSLATOR_VERSION);
    hash_number(&hash, WASM_LAYOUT_VERSION);
    hash_bytes(&hash, prelude.data, prelude.len);
    hash_bytes(&hash, TARGET, sizeof(TARGET));
    hash_bytes(&hash, __VERSION__, sizeof(__VERSION__));
    for (const char *const *flag = wasm_compiler_flags; *flag; flag++)
        hash_bytes(&hash, *flag, strlen(*flag));
    hash_sections(&hash, m);
    sha256_final(&hash, ret_key);
    buf_release(&prelude);
}

/* ---- folders ---- */

int wasm_cache_folder(struct arena *a, char **ret_folder, struct error *err)
{
    char *cache;
    if (path_user_cache(a, &cache, err) < 0)
        return -1;
    *ret_folder = path_join(a, cache, "code");
    return 0;
}

char *wasm_cache_path(
    struct arena *a, const char *folder, const uint8_t key[SHA256_SIZE], const char *suffix)
{
    char name[SHA256_HEX_SIZE];
    sha256_hex(key, name);
    return arena_printf(a, "%s/%s%s", folder, name, suffix);
}

static bool owner_is_trusted(const struct stat *status)
{
    return (status->st_uid == getuid() || status->st_uid == 0) &&
           (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* ---- loading ---- */

struct sum {
    size_t size;
    char digest[SHA256_HEX_SIZE];
};

static bool read_sum(const char *path, struct sum *ret)
{
    struct error err = ERROR_INIT;
    struct buf text = BUF_INIT(256);
    bool done = file_read(path, 256, &text, &err) == 0 &&
                sscanf(buf_cstr(&text), "%zu %64s", &ret->size, ret->digest) == 2;
    error_release(&err);
    buf_release(&text);
    return done;
}

/* Are the descriptor's bytes what was noted? */
static bool matches(int fd, const struct sum *sum)
{
    struct stat status;
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_HEX_SIZE];
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || !owner_is_trusted(&status) ||
        (size_t)status.st_size != sum->size || sum->size == 0)
        return false;
    void *bytes = mmap(NULL, sum->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, bytes, sum->size);
    sha256_final(&hash, digest);
    munmap(bytes, sum->size);
    sha256_hex(digest, text);
    return strcmp(text, sum->digest) == 0;
}

/*
 * Loads what the descriptor refers to. The dynamic linker takes two files of one name for the same,
 * and a descriptor's number may be the name of an object whose own descriptor was closed while
 * another code unit still holds it. So what was loaded must have this key's symbol; else the same
 * file is named otherwise.
 */
static int load_descriptor(
    int fd, const uint8_t key[SHA256_SIZE], struct wasm_code_unit **ret_code, struct error *err)
{
    char symbol[sizeof("spindle_") + SHA256_HEX_SIZE] = "spindle_";
    struct buf path = BUF_INIT(256);
    sha256_hex(key, symbol + strlen("spindle_"));
    for (unsigned variant = 0; variant < MAX_NAME_VARIANTS; variant++) {
        buf_clear(&path);
        buf_append_cstr(&path, "/proc/self/fd/");
        for (unsigned i = 0; i < variant; i++)
            buf_append_cstr(&path, "./");
        buf_printf(&path, "%d", fd);
        void *handle = dlopen(buf_cstr(&path), RTLD_NOW | RTLD_LOCAL);
        const void *entries = handle ? dlsym(handle, symbol) : NULL;
        if (entries) {
            buf_release(&path);
            return wasm_native_new(handle, fd, entries, ret_code, err);
        }
        if (handle)
            dlclose(handle);
    }
    buf_release(&path);
    close(fd);
    return error_set(err, ERROR_NOT_FOUND, "translated code cannot be loaded");
}

static int load_from(const char *folder, const uint8_t key[SHA256_SIZE], struct arena *a,
    struct wasm_code_unit **ret_code, struct error *err)
{
    struct sum sum;
    if (!read_sum(wasm_cache_path(a, folder, key, ".sum"), &sum))
        return error_set(err, ERROR_NOT_FOUND, "no translated code in '%s'", folder);
    int fd = open(wasm_cache_path(a, folder, key, ".so"), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return error_set(err, ERROR_NOT_FOUND, "no translated code in '%s'", folder);
    if (!matches(fd, &sum)) {
        close(fd);
        return error_set(err, ERROR_NOT_FOUND, "damaged translated code in '%s'", folder);
    }
    return load_descriptor(fd, key, ret_code, err);
}

int wasm_code_load(const struct wasm_module *m, const struct wasm_translate_options *options,
    const char *shipped, struct wasm_code_unit **ret_code, struct error *err)
{
    uint8_t key[SHA256_SIZE];
    struct arena arena = ARENA_INIT(MIB);
    char *user;
    wasm_code_key(m, options, key);
    int result = -1;
    if (shipped)
        result = load_from(shipped, key, &arena, ret_code, err);
    if (result < 0) {
        error_release(err);
        result = wasm_cache_folder(&arena, &user, err);
        if (result == 0)
            result = load_from(user, key, &arena, ret_code, err);
    }
    arena_release(&arena);
    return result;
}

static bool exists_in(const char *folder, const uint8_t key[SHA256_SIZE], struct arena *a)
{
    struct stat status;
    return file_exists(wasm_cache_path(a, folder, key, ".sum")) &&
           stat(wasm_cache_path(a, folder, key, ".so"), &status) == 0 && owner_is_trusted(&status);
}

bool wasm_code_exists(
    const struct wasm_module *m, const struct wasm_translate_options *options, const char *shipped)
{
    uint8_t key[SHA256_SIZE];
    struct arena arena = ARENA_INIT(MIB);
    struct error err = ERROR_INIT;
    char *user;
    wasm_code_key(m, options, key);
    bool found = (shipped && exists_in(shipped, key, &arena)) ||
                 (wasm_cache_folder(&arena, &user, &err) == 0 && exists_in(user, key, &arena));
    error_release(&err);
    arena_release(&arena);
    return found;
}
