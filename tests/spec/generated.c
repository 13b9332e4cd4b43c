/*
 * Both tiers on modules that `wasm-tools smith` generated: the interpreter is the oracle. All
 * exported functions are called with fixed arguments in a store of each tier; results, traps, the
 * values of globals and memory must be equal. After a trap memory is not compared but copied, since
 * translated code may have moved a store across a faulting load. Globals start anew with each call:
 * the generator counts down in one of them, so that every function ends.
 */
#include "base/file.h"
#include "base/limits.h"
#include "spec.h"
#include "wasm/runtime_int.h"

enum { STORES = 2, ORACLE = 0, MODULE_BYTES = 1 << 20, CALLS = 3 };

/* A module in both tiers. */
struct pair {
    struct wasm_module *module;
    struct wasm_store *stores[STORES];
    struct wasm_instance *instances[STORES];
    union wasm_value *globals[STORES]; /* own, as they were at first */
};

/* How far a module got. */
enum verdict { EQUAL, DIFFERENT, UNDECIDED };

/* Traps that depend on how much stack or time a tier takes. */
static bool is_resource(enum wasm_trap_kind kind)
{
    return kind == WASM_TRAP_STACK_EXHAUSTED || kind == WASM_TRAP_DEADLINE;
}

static int make_code(const struct pair *pair, const struct tier *tier, int which,
    struct wasm_code_unit **ret, struct error *err)
{
    if (which == ORACLE)
        return wasm_code_interpret(pair->module, ret, err);
    return wasm_code_load(pair->module, &tier->options, tier->cache, ret, err);
}

/* Returns the kind of the trap that instantiation ended with. */
static enum wasm_trap_kind start(
    struct pair *pair, const struct tier *tier, int which, struct error *err)
{
    static const struct wasm_store_limits limits = {64 * MIB, 1000000};
    struct wasm_code_unit *code;
    struct wasm_trap trap = {.kind = WASM_TRAP_NONE};
    if (wasm_store_new(&limits, NULL, &pair->stores[which], err) < 0 ||
        make_code(pair, tier, which, &code, err) < 0)
        return WASM_TRAP_NONE;
    wasm_store_set_budget(pair->stores[which], NS_PER_S);
    if (wasm_instantiate(
            pair->stores[which], pair->module, code, NULL, &pair->instances[which], &trap, err) < 0)
        pair->instances[which] = NULL;
    wasm_code_unref(code);
    return trap.kind;
}

static bool value_equal(uint8_t type, union wasm_value a, union wasm_value b)
{
    switch ((enum wasm_type)type) {
    case WASM_I32:
    case WASM_F32:
        return a.i32 == b.i32;
    case WASM_I64:
    case WASM_F64:
        return a.i64 == b.i64;
    case WASM_FUNCREF:
    case WASM_EXTERNREF:
        return !a.ref == !b.ref;
    }
    return false;
}

static void fill(const struct wasm_func_type *type, unsigned round, union wasm_value *slots)
{
    static const uint64_t samples[] = {
        0, 1, 0x7fffffffffffffff, 0xfffffffffffffff0, 0x40490fdb, 0x4005bf0a8b145769, 0x80000000};
    for (uint32_t i = 0; i < type->param_count; i++) {
        bool is_reference = type->params[i] == WASM_FUNCREF || type->params[i] == WASM_EXTERNREF;
        slots[i].i64 = is_reference ? 0 : samples[(i * 3 + round) % countof(samples)];
    }
}

static void reset_globals(const struct pair *pair)
{
    for (int i = 0; i < STORES; i++) {
        struct wasm_instance *instance = pair->instances[i];
        memcpy(
            instance->globals, pair->globals[i], instance->global_count * sizeof(union wasm_value));
    }
}

/* After a trap: the oracle's memories are right. Their sizes must be equal. */
static bool forget_trap(const struct pair *pair)
{
    reset_globals(pair);
    for (uint32_t i = 0; i < pair->module->memory_count; i++) {
        struct wasm_memory *from = pair->instances[ORACLE]->memories[i];
        struct wasm_memory *to = pair->instances[1]->memories[i];
        if (from->size != to->size)
            return false;
        memcpy(to->base, from->base, from->size);
    }
    return true;
}

