#include "fixture.h"

/* A guest of the test host, in the shape that encoders give components: shim and fixups. */
static const char guest[] =
    "(component"
    " (import \"test:host/counters@0.2.0\" (instance $h"
    "   (export \"counter\" (type $c (sub resource)))"
    "   (export \"[constructor]counter\" (func (param \"value\" u32) (result (own $c))))"
    "   (export \"[method]counter.get\" (func (param \"self\" (borrow $c)) (result u32)))"
    "   (export \"take\" (func (param \"c\" (own $c)) (result u32)))"
    "   (export \"both\" (func (param \"a\" (borrow $c)) (param \"b\" (own $c))))"
    "   (export \"twice\" (func (param \"text\" string) (result string)))))"
    " (core module $M"
    "   (import \"h\" \"make\" (func $make (param i32) (result i32)))"
    "   (import \"h\" \"get\" (func $get (param i32) (result i32)))"
    "   (import \"h\" \"take\" (func $take (param i32) (result i32)))"
    "   (import \"h\" \"both\" (func $both (param i32 i32)))"
    "   (import \"h\" \"drop\" (func $drop (param i32)))"
    "   (import \"h\" \"twice\" (func $twice (param i32 i32 i32)))"
    "   (memory (export \"memory\") 2)"
    "   (global $next (mut i32) (i32.const 4096))"
    "   (global $realloc (mut i32) (i32.const 0))"
    "   (global $posts (mut i32) (i32.const 0))"
    "   (data (i32.const 64) \"abcdef\\ff\")"
    "   (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)"
    "     (local $p i32)"
    "     (if (i32.eq (global.get $realloc) (i32.const 1)) (then (return (i32.const 4097))))"
    "     (if (i32.eq (global.get $realloc) (i32.const 2)) (then (return (i32.const -8))))"
    "     (if (i32.eq (global.get $realloc) (i32.const 3))"
    "       (then (drop (call $make (i32.const 1)))))"
    "     (if (i32.eq (global.get $realloc) (i32.const 4)) (then (unreachable)))"
    "     (local.set $p (global.get $next))"
    "     (global.set $next (i32.add (local.get $p) (local.get 3)))"
    "     (local.get $p))"
    "   (func (export \"misbehave\") (param i32) (global.set $realloc (local.get 0)))"
    "   (func (export \"make\") (param i32) (result i32) (call $make (local.get 0)))"
    "   (func (export \"fill\") (param i32) (loop (drop (call $make (i32.const 1)))"
    "     (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"
    "   (func (export \"get\") (param i32) (result i32) (call $get (local.get 0)))"
    "   (func (export \"take\") (param i32) (result i32) (call $take (local.get 0)))"
    "   (func (export \"both\") (param i32) (call $both (local.get 0) (local.get 0)))"
    "   (func (export \"drop\") (param i32) (call $drop (local.get 0)))"
    "   (func (export \"twice\") (param i32) (result i32)"
    "     (call $twice (i32.const 64) (local.get 0) (i32.const 16))"
    "     (i32.add (i32.mul (i32.load (i32.const 20)) (i32.const 1000))"
    "       (i32.load8_u (i32.add (i32.load (i32.const 16)) (i32.const 3)))))"
    "   (func (export \"far\") (param i32) (result i32)"
    "     (call $twice (local.get 0) (i32.const 4) (i32.const 16)) (i32.const 0))"
    "   (func (export \"write\") (param i32) (result i32)"
    "     (i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (local.get 0)))"
    "     (drop (memory.grow (i32.const 1)))"
    "     (i32.load (i32.const 32)))"
    "   (func (export \"post\") (param i32)"
    "     (global.set $posts (i32.add (global.get $posts) (i32.const 1))))"
    "   (func (export \"bad-post\") (param i32) (drop (call $make (i32.const 1))))"
    "   (func (export \"posts\") (param i32) (result i32) (global.get $posts))"
    "   (func (export \"trap\") (param i32) (unreachable)))"
    " (core module $S (type (func (param i32 i32 i32)))"
    "   (table (export \"$imports\") 1 1 funcref)"
    "   (func (export \"0\") (type 0) (call_indirect (type 0)"
    "     (local.get 0) (local.get 1) (local.get 2) (i32.const 0))))"
    " (core module $F (type (func (param i32 i32 i32)))"
    "   (import \"\" \"0\" (func (type 0))) (import \"\" \"$imports\" (table 1 1 funcref))"
    "   (elem (i32.const 0) func 0))"
    " (core instance $s (instantiate $S))"
    " (alias export $h \"counter\" (type $c))"
    " (core func $make (canon lower (func $h \"[constructor]counter\")))"
    " (core func $get (canon lower (func $h \"[method]counter.get\")))"
    " (core func $take (canon lower (func $h \"take\")))"
    " (core func $both (canon lower (func $h \"both\")))"
    " (core func $drop (canon resource.drop $c))"
    " (core instance $m (instantiate $M (with \"h\" (instance"
    "   (export \"make\" (func $make)) (export \"get\" (func $get)) (export \"take\" (func $take))"
    "   (export \"both\" (func $both)) (export \"drop\" (func $drop))"
    "   (export \"twice\" (func $s \"0\"))))))"
    " (core func $twice (canon lower (func $h \"twice\") (memory (core memory $m \"memory\"))"
    "   (realloc (core func $m \"cabi_realloc\"))))"
    " (core instance (instantiate $F (with \"\" (instance (export \"0\" (func $twice))"
    "   (export \"$imports\" (table $s \"$imports\"))))))"
    " (func (export \"misbehave\") (param \"x\" u32) (canon lift (core func $m \"misbehave\")))"
    " (func (export \"make\") (param \"x\" u32) (result u32) (canon lift (core func $m \"make\")))"
    " (func (export \"fill\") (param \"x\" u32) (canon lift (core func $m \"fill\")))"
    " (func (export \"get\") (param \"x\" u32) (result u32) (canon lift (core func $m \"get\")))"
    " (func (export \"take\") (param \"x\" u32) (result u32) (canon lift (core func $m \"take\")))"
    " (func (export \"both\") (param \"x\" u32) (canon lift (core func $m \"both\")))"
    " (func (export \"drop\") (param \"x\" u32) (canon lift (core func $m \"drop\")))"
    " (func (export \"twice\") (param \"x\" u32) (result u32) (canon lift (core func $m "
    "\"twice\")))"
    " (func (export \"far\") (param \"x\" u32) (result u32) (canon lift (core func $m \"far\")))"
    " (func (export \"write\") (param \"x\" u32) (result u32) (canon lift (core func $m \"write\")"
    "   (post-return (core func $m \"post\"))))"
    " (func (export \"posts\") (param \"x\" u32) (result u32) (canon lift (core func $m "
    "\"posts\")))"
    " (func (export \"bad-post\") (param \"x\" u32) (result u32)"
    "   (canon lift (core func $m \"write\") (post-return (core func $m \"bad-post\"))))"
    " (func (export \"trap\") (param \"x\" u32) (canon lift (core func $m \"trap\"))))";

