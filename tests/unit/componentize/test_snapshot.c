/* A module written down with an instance's memory and globals is the same program, further on. */
#include "../wasm/guest.h"

#include "componentize/snapshot.h"

static const char text[] =
    "(module (memory (export \"m\") 1 4)"
    " (global $i (mut i32) (i32.const 1)) (global $l (mut i64) (i64.const 2))"
    " (global $f (mut f32) (f32.const 3)) (global $d (mut f64) (f64.const 4))"
    " (global $c i32 (i32.const 5)) (global $r (mut funcref) (ref.null func))"
    " (table 1 funcref) (elem (i32.const 0) $get)"
    " (data (i32.const 8) \"first\") (start $begin)"
    " (func $begin (global.set $i (i32.add (global.get $i) (i32.const 10))))"
    " (func (export \"work\")"
    "  (drop (memory.grow (i32.const 1)))"
    "  (global.set $i (i32.const -7)) (global.set $l (i64.const -8589934593))"
    "  (global.set $f (f32.const -0.5)) (global.set $d (f64.const 1e300))"
    "  (i64.store (i32.const 70000) (i64.const -1)) (i32.store8 (i32.const 131071) (i32.const 9))"
    "  (i32.store8 (i32.const 9) (i32.const 0)))"
    " (func $get (export \"get\") (result i32) (global.get $i))"
    " (func (export \"long\") (result i64) (global.get $l))"
    " (func (export \"float\") (result f32) (global.get $f))"
    " (func (export \"double\") (result f64) (global.get $d))"
    " (func (export \"at\") (param i32) (result i32) (i32.load8_u (local.get 0))))";

/* The module of a snapshot, running. */
struct again {
    struct guest_module guest;
    struct wasm_store *store;
    struct wasm_instance *instance;
};

static void write_down(
    const struct guest_module *g, const struct wasm_instance *instance, struct again *ret)
{
    struct error err = ERROR_INIT;
    *ret = (struct again){.guest = {.arena = ARENA_INIT(256 * MIB), .bytes = BUF_INIT(64 * MIB)}};
    struct guest_module *next = &ret->guest;
    assert_ok(componentize_snapshot(g->module, instance, &next->bytes, &err), &err);
    assert_ok(wasm_decode(buf_str(&next->bytes), &next->arena, &next->module, &err), &err);
    assert_ok(wasm_validate(next->module, &err), &err);
    assert_ok(wasm_code_interpret(next->module, &next->code, &err), &err);
    ret->store = guest_store(NULL);
    ret->instance = guest_instantiate(next, ret->store, NULL);
}

static void again_release(struct again *again)
{
    wasm_store_free(again->store);
    guest_module_release(&again->guest);
}

static union wasm_value result_of(
    const struct wasm_instance *instance, const char *name, uint32_t argument)
{
    union wasm_value slots[2] = {{.i32 = argument}};
    assert_int_equal(guest_call(instance, name, slots), WASM_TRAP_NONE);
    return slots[0];
}

struct fixture {
    struct guest_module g;
    struct wasm_store *store;
    struct wasm_instance *instance;
    struct again again;
};

/* Runs `work`, then writes down. */
static void begin(struct fixture *f)
{
    guest_module_init(&f->g, text, WASM_TIER_INTERPRETER, false);
    f->store = guest_store(NULL);
    f->instance = guest_instantiate(&f->g, f->store, NULL);
    union wasm_value slots[1] = {{0}};
    assert_int_equal(guest_call(f->instance, "work", slots), WASM_TRAP_NONE);
    write_down(&f->g, f->instance, &f->again);
}

static void end(struct fixture *f)
{
    again_release(&f->again);
    wasm_store_free(f->store);
    guest_module_release(&f->g);
}

static void globals_have_their_present_values(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal((int32_t)result_of(f.again.instance, "get", 0).i32, -7);
    assert_int_equal((int64_t)result_of(f.again.instance, "long", 0).i64, -8589934593);
    assert_int_equal(result_of(f.again.instance, "float", 0).f32, 0xbf000000);
    assert_int_equal(result_of(f.again.instance, "double", 0).f64, 0x7e37e43c8800759c);
    assert_int_equal(f.again.guest.module->globals[4].is_mutable, false);
    end(&f);
}

static void memory_has_its_present_size_and_contents(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    const struct wasm_memory *old = f.instance->memories[0], *new = f.again.instance->memories[0];
    assert_int_equal(new->size, 2 * WASM_PAGE);
    assert_int_equal(new->type.max, 4);
    assert_memory_equal(new->base, old->base, old->size);
    assert_int_equal(result_of(f.again.instance, "at", 9).i32, 0);
    assert_int_equal(result_of(f.again.instance, "at", 131071).i32, 9);
    end(&f);
}

/* "f", a zero, "rst" are one segment; the stores far apart two more. */
static void zeros_are_left_out(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    const struct wasm_module *m = f.again.guest.module;
    assert_int_equal(m->data_count, 3);
    assert_int_equal(m->datas[0].bytes.len, 5);
    assert_int_equal(m->datas[1].bytes.len, 8);
    assert_int_equal(m->datas[2].bytes.len, 1);
    assert_false(m->has_start);
    end(&f);
}

static void the_code_key_stays(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    /* The start section is in the key, so the comparison is with a second writing. */
    struct again twice;
    write_down(&f.again.guest, f.again.instance, &twice);
    struct wasm_translate_options options = {0};
    uint8_t first[SHA256_SIZE], second[SHA256_SIZE];
    wasm_code_key(f.again.guest.module, &options, first);
    wasm_code_key(twice.guest.module, &options, second);
    assert_memory_equal(first, second, SHA256_SIZE);
    assert_int_equal(twice.guest.bytes.len, f.again.guest.bytes.len);
    assert_memory_equal(twice.guest.bytes.data, f.again.guest.bytes.data, f.again.guest.bytes.len);
    again_release(&twice);
    end(&f);
}

static void what_it_does_not_work_for_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "(module)",
        "(module (memory 1) (data \"passive\"))",
    };
    for (size_t i = 0; i < countof(texts); i++) {
        struct guest_module g;
        struct error err = ERROR_INIT;
        struct buf out = BUF_INIT(MIB);
        guest_module_init(&g, texts[i], WASM_TIER_INTERPRETER, false);
        struct wasm_store *store = guest_store(NULL);
        struct wasm_instance *instance = guest_instantiate(&g, store, NULL);
        assert_int_equal(componentize_snapshot(g.module, instance, &out, &err), -1);
        assert_int_equal(err.kind, ERROR_UNSUPPORTED);
        error_release(&err);
        buf_release(&out);
        wasm_store_free(store);
        guest_module_release(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globals_have_their_present_values),
        cmocka_unit_test(memory_has_its_present_size_and_contents),
        cmocka_unit_test(zeros_are_left_out),
        cmocka_unit_test(the_code_key_stays),
        cmocka_unit_test(what_it_does_not_work_for_is_refused),
    };
    return cmocka_run_group_tests(tests, guest_setup, guest_teardown);
}
