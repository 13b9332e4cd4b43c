/*
 * Compiles a core module to native code, once, when Spindle itself is built.
 *
 *     spindle-precompile --key MODULE      prints the key that its code is found under
 *     spindle-precompile MODULE FOLDER     compiles it into the folder, showing how far it is
 *
 * Only for python.wasm, whose compiler we know: loads whose result is unused are dropped.
 */
#include "base/file.h"
#include "base/limits.h"
#include "wasm/code.h"

#define ARENA_BYTES (1 * GIB) /* of one decoded module: python.wasm needs about 20 MiB */

#if defined(__x86_64__)
enum { HAVE_GS = true };
#else
enum { HAVE_GS = false };
#endif

static const struct wasm_translate_options options = {.use_gs = HAVE_GS};

static int load(const char *path, struct arena *a, struct buf *bytes, struct wasm_module **ret,
    struct error *err)
{
    if (file_read(path, LIMIT_COMPONENT_BYTES, bytes, err) < 0 ||
        wasm_decode(buf_str(bytes), a, ret, err) < 0)
        return error_wrap(err, "cannot load '%s'", path);
    return 0;
}

static int print_key(const struct wasm_module *module)
{
    uint8_t key[SHA256_SIZE];
    char text[SHA256_HEX_SIZE];
    wasm_code_key(module, &options, key);
    sha256_hex(key, text);
    puts(text);
    return 0;
}

static void show_progress(void *data, unsigned done, unsigned all)
{
    (void)data;
    fprintf(stderr, "  %u of %u parts compiled\n", done, all);
}

static int run(char **words, struct arena *a, struct buf *bytes, struct error *err)
{
    bool key_only = !strcmp(words[0], "--key");
    const char *path = words[key_only ? 1 : 0];
    struct wasm_module *module;
    if (load(path, a, bytes, &module, err) < 0)
        return -1;
    if (key_only)
        return print_key(module);
    if (wasm_validate(module, err) < 0 ||
        wasm_code_compile(module, &options, words[1], show_progress, NULL, err) < 0)
        return error_wrap(err, "cannot compile '%s'", path);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: spindle-precompile MODULE FOLDER | --key MODULE\n", stderr);
        return 2;
    }
    struct error err = ERROR_INIT;
    struct arena a = ARENA_INIT(ARENA_BYTES);
    struct buf bytes = BUF_INIT(0);
    int status = 0;
    if (run(argv + 1, &a, &bytes, &err) < 0) {
        struct buf text = BUF_INIT(64 * KIB);
        error_append_line(&err, &text);
        fprintf(stderr, "spindle-precompile: %s\n", buf_cstr(&text));
        status = error_exit_status(&err);
        buf_release(&text);
        error_release(&err);
    }
    buf_release(&bytes);
    arena_release(&a);
    return status;
}
