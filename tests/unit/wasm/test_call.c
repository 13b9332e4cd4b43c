/*
 * Entering and leaving the guest: host functions, nested entries, traps through host frames,
 * budgets, faults.
 */
#include "guest.h"

#include <pthread.h>
#include <sys/mman.h>

#include "base/limits.h"

static const uint8_t one_i32[] = {WASM_I32};
static const struct wasm_func_type i32_to_i32 = {1, 1, one_i32, one_i32};

/* Calls out, recurses through the host, loops, faults. */
static const char text[] =
    "(module (import \"h\" \"f\" (func $f (param i32) (result i32)))"
    " (memory (export \"m\") 1)"
    " (func (export \"call\") (param i32) (result i32)"
    "  (i32.store (i32.const 0) (local.get 0))"
    "  (i32.add (call $f (local.get 0)) (i32.load (i32.const 0))))"
    " (func (export \"spin\") (param i32) (result i32) (loop (br 0)) (i32.const 0))"
    " (func (export \"busy\") (param i32) (result i32) (local i64)"
    "  (loop (local.set 1 (i64.add (local.get 1) (i64.const 2)))"
    "   (i64.store (i32.const 64) (local.get 1))"
    "   (br_if 0 (i64.ne (local.get 1) (i64.const 1))))"
    "  (i32.const 0))"
    " (func (export \"calls\") (param i32) (result i32)"
    "  (loop (drop (call $f (local.get 0))) (br 0)) (i32.const 0))"
    " (func (export \"trap\") (param i32) (result i32) unreachable)"
    " (func (export \"out\") (param i32) (result i32) (i32.load (i32.const 70000)))"
    " (func $deep (export \"deep\") (param i32) (result i32)"
    "  (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1))))";

struct fixture {
    struct guest_module module;
    struct wasm_store *store;
    struct wasm_instance *instance;
    unsigned calls, unwound;
    const char *inner; /* what the host function calls, or NULL */
};

static enum wasm_trap_kind host(
    void *data, struct wasm_store *store, union wasm_value *slots, struct wasm_trap *trap)
{
    struct fixture *f = data;
    assert_ptr_equal(store, f->store);
    f->calls++;
    if (!f->inner) {
        slots[0].i32 *= 2;
        return WASM_TRAP_NONE;
    }
    int result = wasm_call(guest_func(f->instance, f->inner), slots, trap);
    f->unwound++;
    return result < 0 ? trap->kind : WASM_TRAP_NONE;
}

static void fixture_init(struct fixture *f, enum wasm_tier tier)
{
    *f = (struct fixture){0};
    guest_module_init(&f->module, text, tier, true);
    f->store = guest_store(NULL);
    struct wasm_extern import = {
        .kind = WASM_EXTERN_FUNC, .func = wasm_host_func_new(f->store, &i32_to_i32, host, f)};
    f->instance = guest_instantiate(&f->module, f->store, &import);
}

static void fixture_release(struct fixture *f)
{
    wasm_store_free(f->store);
    guest_module_release(&f->module);
}

static enum wasm_trap_kind run(
    struct fixture *f, const char *name, uint32_t argument, uint32_t *ret_result)
{
    union wasm_value slots[1] = {{.i64 = argument}};
    enum wasm_trap_kind kind = guest_call(f->instance, name, slots);
    if (ret_result)
        *ret_result = slots[0].i32;
    return kind;
}

