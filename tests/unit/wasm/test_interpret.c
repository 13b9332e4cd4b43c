/*
 * Hostile guests in both tiers: what the specification's suite does not ask for. The interpreter's
 * results are that suite's business (tests/spec).
 */
#include "guest.h"

#include <pthread.h>

/* Each test's body is run for each of these. */
struct tier {
    const char *name;
    enum wasm_tier tier;
    bool use_gs;
};

static const struct tier tiers[] = {
    {"interpreter", WASM_TIER_INTERPRETER, false},
    {"native", WASM_TIER_NATIVE, true},
    {"native without gs", WASM_TIER_NATIVE, false},
};

struct running {
    struct guest_module module;
    struct wasm_store *store;
    struct wasm_instance *instance;
};

static void start(struct running *r, const struct tier *tier, const char *text)
{
    guest_module_init(&r->module, text, tier->tier, tier->use_gs);
    r->store = guest_store(NULL);
    r->instance = guest_instantiate(&r->module, r->store, NULL);
}

static void stop(struct running *r)
{
    wasm_store_free(r->store);
    guest_module_release(&r->module);
}

static void expect_trap(const struct tier *tier, const struct running *r, const char *export,
    union wasm_value *slots, enum wasm_trap_kind wanted)
{
    enum wasm_trap_kind found = guest_call(r->instance, export, slots);
    if (found != wanted)
        fail_msg("%s, '%s': '%s' instead of '%s'", tier->name, export, wasm_trap_message(found),
            wasm_trap_message(wanted));
}

/* A function with thousands of locals that are all alive across its own call. */
static void frames_larger_than_a_page_exhaust_the_stack(void **state)
{
    (void)state;
    enum { LOCALS = 3000 };
    struct buf text = BUF_INIT(MIB);
    buf_append_cstr(&text, "(module (memory 1) (func $f (export \"f\") (param i32) (result i64)\n");
    buf_append_cstr(&text, "(local");
    for (int i = 0; i < LOCALS; i++)
        buf_append_cstr(&text, " i64");
    buf_append_cstr(&text, ")\n");
    for (int i = 1; i <= LOCALS; i++)
        buf_printf(&text, "(local.set %d (i64.load offset=%d (local.get 0)))\n", i, i);
    buf_append_cstr(&text, "(call $f (i32.add (local.get 0) (i32.const 1)))\n");
    for (int i = 1; i <= LOCALS; i++)
        buf_printf(&text, "(i64.rotl (local.get %d)) (i64.xor (i64.const %d))\n", i, i);
    buf_append_cstr(&text, ")\n (func (export \"one\") (result i32) (i32.const 1)))");
    for (size_t i = 0; i < countof(tiers); i++) {
        struct running r;
        union wasm_value slots[1] = {{.i32 = 0}};
        start(&r, &tiers[i], buf_cstr(&text));
        expect_trap(&tiers[i], &r, "f", slots, WASM_TRAP_STACK_EXHAUSTED);
        assert_int_equal(guest_call(r.instance, "one", slots), WASM_TRAP_NONE);
        assert_int_equal(slots[0].i32, 1);
        stop(&r);
    }
    buf_release(&text);
}

/* The largest frame that a module may ask for: 50,000 locals, 400 KB in the interpreter. */
static void a_frame_of_all_locals_runs_or_traps(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(MIB);
    struct running r;
    union wasm_value slots[1] = {{.i32 = 5}};
    buf_append_cstr(&text, "(module (func $f (export \"f\") (param i32) (result i32) (local");
    for (int i = 0; i < LIMIT_WASM_LOCALS; i++)
        buf_append_cstr(&text, " i64");
    buf_append_cstr(&text, ") (if (result i32) (local.get 0) (then (call $f (i32.sub"
                           " (local.get 0) (i32.const 1)))) (else (i32.const 7)))))");
    start(&r, &tiers[0], buf_cstr(&text));
    assert_int_equal(guest_call(r.instance, "f", slots), WASM_TRAP_NONE);
    assert_int_equal(slots[0].i32, 7);
    slots[0].i32 = 1000;
    expect_trap(&tiers[0], &r, "f", slots, WASM_TRAP_STACK_EXHAUSTED);
    stop(&r);
    buf_release(&text);
}

/* Deep recursion through a host function: guest -> host -> guest -> ... */

struct bounce {
    struct wasm_instance *instance;
    unsigned depth, deepest;
};

