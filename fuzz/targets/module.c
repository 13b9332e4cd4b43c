/*
 * A core module: decoded, validated, translated to C text, and if it imports nothing run a little
 * in the interpreter.
 */
#include "base/clock.h"
#include "fuzz.h"
#include "wasm/process.h"
#include "wasm/translate.h"

enum { MOST_SLOTS = LIMIT_WASM_PARAMS + LIMIT_WASM_RESULTS };

static void translate(const struct wasm_module *module)
{
    static const struct wasm_translate_options options = {.load_barrier = true, .use_gs = true};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(256 * MIB);
    struct buf text CLEANUP(buf_release) = BUF_INIT(256 * MIB);
    struct error err = ERROR_INIT;
    struct translation translation;
    uint8_t key[SHA256_SIZE];
    wasm_code_key(module, &options, key);
    if (!fuzz_succeeded(translation_plan(module, &options, key, &arena, &translation, &err), &err))
        return;
    for (unsigned unit = 0; unit < translation.unit_count; unit++)
        if (!translation_write_unit(&translation, unit, &text))
            return;
}

static void call_exports(struct wasm_instance *instance, const struct wasm_module *module)
{
    static union wasm_value slots[MOST_SLOTS];
    for (uint32_t i = 0; i < module->export_count; i++) {
        struct wasm_extern found;
        struct wasm_trap trap = {0};
        if (module->exports[i].kind != WASM_EXTERN_FUNC)
            continue;
        BUG_IF(!wasm_instance_export(instance, module->exports[i].name, &found));
        memset(slots, 0, sizeof slots);
        int result = wasm_call(found.func, slots, &trap);
        BUG_IF((result < 0) != (trap.kind != WASM_TRAP_NONE));
    }
}

static void interpret(const struct wasm_module *module)
{
    static const struct wasm_store_limits limits = {16 * MIB, 100000};
    struct error err = ERROR_INIT;
    struct wasm_store *store;
    struct wasm_code_unit *code;
    struct wasm_instance *instance;
    struct wasm_trap trap = {0};
    BUG_IF(wasm_process_init(&err) < 0 || wasm_thread_init(&err) < 0);
    BUG_IF(wasm_store_new(&limits, NULL, &store, &err) < 0);
    BUG_IF(wasm_code_interpret(module, &code, &err) < 0);
    wasm_store_set_budget(store, NS_PER_MS);
    if (wasm_instantiate(store, module, code, NULL, &instance, &trap, &err) == 0)
        call_exports(instance, module);
    error_release(&err);
    wasm_code_unref(code);
    wasm_store_free(store);
}

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(256 * MIB);
    struct error err = ERROR_INIT;
    struct wasm_module *module;
    if (!fuzz_succeeded(wasm_decode(input, &arena, &module, &err), &err) ||
        !fuzz_succeeded(wasm_validate(module, &err), &err))
        return;
    translate(module);
    if (module->import_count == 0)
        interpret(module);
}
