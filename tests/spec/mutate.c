/*
 * The engine on broken modules: each module of the suite, cut short or with bytes changed, is
 * decoded and validated; one that is still valid runs in the interpreter. Nothing may crash, and
 * under the sanitizers nothing may read or write out of bounds. The changes are the same each time.
 */
#include <dirent.h>

#include "base/file.h"
#include "base/limits.h"
#include "spec.h"

enum { MODULE_BYTES = 1 << 20, MOST_CHANGES = 4 };

struct mutator {
    uint64_t random;
    unsigned refused, accepted;
};

/* xorshift64 */
static uint64_t next_random(struct mutator *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random % below;
}

/* A copy with its own allocation, so that the sanitizer knows its end. */
static uint8_t *mutant(struct mutator *m, struct str original, size_t *ret_len)
{
    *ret_len = next_random(m, 4) == 0 ? next_random(m, original.len) : original.len;
    uint8_t *bytes = malloc(*ret_len + 1);
    memcpy(bytes, original.ptr, *ret_len);
    bytes = realloc(bytes, *ret_len ? *ret_len : 1);
    uint64_t changes = next_random(m, MOST_CHANGES);
    for (uint64_t i = 0; i < changes && *ret_len > 8; i++) {
        size_t at = 8 + next_random(m, *ret_len - 8);
        if (next_random(m, 2))
            bytes[at] ^= (uint8_t)(1 << next_random(m, 8));
        else
            bytes[at] = (uint8_t)next_random(m, 256);
    }
    return bytes;
}

/* Calls all exported functions with zeroes; what comes out does not matter. */
static void call_exports(struct wasm_instance *instance, const struct wasm_module *module)
{
    for (uint32_t i = 0; i < module->export_count; i++) {
        struct wasm_extern found;
        union wasm_value slots[MAX_SLOTS] = {0};
        struct wasm_trap trap;
        if (module->exports[i].kind != WASM_EXTERN_FUNC ||
            !wasm_instance_export(instance, module->exports[i].name, &found))
            continue;
        if (wasm_call(found.func, slots, &trap) < 0 && trap.kind == WASM_TRAP_NONE)
            BUG("a trap without a kind");
    }
}

static void execute(const struct wasm_module *module)
{
    static const struct wasm_store_limits limits = {16 * MIB, 100000};
    struct error err = ERROR_INIT;
    struct wasm_store *store;
    struct wasm_code_unit *code;
    struct wasm_instance *instance;
    struct wasm_trap trap;
    if (module->import_count > 0)
        return;
    BUG_IF(wasm_store_new(&limits, NULL, &store, &err) < 0);
    BUG_IF(wasm_code_interpret(module, &code, &err) < 0);
    wasm_store_set_budget(store, NS_PER_MS);
    if (wasm_instantiate(store, module, code, NULL, &instance, &trap, &err) == 0)
        call_exports(instance, module);
    error_release(&err);
    wasm_code_unref(code);
    wasm_store_free(store);
}

static void try_mutant(struct mutator *m, struct str original)
{
    struct arena arena = ARENA_INIT(64 * MIB);
    struct error err = ERROR_INIT;
    struct wasm_module *module;
    size_t len;
    uint8_t *bytes = mutant(m, original, &len);
    if (wasm_decode(str_make(bytes, len), &arena, &module, &err) == 0 &&
        wasm_validate(module, &err) == 0) {
        m->accepted++;
        execute(module);
    } else {
        m->refused++;
    }
    error_release(&err);
    arena_release(&arena);
    free(bytes);
}

static void mutate_file(struct mutator *m, const char *path, unsigned rounds)
{
    struct buf bytes = BUF_INIT(MODULE_BYTES);
    struct error err = ERROR_INIT;
    if (file_read(path, MODULE_BYTES, &bytes, &err) == 0 && bytes.len > 0)
        for (unsigned i = 0; i < rounds; i++)
            try_mutant(m, buf_str(&bytes));
    error_release(&err);
    buf_release(&bytes);
}

int mutate_folder(const char *script, unsigned rounds)
{
    struct mutator m = {.random = 0x9e3779b97f4a7c15};
    struct arena arena = ARENA_INIT(64 * MIB);
    const char *folder = path_dir(&arena, script);
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (str_ends_with(str_of(entries[i]->d_name), STR(".wasm")))
            mutate_file(&m, path_join(&arena, folder, entries[i]->d_name), rounds);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    printf("%s\t%u\t%u\n", path_name(script), m.refused, m.accepted);
    arena_release(&arena);
    return count < 0;
}