static enum wasm_trap_kind bounce_back(
    void *data, struct wasm_store *store, union wasm_value *slots, struct wasm_trap *trap)
{
    struct bounce *bounce = data;
    (void)store;
    bounce->depth++;
    if (bounce->depth > bounce->deepest)
        bounce->deepest = bounce->depth;
    int result = wasm_call(guest_func(bounce->instance, "down"), slots, trap);
    bounce->depth--;
    return result < 0 ? trap->kind : WASM_TRAP_NONE;
}

static void recursion_through_the_host_exhausts_the_stack(void **state)
{
    (void)state;
    static const uint8_t i32 = WASM_I32;
    static const struct wasm_func_type type = {1, 1, &i32, &i32};
    for (size_t i = 0; i < countof(tiers); i++) {
        struct running r;
        struct bounce bounce = {0};
        union wasm_value slots[1] = {{.i32 = 50}};
        guest_module_init(&r.module,
            "(module (import \"h\" \"back\" (func $back (param i32) (result i32)))"
            " (func (export \"down\") (param i32) (result i32)"
            "  (if (result i32) (local.get 0)"
            "   (then (i32.add (i32.const 1) (call $back (i32.sub (local.get 0) (i32.const 1)))))"
            "   (else (i32.const 100)))))",
            tiers[i].tier, tiers[i].use_gs);
        r.store = guest_store(NULL);
        struct wasm_extern import = {.kind = WASM_EXTERN_FUNC,
            .func = wasm_host_func_new(r.store, &type, bounce_back, &bounce)};
        r.instance = guest_instantiate(&r.module, r.store, &import);
        bounce.instance = r.instance;
        assert_int_equal(guest_call(r.instance, "down", slots), WASM_TRAP_NONE);
        assert_int_equal(slots[0].i32, 150);
        slots[0].i32 = 0x7fffffff;
        expect_trap(&tiers[i], &r, "down", slots, WASM_TRAP_STACK_EXHAUSTED);
        assert_int_equal(bounce.depth, 0); /* each host function returned */
        assert_true(bounce.deepest > 1000);
        stop(&r);
    }
}

/* What never ends: a loop, a loop with effects, calls without a loop, calls through a table. */
static const char endless[] =
    "(module (memory 1) (table funcref (elem $tree))"
    " (func (export \"loop\") (loop $l (br $l)))"
    " (func (export \"store\") (loop $l"
    "  (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))) (br $l)))"
    " (func (export \"table\") (loop $l (br_table $l $l (i32.load (i32.const 8)))))"
    " (func $tree (export \"tree\") (param i32)"
    "  (if (local.get 0) (then"
    "   (call $tree (i32.sub (local.get 0) (i32.const 1)))"
    "   (call_indirect (param i32) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))"
    "   (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1))))))"
    " (func (export \"one\") (result i32) (i32.const 1)))";

static void what_never_ends_is_stopped(void **state)
{
    (void)state;
    static const char *const exports[] = {"loop", "store", "table", "tree"};
    enum { ROUNDS = 3 };
    for (size_t i = 0; i < countof(tiers); i++) {
        struct running r;
        start(&r, &tiers[i], endless);
        for (size_t n = 0; n < countof(exports) * ROUNDS; n++) {
            union wasm_value slots[1] = {{.i32 = 60}};
            wasm_store_set_budget(r.store, 20 * NS_PER_MS);
            expect_trap(&tiers[i], &r, exports[n % countof(exports)], slots, WASM_TRAP_DEADLINE);
            wasm_store_set_budget(r.store, 0);
            assert_int_equal(guest_call(r.instance, "one", slots), WASM_TRAP_NONE);
            assert_int_equal(slots[0].i32, 1);
        }
        stop(&r);
    }
}

/* Many functions, first called by several threads at once: a body is lowered once. */

enum { THREADS = 4, FUNCTIONS = 300 };

static void *call_all(void *data)
{
    struct guest_module *module = data;
    struct error err = ERROR_INIT;
    struct wasm_trap trap;
    struct wasm_store *store;
    struct wasm_instance *instance;
    uint64_t sum = 0;
    bool ready =
        wasm_thread_init(&err) == 0 && wasm_store_new(&guest_limits, NULL, &store, &err) == 0 &&
        wasm_instantiate(store, module->module, module->code, NULL, &instance, &trap, &err) == 0;
    for (int i = 0; ready && i < FUNCTIONS; i++) {
        union wasm_value slots[1];
        if (wasm_call(wasm_instance_func(instance, (uint32_t)i), slots, &trap) == 0)
            sum += slots[0].i32;
    }
    if (ready)
        wasm_store_free(store);
    wasm_thread_release();
    error_release(&err);
    return (void *)(uintptr_t)sum;
}