static void nested(enum wasm_tier tier)
{
    struct fixture f;
    uint32_t result;
    fixture_init(&f, tier);
    assert_int_equal(run(&f, "call", 21, &result), WASM_TRAP_NONE);
    assert_int_equal(result, 63);
    /* A trap of the inner call passes through the host function, which goes on after it. */
    f.inner = "trap";
    assert_int_equal(run(&f, "call", 1, NULL), WASM_TRAP_UNREACHABLE);
    f.inner = "out";
    assert_int_equal(run(&f, "call", 1, NULL), WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
    f.inner = "deep";
    assert_int_equal(run(&f, "call", 1, NULL), WASM_TRAP_STACK_EXHAUSTED);
    assert_int_equal(f.unwound, 3);
    /* Recursion through host frames ends in the wrapper, with stack left, in every frame. */
    f.inner = "call";
    f.calls = f.unwound = 0;
    assert_int_equal(run(&f, "call", 1, NULL), WASM_TRAP_STACK_EXHAUSTED);
    assert_true(f.calls > 100);
    assert_int_equal(f.calls, f.unwound);
    /* And the instance still works. */
    f.inner = NULL;
    assert_int_equal(run(&f, "call", 5, &result), WASM_TRAP_NONE);
    assert_int_equal(result, 15);
    fixture_release(&f);
}

static void test_nested(void **state)
{
    (void)state;
    nested(WASM_TIER_NATIVE);
    nested(WASM_TIER_INTERPRETER);
}

/* Endless loops of every kind end when the budget is used up, again and again. */
static void budget(enum wasm_tier tier)
{
    struct fixture f;
    uint32_t result;
    static const char *const loops[] = {"spin", "busy", "calls"};
    fixture_init(&f, tier);
    for (int round = 0; round < 6; round++) {
        wasm_store_set_budget(f.store, 30 * NS_PER_MS);
        assert_int_equal(run(&f, loops[round % 3], 1, NULL), WASM_TRAP_DEADLINE);
        assert_int_equal(run(&f, "call", 3, &result), WASM_TRAP_NONE);
        assert_int_equal(result, 9);
    }
    f.inner = "spin"; /* the inner loop is stopped by the outer call's budget */
    assert_int_equal(run(&f, "call", 1, NULL), WASM_TRAP_DEADLINE);
    assert_int_equal(f.unwound, 1);
    fixture_release(&f);
}

static void test_budget(void **state)
{
    (void)state;
    budget(WASM_TIER_NATIVE);
    budget(WASM_TIER_INTERPRETER);
}

/* A host function that uses up the budget is not interrupted; its caller is, on return. */
static enum wasm_trap_kind burn(
    void *data, struct wasm_store *store, union wasm_value *slots, struct wasm_trap *trap)
{
    uint64_t end = clock_thread_cpu_ns() + 150 * NS_PER_MS;
    (void)store;
    (void)slots;
    (void)trap;
    while (clock_thread_cpu_ns() < end)
        ;
    ++*(unsigned *)data;
    return WASM_TRAP_NONE;
}

static void test_budget_in_host(void **state)
{
    struct fixture f;
    unsigned burnt = 0;
    (void)state;
    fixture_init(&f, WASM_TIER_NATIVE);
    f.instance->imports[0]->host->body = burn;
    f.instance->imports[0]->host->data = &burnt;
    wasm_store_set_budget(f.store, 20 * NS_PER_MS);
    assert_int_equal(run(&f, "call", 1, NULL), WASM_TRAP_DEADLINE);
    assert_int_equal(burnt, 1);
    fixture_release(&f);
}

/* Frames of many pages: the stack must be found exhausted in the guard, not beyond it. */
static void test_hostile_frames(void **state)
{
    struct buf wat = BUF_INIT(64 * MIB);
    struct guest_module module;
    union wasm_value slots[1] = {{.i64 = 1}};
    (void)state;
    /* Locals that stay alive across a call: 1,500 of them take 12 KB a frame. */
    buf_printf(&wat, "(module (func $f (export \"f\") (param i64) (result i64)");
    for (int i = 0; i < 1500; i++)
        buf_printf(&wat, "(local i64)");
    for (int i = 1; i <= 1500; i++)
        buf_printf(
            &wat, "(local.set %d (i64.mul (local.get %d) (i64.const %d)))", i, i - 1, 2 * i + 1);
    buf_printf(&wat, "(local.set 0 (call $f (local.get 1500)))");
    for (int i = 1; i <= 1500; i++)
        buf_printf(&wat, "(local.set 0 (i64.xor (local.get 0) (local.get %d)))", i);
    buf_printf(&wat, "(local.get 0)))");
    assert_false(wat.failed);
    guest_module_init(&module, buf_cstr(&wat), WASM_TIER_NATIVE, true);
    struct wasm_store *store = guest_store(NULL);
    struct wasm_instance *instance = guest_instantiate(&module, store, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(guest_call(instance, "f", slots), WASM_TRAP_STACK_EXHAUSTED);
    wasm_store_free(store);
    guest_module_release(&module);
    buf_release(&wat);
}

/* ---- deaths: a fault of the host's is never a trap ---- */

/* Runs `body` in a child; returns how it ended, and its standard error's text. */
static int child_status(void (*body)(void), char *ret_text, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        body();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t n; (n = read(ends[0], ret_text + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    ret_text[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void expect_death(void (*body)(void))
{
    static char message[65536];
    int status = child_status(body, message, sizeof(message));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(message, "fault in host code"));
}

static enum wasm_trap_kind fault_elsewhere(
    void *data, struct wasm_store *store, union wasm_value *slots, struct wasm_trap *trap)
{
    (void)store;
    (void)slots;
    (void)trap;
    *(volatile char *)data = 1;
    return WASM_TRAP_NONE;
}

static void *bad_page(void)
{
    return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* In a host function that a guest called. */
static void die_in_host_function(void)
{
    struct fixture f;
    fixture_init(&f, WASM_TIER_NATIVE);
    f.instance->imports[0]->host->body = fault_elsewhere;
    f.instance->imports[0]->host->data = bad_page();
    run(&f, "call", 1, NULL);
}

/* A host function that runs past the end of guest memory: not the guest's fault either. */
static void die_beyond_memory(void)
{
    struct fixture f;
    fixture_init(&f, WASM_TIER_NATIVE);
    f.instance->imports[0]->host->body = fault_elsewhere;
    f.instance->imports[0]->host->data = f.instance->memory_base + 65536;
    run(&f, "call", 1, NULL);
}

/* Outside of any guest. */
static void die_outside(void)
{
    guest_install_handlers();
    *(volatile char *)bad_page() = 1;
}

static void test_host_faults_die(void **state)
{
    (void)state;
    expect_death(die_in_host_function);
    expect_death(die_beyond_memory);
    expect_death(die_outside);
}

/* A thread with a small guard is refused. */
static void *small_guard(void *data)
{
    struct error err = ERROR_INIT;
    *(int *)data = wasm_thread_init(&err) < 0 ? (int)err.kind : 0;
    error_release(&err);
    return NULL;
}

static void test_small_guard(void **state)
{
    pthread_t thread;
    int kind = 0;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, small_guard, &kind), 0);
    pthread_join(thread, NULL);
    assert_int_equal(kind, ERROR_LIMIT);
}

/* Two threads at once, one of which traps all the time while the other is stopped by its budget. */
static void *trap_thread(void *data)
{
    struct error err = ERROR_INIT;
    struct fixture *f = data;
    assert_ok(wasm_thread_init(&err), &err);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(run(f, "out", 1, NULL), WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
        assert_int_equal(run(f, "deep", 1, NULL), WASM_TRAP_STACK_EXHAUSTED);
    }
    wasm_thread_release();
    return NULL;
}

static void test_two_threads(void **state)
{
    struct fixture f, g;
    struct error err = ERROR_INIT;
    pthread_attr_t attributes;
    pthread_t thread;
    (void)state;
    fixture_init(&f, WASM_TIER_NATIVE);
    fixture_init(&g, WASM_TIER_NATIVE);
    assert_ok(wasm_thread_attributes(&attributes, &err), &err);
    assert_int_equal(pthread_create(&thread, &attributes, trap_thread, &f), 0);
    wasm_store_set_budget(g.store, 20 * NS_PER_MS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(run(&g, "spin", 1, NULL), WASM_TRAP_DEADLINE);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    fixture_release(&f);
    fixture_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_budget_in_host),
        cmocka_unit_test(test_hostile_frames),
        cmocka_unit_test(test_host_faults_die),
        cmocka_unit_test(test_small_guard),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, guest_setup, guest_teardown);
}
