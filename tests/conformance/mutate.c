/*
 * The component layer on broken components: each component of the suite, cut short or with bytes
 * changed, is decoded and validated; one that is still valid and imports nothing is linked,
 * instantiated and its functions without parameters are called. Nothing may crash, and under the
 * sanitizers nothing may read or write out of bounds. The changes are the same each time.
 */
#include <dirent.h>

#include "base/file.h"
#include "base/limits.h"
#include "component/component.h"
#include "component/instance_int.h"
#include "mutate.h"

enum { MOST_CHANGES = 4 };

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
    size_t len = next_random(m, 4) == 0 ? 1 + next_random(m, original.len) : original.len;
    uint8_t *bytes = malloc(len);
    BUG_IF(!bytes);
    memcpy(bytes, original.ptr, len);
    uint64_t changes = next_random(m, MOST_CHANGES);
    for (uint64_t i = 0; i < changes && len > 8; i++) {
        size_t at = 8 + next_random(m, len - 8);
        if (next_random(m, 2))
            bytes[at] ^= (uint8_t)(1 << next_random(m, 8));
        else
            bytes[at] = (uint8_t)next_random(m, 256);
    }
    *ret_len = len;
    return bytes;
}

static void call_exports(struct component_instance *instance)
{
    const struct component_program *program = instance->program;
    for (size_t i = 0; i < program->exports.len; i++) {
        const struct program_export *e = &program->exports.data[i];
        struct component_func *func = component_instance_func(instance, e->interface, e->name);
        struct canon_value result;
        struct wasm_trap trap = {0};
        if (!func || component_func_type(func)->param_count > 0)
            continue;
        wasm_store_set_budget(instance->store, NS_PER_MS);
        if (component_call_values(func, NULL, &result, &trap) < 0 && trap.kind == WASM_TRAP_NONE)
            BUG("a trap without a kind");
    }
}

static void execute(const struct component *component)
{
    static const struct component_program_options options = {
        .interpret = true, .limits = {16 * MIB, 100000}};
    struct error err = ERROR_INIT;
    struct component_program *program = NULL;
    struct component_instance *instance = NULL;
    struct wasm_trap trap = {0};
    if (component_program_new(component, &options, &program, &err) == 0 &&
        component_instantiate(program, NULL, &instance, &trap, &err) == 0)
        call_exports(instance);
    component_instance_free(instance);
    component_program_free(program);
    error_release(&err);
}

static void try_mutant(struct mutator *m, struct str original)
{
    struct error err = ERROR_INIT;
    struct component *component;
    size_t len;
    uint8_t *bytes = mutant(m, original, &len);
    if (component_decode(str_make(bytes, len), NULL, &component, &err) < 0) {
        m->refused++;
        error_release(&err);
    } else {
        m->accepted++;
        execute(component);
        component_free(component);
    }
    free(bytes);
}

int mutate_folder(const char *script, unsigned rounds)
{
    struct mutator m = {.random = 88172645463325252ull};
    struct arena arena = ARENA_INIT(1 * MIB);
    const char *folder = path_dir(&arena, script);
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    BUG_IF(count < 0);
    for (int i = 0; i < count; i++) {
        struct error err = ERROR_INIT;
        struct buf bytes = BUF_INIT(LIMIT_COMPONENT_BYTES);
        if (str_ends_with(str_of(names[i]->d_name), STR(".wasm")) &&
            file_read(path_join(&arena, folder, names[i]->d_name), LIMIT_COMPONENT_BYTES, &bytes,
                &err) == 0 &&
            bytes.len > 8)
            for (unsigned round = 0; round < rounds; round++)
                try_mutant(&m, buf_str(&bytes));
        error_release(&err);
        buf_release(&bytes);
        free(names[i]);
    }
    free(names);
    arena_release(&arena);
    printf("%s\t%u\t%u\n", script, m.refused, m.accepted);
    return 0;
}