static void calls_reach_the_host_and_its_objects(void **state)
{
    (void)state;
    struct fixture f;
    fixture_start(&f, guest);
    uint32_t handle = call(&f, "make", 42);
    assert_int_equal(handle, 1);
    assert_int_equal(call(&f, "make", 7), 2);
    assert_int_equal(call(&f, "get", handle), 42);
    assert_int_equal(call(&f, "get", handle), 42);
    assert_int_equal(call(&f, "take", handle), 42);
    assert_int_equal(call(&f, "make", 8), 1);
    call(&f, "drop", 2);
    assert_int_equal(f.drops, 1);
    assert_int_equal(call(&f, "twice", 3), 6000 + 'a');
    fixture_end(&f);
    assert_int_equal(f.drops, 2);
}

static void misuse_of_handles_traps(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t handle;
        const char *text;
    } cases[] = {{"get", 0, "unknown handle index 0"}, {"get", 9, "unknown handle index 9"},
        {"get", UINT32_MAX, "unknown handle index"}, {"take", 2, "unknown handle index 2"},
        {"drop", 2, "unknown handle index 2"}, {"both", 1, "while borrowed"}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct fixture f;
        fixture_start(&f, guest);
        assert_int_equal(call(&f, "make", 42), 1);
        call_traps(&f, cases[i].name, cases[i].handle, cases[i].text);
        call_traps(&f, "make", 1, "cannot enter component instance");
        fixture_end(&f);
    }
}