static void threads_share_lowered_bodies(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(MIB);
    struct guest_module module;
    struct error err = ERROR_INIT;
    pthread_t threads[THREADS];
    pthread_attr_t attributes;
    buf_append_cstr(&text, "(module");
    for (int i = 0; i < FUNCTIONS; i++)
        buf_printf(&text, " (func (result i32) (i32.const %d))", i);
    buf_append_cstr(&text, ")");
    guest_module_init(&module, buf_cstr(&text), WASM_TIER_INTERPRETER, false);
    assert_ok(wasm_thread_attributes(&attributes, &err), &err);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], &attributes, call_all, &module), 0);
    for (int i = 0; i < THREADS; i++) {
        void *sum;
        pthread_join(threads[i], &sum);
        assert_int_equal((uintptr_t)sum, FUNCTIONS * (FUNCTIONS - 1) / 2);
    }
    pthread_attr_destroy(&attributes);
    guest_module_release(&module);
    buf_release(&text);
}

/* Modules of different tiers in one store call each other, through imports and a shared table. */
static void tiers_call_each_other(void **state)
{
    (void)state;
    static const char callee_text[] =
        "(module (memory 1) (table (export \"t\") 1 funcref) (elem (i32.const 0) $f)"
        " (func $f (export \"f\") (param i32 i64 f32 f64) (result f64 i32)"
        "  (i32.store (i32.const 0) (local.get 0))"
        "  (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))"
        "  (i32.add (i32.load (i32.const 0)) (i32.wrap_i64 (local.get 1)))))";
    static const char caller_text[] =
        "(module (type $s (func (param i32 i64 f32 f64) (result f64 i32)))"
        " (import \"m\" \"f\" (func $f (type $s))) (import \"m\" \"t\" (table 1 funcref))"
        " (memory 1)"
        " (func (export \"go\") (result f64 i32 f64 i32)"
        "  (i32.store (i32.const 0) (i32.const 99))"
        "  (call $f (i32.const 1) (i64.const 2) (f32.const 0.5) (f64.const 0.25))"
        "  (call_indirect (type $s) (i32.load (i32.const 0)) (i64.const 4) (f32.const 1)"
        "   (f64.const 2) (i32.const 0))))";
    for (size_t i = 0; i < countof(tiers) * countof(tiers); i++) {
        const struct tier *a = &tiers[i % countof(tiers)], *b = &tiers[i / countof(tiers)];
        struct guest_module callee, caller;
        guest_module_init(&callee, callee_text, a->tier, a->use_gs);
        guest_module_init(&caller, caller_text, b->tier, b->use_gs);
        struct wasm_store *store = guest_store(NULL);
        struct wasm_instance *lower = guest_instantiate(&callee, store, NULL);
        struct wasm_extern imports[2];
        assert_true(wasm_instance_export(lower, STR("f"), &imports[0]));
        assert_true(wasm_instance_export(lower, STR("t"), &imports[1]));
        struct wasm_instance *upper = guest_instantiate(&caller, store, imports);
        union wasm_value slots[4];
        assert_int_equal(guest_call(upper, "go", slots), WASM_TRAP_NONE);
        double first, second;
        memcpy(&first, &slots[0], sizeof first);
        memcpy(&second, &slots[2], sizeof second);
        assert_true(first == 0.75 && second == 3);
        assert_int_equal(slots[1].i32, 3);
        assert_int_equal(slots[3].i32, 103); /* the caller's memory is still its own */
        wasm_store_free(store);
        guest_module_release(&caller);
        guest_module_release(&callee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_larger_than_a_page_exhaust_the_stack),
        cmocka_unit_test(a_frame_of_all_locals_runs_or_traps),
        cmocka_unit_test(recursion_through_the_host_exhausts_the_stack),
        cmocka_unit_test(what_never_ends_is_stopped),
        cmocka_unit_test(threads_share_lowered_bodies),
        cmocka_unit_test(tiers_call_each_other),
    };
    return cmocka_run_group_tests(tests, guest_setup, guest_teardown);
}