static enum verdict call_both(const struct pair *pair, uint32_t index, unsigned round)
{
    union wasm_value slots[STORES][MAX_SLOTS] = {0};
    struct wasm_trap traps[STORES] = {{.kind = WASM_TRAP_NONE}, {.kind = WASM_TRAP_NONE}};
    const struct wasm_func_type *type = pair->module->func_types[index];
    reset_globals(pair);
    for (int i = 0; i < STORES; i++) {
        struct wasm_func *func = wasm_instance_func(pair->instances[i], index);
        fill(type, round, slots[i]);
        if (wasm_call(func, slots[i], &traps[i]) == 0)
            traps[i].kind = WASM_TRAP_NONE;
    }
    if (is_resource(traps[0].kind) || is_resource(traps[1].kind))
        return UNDECIDED;
    if (traps[0].kind != traps[1].kind) {
        fprintf(stderr, "function %u: '%s' and '%s'\n", index, wasm_trap_message(traps[0].kind),
            wasm_trap_message(traps[1].kind));
        return DIFFERENT;
    }
    if (traps[0].kind != WASM_TRAP_NONE)
        return forget_trap(pair) ? EQUAL : DIFFERENT;
    for (uint32_t i = 0; i < type->result_count; i++) {
        if (value_equal(type->results[i], slots[0][i], slots[1][i]))
            continue;
        fprintf(stderr, "function %u: result %u is 0x%llx and 0x%llx\n", index, i,
            (unsigned long long)slots[0][i].i64, (unsigned long long)slots[1][i].i64);
        return DIFFERENT;
    }
    return EQUAL;
}

static bool state_equal(const struct pair *pair)
{
    const struct wasm_module *m = pair->module;
    struct wasm_instance *a = pair->instances[0], *b = pair->instances[1];
    for (uint32_t i = 0; i < m->global_count; i++)
        if (!value_equal(
                m->globals[i].type, *wasm_instance_global(a, i), *wasm_instance_global(b, i))) {
            fprintf(stderr, "global %u differs\n", i);
            return false;
        }
    for (uint32_t i = 0; i < m->memory_count; i++) {
        const struct wasm_memory *x = a->memories[i], *y = b->memories[i];
        if (x->size != y->size || memcmp(x->base, y->base, x->size) != 0) {
            fprintf(stderr, "memory %u differs\n", i);
            return false;
        }
    }
    for (uint32_t i = 0; i < m->table_count; i++)
        if (a->tables[i]->size != b->tables[i]->size) {
            fprintf(stderr, "table %u differs\n", i);
            return false;
        }
    return true;
}

/* Calls each function until a resource ends. */
static enum verdict compare(const struct pair *pair)
{
    const struct wasm_module *m = pair->module;
    for (uint32_t i = 0; i < m->export_count * CALLS; i++) {
        const struct wasm_export *export = &m->exports[i / CALLS];
        if (export->kind != WASM_EXTERN_FUNC)
            continue;
        enum verdict verdict = call_both(pair, export->index, i % CALLS);
        if (verdict == EQUAL && !state_equal(pair))
            verdict = DIFFERENT;
        if (verdict != EQUAL)
            return verdict;
    }
    return EQUAL;
}

static void keep_globals(struct pair *pair, struct arena *arena)
{
    for (int i = 0; i < STORES; i++) {
        size_t size = pair->instances[i]->global_count * sizeof(union wasm_value);
        pair->globals[i] = arena_alloc(arena, size);
        memcpy(pair->globals[i], pair->instances[i]->globals, size);
    }
}

static enum verdict start_and_compare(
    struct pair *pair, const struct tier *tier, struct arena *arena, struct error *err)
{
    enum wasm_trap_kind kinds[STORES];
    for (int i = 0; i < STORES; i++) {
        kinds[i] = start(pair, tier, i, err);
        if (err->kind == ERROR_TRAP || err->kind == ERROR_LIMIT)
            error_release(err);
        if (err->kind != ERROR_NONE)
            return DIFFERENT;
    }
    if (is_resource(kinds[0]) || is_resource(kinds[1]))
        return UNDECIDED;
    if (kinds[0] != kinds[1] || !pair->instances[0] != !pair->instances[1])
        return DIFFERENT;
    if (!pair->instances[0])
        return UNDECIDED;
    keep_globals(pair, arena);
    return compare(pair);
}

int generated_load(const char *path, struct arena *arena, struct wasm_module **ret)
{
    struct buf bytes = BUF_INIT(MODULE_BYTES);
    struct error err = ERROR_INIT;
    int result = file_read(path, MODULE_BYTES, &bytes, &err);
    if (result == 0) {
        result = wasm_decode(arena_copy(arena, buf_str(&bytes)), arena, ret, &err);
        if (result == 0)
            result = wasm_validate(*ret, &err);
    }
    if (result < 0)
        fprintf(stderr, "%s: %s\n", path, error_message(&err));
    error_release(&err);
    buf_release(&bytes);
    return result;
}

int generated_run(const struct tier *tier, const char *path)
{
    static const char *const words[] = {"equal", "different", "undecided"};
    struct arena arena = ARENA_INIT(256 * MIB);
    struct error err = ERROR_INIT;
    struct pair pair = {0};
    enum verdict verdict = DIFFERENT;
    if (generated_load(path, &arena, &pair.module) == 0)
        verdict = start_and_compare(&pair, tier, &arena, &err);
    printf("%s\t%s%s%s\n", path_name(path), words[verdict], err.count ? ": " : "",
        error_message(&err));
    error_release(&err);
    for (int i = 0; i < STORES; i++)
        wasm_store_free(pair.stores[i]);
    arena_release(&arena);
    return 0;
}