static void what_a_guest_passes_is_checked(void **state)
{
    (void)state;
    struct fixture f;
    fixture_rewindable(&f, guest);
    call_traps(&f, "twice", 7, "invalid utf-8");
    component_instance_rewind(f.instance);
    call_traps(&f, "far", UINT32_MAX - 2, "out of bounds");
    component_instance_rewind(f.instance);
    call_traps(&f, "far", 2 * 65536 - 3, "out of bounds");
    component_instance_rewind(f.instance);
    assert_int_equal(call(&f, "far", 2 * 65536 - 4), 0);
    fixture_end(&f);
}

static void a_hostile_realloc_is_stopped(void **state)
{
    (void)state;
    struct fixture f;
    fixture_rewindable(&f, guest);
    call(&f, "misbehave", 2);
    call_traps(&f, "twice", 3, "beyond end of memory");
    component_instance_rewind(f.instance);
    call(&f, "misbehave", 3);
    call_traps(&f, "twice", 3, "cannot leave component instance");
    component_instance_rewind(f.instance);
    call(&f, "misbehave", 4);
    call_traps(&f, "twice", 3, "unreachable");
    component_instance_rewind(f.instance);
    call(&f, "misbehave", 1);
    assert_int_equal(call(&f, "twice", 3), 6000 + 'a');
    component_instance_rewind(f.instance);
    assert_int_equal(component_instance_compare(f.instance, &f.err), 0);
    fixture_end(&f);
}

/* Upstream guests free the pointer of an empty string, too: it must be one that realloc gave. */
static void empty_strings_come_from_realloc(void **state)
{
    (void)state;
    struct fixture f;
    fixture_rewindable(&f, guest);
    assert_int_equal(call(&f, "twice", 0), 0);
    call(&f, "misbehave", 4);
    call_traps(&f, "twice", 0, "unreachable");
    fixture_end(&f);
}

static void post_return_runs_once_and_cannot_leave(void **state)
{
    (void)state;
    struct fixture f;
    fixture_rewindable(&f, guest);
    assert_int_equal(call(&f, "posts", 0), 0);
    call(&f, "write", 1);
    call(&f, "write", 1);
    assert_int_equal(call(&f, "posts", 0), 2);
    call_traps(&f, "bad-post", 1, "cannot leave component instance");
    fixture_end(&f);
}

/* The last object has no handle that a rewind could drop. */
static void what_has_no_handle_is_dropped(void **state)
{
    (void)state;
    struct fixture f;
    fixture_rewindable(&f, guest);
    call(&f, "fill", LIMIT_HANDLES);
    assert_int_equal(f.drops, 0);
    call_traps(&f, "make", 1, "too many handles");
    assert_int_equal(f.drops, 1);
    component_instance_rewind(f.instance);
    assert_int_equal(f.drops, LIMIT_HANDLES + 1);
    fixture_end(&f);
}

