/*
 * Small modules for tests of the engine: from text to a running instance, in either tier.
 *
 * The text goes through wasm-tools ($SPINDLE_WASM_TOOLS, else on PATH); tests are skipped where
 * there is none. Translated code goes to a cache folder of the test's own.
 */
#ifndef SPINDLE_TESTS_GUEST_H
#define SPINDLE_TESTS_GUEST_H

#include "../unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "wasm/code.h"
#include "wasm/process.h"
#include "wasm/rewind.h"
#include "wasm/runtime.h"

struct guest_module {
    struct arena arena;
    struct buf bytes;
    struct wasm_module *module;
    struct wasm_code_unit *code;
};

static char guest_cache[] = "/tmp/spindle-test.XXXXXX";

static const struct wasm_store_limits guest_limits = {
    .memory_bytes = 512 * MIB, .table_elements = 100000};

#define assert_ok(expression, err)                             \
    do {                                                       \
        if ((expression) < 0) {                                \
            struct buf line_ = BUF_INIT(65536);                \
            error_append_line((err), &line_);                  \
            fail_msg("%s: %s", #expression, buf_cstr(&line_)); \
        }                                                      \
    } while (0)

static const char *guest_tools(void)
{
    const char *tools = getenv("SPINDLE_WASM_TOOLS");
    return tools && *tools ? tools : "wasm-tools";
}

/* Bytes of a module in text form. */
static void guest_assemble(const char *text, struct buf *ret_bytes)
{
    char source[64], target[64], command[512];
    static unsigned count;
    struct error err = ERROR_INIT;
    snprintf(source, sizeof(source), "%s/%u.wat", guest_cache, count);
    snprintf(target, sizeof(target), "%s/%u.wasm", guest_cache, count++);
    assert_ok(file_write(source, str_of(text), 0600, &err), &err);
    snprintf(command, sizeof(command), "%s parse %s -o %s", guest_tools(), source, target);
    assert_int_equal(system(command), 0);
    *ret_bytes = BUF_INIT(64 * MIB);
    assert_ok(file_read(target, 64 * MIB, ret_bytes, &err), &err);
}

/* cmocka sets its own handlers for the time of each test and each fixture: the engine's, as
 * wasm_process_init left them, are set again where a test begins. */
static struct sigaction guest_handlers[2];

static UNUSED void guest_install_handlers(void)
{
    sigaction(SIGSEGV, &guest_handlers[0], NULL);
    sigaction(SIGBUS, &guest_handlers[1], NULL);
}

/* A valid module; released with guest_module_release. */
static UNUSED void guest_module_init(
    struct guest_module *g, const char *text, enum wasm_tier tier, bool use_gs)
{
    struct error err = ERROR_INIT;
    struct wasm_translate_options options = {.load_barrier = true, .use_gs = use_gs};
    guest_install_handlers();
    *g = (struct guest_module){.arena = ARENA_INIT(256 * MIB)};
    guest_assemble(text, &g->bytes);
    assert_ok(wasm_decode(buf_str(&g->bytes), &g->arena, &g->module, &err), &err);
    assert_ok(wasm_validate(g->module, &err), &err);
    if (tier == WASM_TIER_INTERPRETER) {
        assert_ok(wasm_code_interpret(g->module, &g->code, &err), &err);
        return;
    }
    assert_ok(wasm_code_compile(g->module, &options, NULL, NULL, NULL, &err), &err);
    assert_ok(wasm_code_load(g->module, &options, NULL, &g->code, &err), &err);
}

static UNUSED void guest_module_release(struct guest_module *g)
{
    wasm_code_unref(g->code);
    arena_release(&g->arena);
    buf_release(&g->bytes);
}

/* An instance in a store, which may come from an image. */
static UNUSED struct wasm_instance *guest_instantiate(
    struct guest_module *g, struct wasm_store *store, const struct wasm_extern *imports)
{
    struct error err = ERROR_INIT;
    struct wasm_trap trap;
    struct wasm_instance *instance;
    assert_ok(wasm_instantiate(store, g->module, g->code, imports, &instance, &trap, &err), &err);
    return instance;
}

static UNUSED struct wasm_store *guest_store(struct wasm_image *image)
{
    struct error err = ERROR_INIT;
    struct wasm_store *store;
    assert_ok(wasm_store_new(&guest_limits, image, &store, &err), &err);
    return store;
}

static UNUSED struct wasm_func *guest_func(const struct wasm_instance *instance, const char *name)
{
    struct wasm_extern found;
    assert_true(wasm_instance_export(instance, str_of(name), &found));
    assert_int_equal(found.kind, WASM_EXTERN_FUNC);
    return found.func;
}

/* Calls an export with slots; returns the trap's kind. */
static UNUSED enum wasm_trap_kind guest_call(
    const struct wasm_instance *instance, const char *name, union wasm_value *slots)
{
    struct wasm_trap trap = {.kind = WASM_TRAP_NONE};
    if (wasm_call(guest_func(instance, name), slots, &trap) == 0)
        return WASM_TRAP_NONE;
    assert_int_not_equal(trap.kind, WASM_TRAP_NONE);
    return trap.kind;
}

/* Group setup: the process, this thread, a cache folder. Skips by exiting with ctest's code. */
static UNUSED int guest_setup(void **state)
{
    struct error err = ERROR_INIT;
    char command[256];
    (void)state;
    snprintf(command, sizeof(command), "%s --version >/dev/null 2>&1", guest_tools());
    if (system(command) != 0) {
        fprintf(stderr, "skipped: no wasm-tools\n");
        exit(77);
    }
    assert_non_null(mkdtemp(guest_cache));
    setenv("XDG_CACHE_HOME", guest_cache, 1);
    assert_ok(wasm_process_init(&err), &err);
    assert_ok(wasm_thread_init(&err), &err);
    sigaction(SIGSEGV, NULL, &guest_handlers[0]);
    sigaction(SIGBUS, NULL, &guest_handlers[1]);
    return 0;
}

static UNUSED int guest_teardown(void **state)
{
    char command[128];
    (void)state;
    wasm_thread_release();
    snprintf(command, sizeof(command), "rm -rf %s", guest_cache);
    return system(command);
}

#endif