static void rewinding_makes_everything_new(void **state)
{
    (void)state;
    struct fixture f;
    fixture_rewindable(&f, guest);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call(&f, "write", 5), 5);
        assert_int_equal(call(&f, "write", 5), 10);
        assert_int_equal(call(&f, "make", 1), 1);
        assert_int_equal(call(&f, "make", 1), 2);
        assert_int_equal(component_instance_compare(f.instance, &f.err), -1);
        error_release(&f.err);
        if (i == 1)
            call_traps(&f, "trap", 0, "unreachable");
        component_instance_rewind(f.instance);
        assert_int_equal(f.drops, 2 * (i + 1));
        assert_int_equal(component_instance_compare(f.instance, &f.err), 0);
    }
    fixture_end(&f);
}

static void an_image_needs_all_handles_closed(void **state)
{
    (void)state;
    struct fixture f;
    fixture_start(&f, guest);
    call(&f, "make", 1);
    assert_int_equal(component_image(f.instance, &f.image, &f.err), -1);
    error_release(&f.err);
    call(&f, "drop", 1);
    assert_int_equal(component_image(f.instance, &f.image, &f.err), 0);
    fixture_end(&f);
}

static void the_linker_sees_through_the_shim(void **state)
{
    (void)state;
    struct fixture f;
    fixture_rewindable(&f, guest);
    /* The steps are shim, main, fixups; `twice` is main's last imported function. */
    struct wasm_instance *main = component_core_instance(f.instance, 1);
    assert_non_null(main->imports[5]->host);
    assert_null(component_core_instance(f.instance, 3));
    assert_int_equal(call(&f, "twice", 2), 4000 + 'b');
    fixture_end(&f);
}

static void the_embedder_gives_handles(void **state)
{
    (void)state;
    struct fixture f;
    struct counter mine = {.value = 77};
    uint32_t handle;
    fixture_start(&f, guest);
    assert_int_equal(component_instance_give(f.instance, &counter_resource, &mine, &handle), 0);
    assert_int_equal(call(&f, "get", handle), 77);
    call(&f, "drop", handle);
    assert_true(mine.dropped);
    fixture_end(&f);
}

static const char starter[] =
    "(component"
    " (import \"test:host/counters@0.2.0\" (instance $h"
    "   (export \"counter\" (type $c (sub resource)))"
    "   (export \"[constructor]counter\" (func (param \"value\" u32) (result (own $c))))))"
    " (core func $make (canon lower (func $h \"[constructor]counter\")))"
    " (core module $M (import \"\" \"make\" (func $make (param i32) (result i32)))"
    "  (func $go (drop (call $make (i32.const 5)))) (start $go))"
    " (core instance (instantiate $M (with \"\" (instance (export \"make\" (func $make)))))))";

static void start_functions_may_call_a_host_that_is_there(void **state)
{
    (void)state;
    struct fixture f;
    unsigned drops = 0;
    assert_int_equal(fixture_link(&f, starter), 0);
    assert_int_equal(component_instantiate(f.program, NULL, &f.instance, &f.trap, &f.err), -1);
    assert_int_equal(f.err.kind, ERROR_TRAP);
    assert_non_null(strstr(f.trap.detail, "before there is a host"));
    error_release(&f.err);
    assert_int_equal(
        component_instantiate_with(f.program, NULL, &drops, &f.instance, &f.trap, &f.err), 0);
    fixture_end(&f);
    assert_int_equal(drops, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_reach_the_host_and_its_objects),
        cmocka_unit_test(misuse_of_handles_traps),
        cmocka_unit_test(what_a_guest_passes_is_checked),
        cmocka_unit_test(a_hostile_realloc_is_stopped),
        cmocka_unit_test(empty_strings_come_from_realloc),
        cmocka_unit_test(post_return_runs_once_and_cannot_leave),
        cmocka_unit_test(what_has_no_handle_is_dropped),
        cmocka_unit_test(rewinding_makes_everything_new),
        cmocka_unit_test(an_image_needs_all_handles_closed),
        cmocka_unit_test(the_linker_sees_through_the_shim),
        cmocka_unit_test(the_embedder_gives_handles),
        cmocka_unit_test(start_functions_may_call_a_host_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
